//! BMP as browsers read it: headers of Windows and OS/2, up to 32 bits per pixel, run-length encoding, and alpha.
//!
//! `image` has a decoder, too, but it knows neither OS/2's second header nor its run-length encoding, and reads alpha only from
//! files that also have masks for the colours.

use image::{Rgb, RgbImage};

use super::{Error, Format, pixels::over_white};

/// Offset of the picture's header, which follows the file's.
const HEADER: usize = 14;

// Values of the header's field `compression`. In OS/2's files of 1 and 24 bits, 3 and 4 have another meaning.
const RUNS_OF_8_BITS: u32 = 1;
const RUNS_OF_4_BITS: u32 = 2;
const MASKS: u32 = 3;
const RUNS_OF_24_BITS: u32 = 4;
const MASKS_WITH_ALPHA: u32 = 6;

/// Width and height in pixels, by the header.
pub fn size(file: &[u8]) -> Option<(u32, u32)> {
    if long(file, HEADER)? == 12 {
        Some((short(file, HEADER + 4)?.into(), short(file, HEADER + 6)?.into()))
    } else {
        // A negative height means that the rows are stored top down.
        Some((
            long(file, HEADER + 4)?.cast_signed().unsigned_abs(),
            long(file, HEADER + 8)?.cast_signed().unsigned_abs(),
        ))
    }
}

/// The picture, transparent parts on white. Its size must have been checked.
///
/// # Errors
///
/// [`Error::Damaged`], also if pixels are missing, and [`Error::Rare`] for other compressions.
pub fn decode(file: &[u8]) -> Result<RgbImage, Error> {
    let header =
        Header::read(file).ok_or_else(|| damaged("its header is cut short or contradicts itself"))?;
    match (header.compression, header.bits) {
        (RUNS_OF_8_BITS, 1..=8) => header.read_runs::<8>(file),
        (RUNS_OF_4_BITS, 1..=4) => header.read_runs::<4>(file),
        (RUNS_OF_24_BITS, 24) if !file[header.data..].starts_with(&[0xFF, 0xD8, 0xFF]) => {
            header.read_runs::<24>(file)
        }
        (0, 1 | 2 | 4 | 8) => header.read_rows(file, header.indexed()),
        (0, 16 | 24 | 32) | (MASKS | MASKS_WITH_ALPHA, 16 | 32) => {
            let masked = header.masked().ok_or_else(|| damaged("its masks overlap or have gaps"))?;
            header.read_rows(file, masked)
        }
        (compression, bits) => {
            let detail = format!("compression {compression} with {bits} bits a pixel");
            Err(Error::Rare { format: Format::Bmp, detail })
        }
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { format: Format::Bmp, detail: detail.into() }
}

struct Header {
    width: usize,
    height: usize,
    is_top_down: bool,
    bits: usize,
    compression: u32,
    /// Masks of red, green, blue and alpha in a pixel of 16, 24 or 32 bits.
    masks: [u32; 4],
    palette: Vec<[u8; 3]>,
    /// Offset of the pixels in the file.
    data: usize,
}

impl Header {
    fn read(file: &[u8]) -> Option<Self> {
        let header_size = long(file, HEADER)?;
        let end = HEADER + header_size as usize;
        let (width, height) = size(file)?;
        let is_oldest = header_size == 12;
        let bits = short(file, HEADER + if is_oldest { 10 } else { 14 })?.into();
        let optional =
            |at: usize| if at + 4 <= header_size as usize { long(file, HEADER + at) } else { Some(0) };
        let compression = optional(16)?;
        let colours = match bits {
            0..=8 => {
                let most = 1 << bits;
                let used = optional(32)? as usize;
                if used == 0 { most } else { used.min(most) }
            }
            _ => 0,
        };
        let entry = if is_oldest { 3 } else { 4 };
        let data = match long(file, 10)? as usize {
            0 => end + entry * colours,
            data => data,
        };
        let palette = file.get(end..data.min(file.len())).unwrap_or_default();
        let palette = palette.chunks_exact(entry).take(colours).map(|bgr| [bgr[2], bgr[1], bgr[0]]).collect();
        Some(Self {
            width: width as usize,
            height: height as usize,
            is_top_down: !is_oldest && long(file, HEADER + 8)?.cast_signed() < 0,
            bits,
            compression,
            masks: masks(file, header_size, compression, bits)?,
            palette,
            data: (end..=file.len()).contains(&data).then_some(data)?,
        })
    }

    /// Reads an uncompressed picture. `pixel`: the colour at an index of a row's bytes.
    fn read_rows(&self, file: &[u8], pixel: impl Fn(&[u8], usize) -> [u8; 3]) -> Result<RgbImage, Error> {
        let rows = self.rows(file).ok_or_else(|| damaged("pixels are missing"))?;
        let mut picture = RgbImage::new(self.width as u32, self.height as u32);
        for (row, bytes) in rows.enumerate() {
            for x in 0..self.width {
                picture.put_pixel(x as u32, self.y(row), Rgb(pixel(bytes, x)));
            }
        }
        Ok(picture)
    }

    /// The bytes of each row, in the file's order; `None` if some are missing.
    fn rows<'a>(&self, file: &'a [u8]) -> Option<impl Iterator<Item = &'a [u8]>> {
        let used = (self.width * self.bits).div_ceil(8);
        let stride = used.next_multiple_of(4);
        let (data, height) = (&file[self.data..], self.height);
        let needed = stride.checked_mul(height.checked_sub(1)?)?.checked_add(used)?;
        (data.len() >= needed).then(|| (0..height).map(move |row| &data[row * stride..][..used]))
    }

    /// The picture's row that is stored as this row of the file.
    fn y(&self, row: usize) -> u32 {
        (if self.is_top_down { row } else { self.height - 1 - row }) as u32
    }

    /// A colour of the palette; black if it has no such index.
    fn colour(&self, index: usize) -> [u8; 3] {
        self.palette.get(index).copied().unwrap_or_default()
    }

    /// Reads pixels of 1, 2, 4 or 8 bits, which are indices of the palette.
    fn indexed(&self) -> impl Fn(&[u8], usize) -> [u8; 3] {
        let a_byte = 8 / self.bits;
        move |row, x| {
            let shift = 8 - self.bits * (x % a_byte + 1);
            self.colour(usize::from(row[x / a_byte]) >> shift & ((1 << self.bits) - 1))
        }
    }

    /// Reads pixels of 16, 24 or 32 bits. `None` if their masks overlap or have gaps.
    fn masked(&self) -> Option<impl Fn(&[u8], usize) -> [u8; 3]> {
        let bytes = self.bits / 8;
        let masks = self.masks.map(|mask| mask & u32::MAX >> (32 - self.bits));
        if masks.iter().map(|mask| mask.count_ones()).sum::<u32>()
            != masks.iter().fold(0, |all, mask| all | mask).count_ones()
        {
            return None;
        }
        let [Some(red), Some(green), Some(blue), Some(alpha)] = masks.map(Channel::of) else { return None };
        Some(move |row: &[u8], x| {
            let mut pixel = [0; 4];
            pixel[..bytes].copy_from_slice(&row[x * bytes..][..bytes]);
            let pixel = u32::from_le_bytes(pixel);
            let colour = [red, green, blue].map(|channel| channel.read(pixel));
            if alpha.mask == 0 { colour } else { over_white(colour, alpha.read(pixel)) }
        })
    }

    /// Reads a run-length encoded picture of `BITS` bits per pixel. Skipped pixels are black.
    fn read_runs<const BITS: usize>(&self, file: &[u8]) -> Result<RgbImage, Error> {
        let mut data = &file[self.data..];
        let mut picture = RgbImage::new(self.width as u32, self.height as u32);
        let (mut x, mut row) = (0, 0);
        while row < self.height {
            let mut take =
                |count: usize| data.split_off(..count).ok_or_else(|| damaged("pixels are missing"));
            let (count, second) = (usize::from(take(1)?[0]), take(1)?[0]);
            // A number of pixels with a colour each (step 1), or all with the same (step 0; of 4 bits, two in turns).
            let (count, colours, step) = match (count, second) {
                (0, 0) => {
                    (x, row) = (0, row + 1);
                    continue;
                }
                (0, 1) => break,
                (0, 2) => {
                    (x, row) = (x + usize::from(take(1)?[0]), row + usize::from(take(1)?[0]));
                    continue;
                }
                (0, count) => {
                    let bytes = (usize::from(count) * BITS).div_ceil(8);
                    // Padded to an even number of bytes.
                    (usize::from(count), take(bytes.next_multiple_of(2))?.to_vec(), 1)
                }
                _ if BITS == 24 => (count, [&[second], take(2)?].concat(), 0),
                _ => (count, vec![second], 0),
            };
            for number in 0..count.min(self.width.saturating_sub(x)) {
                let at = number * step;
                let colour = match BITS {
                    24 => [colours[3 * at + 2], colours[3 * at + 1], colours[3 * at]],
                    8 => self.colour(colours[at].into()),
                    _ => self.colour((colours[at / 2] >> (4 * (1 - number % 2)) & 15).into()),
                };
                picture.put_pixel((x + number) as u32, self.y(row), Rgb(colour));
            }
            x += count;
        }
        Ok(picture)
    }
}

/// See [`Header::masks`].
fn masks(file: &[u8], header: u32, compression: u32, bits: usize) -> Option<[u32; 4]> {
    // They are in the header or, if that is too small, behind it.
    let stated = |number: usize| long(file, HEADER + 40 + 4 * number);
    let [red, green, blue] = match (compression, bits) {
        (MASKS | MASKS_WITH_ALPHA, 16 | 32) => [stated(0)?, stated(1)?, stated(2)?],
        (_, 16) => [0x7C00, 0x3E0, 0x1F],
        _ => [0xFF_0000, 0xFF00, 0xFF],
    };
    let has_alpha = match compression {
        // The alpha mask counts even though the others do not.
        0 => bits == 32 && matches!(header, 108 | 124),
        MASKS => bits != 1 && matches!(header, 56 | 108 | 124),
        MASKS_WITH_ALPHA => true,
        _ => false,
    };
    Some([red, green, blue, if has_alpha { stated(3)? } else { 0 }])
}

/// The bits of a pixel that make up one colour.
#[derive(Clone, Copy)]
struct Channel {
    mask: u32,
    shift: u32,
    /// The largest value.
    most: u32,
}

impl Channel {
    /// `None` if the mask has gaps. A mask without bits gives 0 everywhere.
    fn of(mask: u32) -> Option<Self> {
        let bits = mask.count_ones();
        let first = mask.trailing_zeros();
        if bits > 0 && mask >> first != u32::MAX >> (32 - bits) {
            return None;
        }
        // Only the highest eight bits are used.
        let shift = if bits == 0 { 0 } else { first + bits.saturating_sub(8) };
        Some(Self { mask, shift, most: (1 << bits.min(8)) - 1 })
    }

    fn read(self, pixel: u32) -> u8 {
        let value = (pixel & self.mask) >> self.shift;
        ((value * 255 + self.most / 2) / self.most.max(1)) as u8
    }
}

fn short(file: &[u8], at: usize) -> Option<u16> {
    file.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn long(file: &[u8], at: usize) -> Option<u32> {
    file.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

//! A large JPEG with one pixel for each of its blocks of 8 × 8: the block's mean.
//!
//! The mean is the first of a block's 64 coefficients (DC). The others (AC) are codes one after the other, each as long as
//! it happens to be, so they have to be read, but only as far as to know where the next begins; nothing is made of them.
//! For a phone's photo of 12 megapixels that takes the browser half the time of `jpeg-decoder`, which puts all 64 together
//! before it makes the same picture: 40 ms instead of 80 to 100, beside a network that takes 45. What is rare is left to
//! `jpeg-decoder`: [`of_blocks`] returns nothing then.
//!
//! Annexes and tables are those of the standard, ITU-T T.81 (ISO/IEC 10918-1).

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8,
};
use image::RgbImage;

/// The picture as stored (not turned), `[width / 8, height / 8]` pixels, rounded up.
///
/// Of a picture that loads progressively only the scans of its means are read. `None` if it is damaged or cut short, not
/// of 8 bits, neither grey nor YCbCr, or coded arithmetically or without loss.
pub fn of_blocks(file: &[u8]) -> Option<RgbImage> {
    let mut tables = Tables::default();
    let mut frame: Option<Frame> = None;
    let mut at = 2; // after the marker that every JPEG begins with
    loop {
        let marker = next_marker(file, &mut at)?;
        if marker == END {
            return frame?.picture();
        }
        let length = usize::from(u16::from_be_bytes(file.get(at..at + 2)?.try_into().ok()?));
        let segment = file.get(at + 2..at + length)?;
        at += length;
        match marker {
            0xC0..=0xC2 if frame.is_none() => frame = Some(Frame::new(segment, marker == 0xC2)?),
            0xC4 => tables.read_codes(segment)?,
            // The other frames, and coding conditions of arithmetic codes.
            0xC0..=0xCF | 0xDC | 0xDE | 0xDF => return None,
            0xDA => {
                let frame = frame.as_mut()?;
                frame.read_scan(segment, &tables, file, &mut at)?;
                // Of what follows, nothing is of use.
                if !frame.progressive && frame.components.iter().all(|component| component.factor.is_some()) {
                    return frame.picture();
                }
            }
            0xDB => tables.read_factors(segment)?,
            0xDD => tables.interval = u16::from_be_bytes(segment.try_into().ok()?).into(),
            // Adobe's segment says how colours are stored: 1 is YCbCr, and so is what has no such segment.
            0xEE if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
            _ => {}
        }
    }
}

const END: u8 = 0xD9;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;

/// Leaves `at` behind the next marker (B.1.1.2), which may have any number of 0xFF before it.
fn next_marker(file: &[u8], at: &mut usize) -> Option<u8> {
    if file.get(*at) != Some(&0xFF) {
        return None;
    }
    let marker = file[*at..].iter().position(|&byte| byte != 0xFF)? + *at;
    *at = marker + 1;
    Some(file[marker])
}

/// What scans refer to by number.
#[derive(Default)]
struct Tables {
    /// Of means, and of how far to go for the other coefficients.
    means: [Option<Codes>; 4],
    steps: [Option<Codes>; 4],
    /// The means' factor of quantisation.
    factors: [Option<i32>; 4],
    /// MCUs from one restart to the next, 0 for none.
    interval: usize,
}

impl Tables {
    /// B.2.4.2.
    fn read_codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let count = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            segment = rest;
            let number = usize::from(kind & 15);
            match kind >> 4 {
                0 => {
                    *self.means.get_mut(number)? = Some(Codes::new(counts, symbols, |length, size| {
                        (size <= 11).then_some(Step { bits: length, value: size })
                    })?);
                }
                1 => *self.steps.get_mut(number)? = Some(Codes::new(counts, symbols, Step::over)?),
                _ => return None,
            }
        }
        Some(())
    }

    /// B.2.4.1.
    fn read_factors(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let wide = kind >> 4 == 1;
            let (factors, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            segment = rest;
            let first = if wide { u16::from_be_bytes([factors[0], factors[1]]) } else { factors[0].into() };
            *self.factors.get_mut(usize::from(kind & 15))? = Some(first.into());
        }
        Some(())
    }
}

/// What a code stands for.
#[derive(Clone, Copy, Default)]
struct Step {
    /// How many to go on; 0 for what is no code.
    bits: u8,
    /// Of a mean, how many bits its difference has, which follow. Of another coefficient, how many coefficients to go on.
    value: u8,
}

/// Beyond the 64th coefficient, wherever the code stands.
const BLOCK_ENDS: u8 = 128;

impl Step {
    /// Over a coefficient other than the mean, with the zeros before it (F.1.2.2.1).
    fn over(length: u8, symbol: u8) -> Option<Self> {
        let (zeros, size) = (symbol >> 4, symbol & 15);
        Some(match (zeros, size) {
            (0, 0) => Self { bits: length, value: BLOCK_ENDS },
            (15, 0) => Self { bits: length, value: 16 },
            // Of pictures that load progressively, in scans that are passed over.
            (_, 0) => Self::default(),
            _ => Self { bits: length + size, value: zeros + 1 },
        })
    }
}

/// Huffman's codes, found by their first bits.
struct Codes {
    /// By the next [`SHORT`] bits; no bits to go on where the code is longer.
    short: Box<[Step; 1 << SHORT]>,
    /// The longer ones, in order of their 16 bits, which are filled up with zeros.
    long: Vec<(u16, Step)>,
    /// The first 16 bits after the last code.
    end: u32,
}

/// Longer codes are rare. Two bytes for each of these fit into the fastest memory of a processor.
const SHORT: u8 = 10;

impl Codes {
    /// From the number of codes of 1, 2, ... 16 bits and their symbols (C.2).
    fn new(counts: &[u8; 16], symbols: &[u8], step: impl Fn(u8, u8) -> Option<Step>) -> Option<Self> {
        let mut short = Box::new([Step::default(); 1 << SHORT]);
        let mut long = Vec::new();
        let mut end = 0u32;
        let mut symbols = symbols.iter();
        for (length, &count) in (1u8..).zip(counts) {
            let width = 1u32 << (16 - length);
            for &symbol in symbols.by_ref().take(count.into()) {
                let step = step(length, symbol).unwrap_or_default();
                let begin = end;
                end += width;
                if end > 1 << 16 {
                    return None;
                }
                if length <= SHORT {
                    let unused = 16 - SHORT;
                    short[(begin >> unused) as usize..(end >> unused) as usize].fill(step);
                } else {
                    long.push((begin as u16, step));
                }
            }
        }
        Some(Self { short, long, end })
    }

    /// By the first bits of these 64.
    #[inline(always)]
    fn find(&self, window: u64) -> Option<Step> {
        let step = self.short[(window >> (64 - SHORT)) as usize];
        if step.bits > 0 { Some(step) } else { self.find_long((window >> 48) as u16) }
    }

    #[cold]
    fn find_long(&self, bits: u16) -> Option<Step> {
        let behind = self.long.partition_point(|&(begin, _)| begin <= bits);
        let (_, step) = *self.long.get(behind.checked_sub(1)?)?;
        (u32::from(bits) < self.end && step.bits > 0).then_some(step)
    }
}

/// The codes from one marker to the next.
struct Bits<'a> {
    /// Without the zeros that stand behind bytes 0xFF, but with some at the end, to be read ahead.
    bytes: &'a [u8],
    at: usize,
    /// The next bits, highest first.
    window: u64,
    held: u32,
}

/// As many zero bytes follow the codes as may be read ahead, and a few more.
const AHEAD: usize = 16;

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, window: 0, held: 0 }
    }

    /// Sees to it that there are 32 bits at least: no code with what belongs to it has more.
    #[inline(always)]
    fn fill(&mut self) -> Option<()> {
        if self.held < 32 {
            let next = u32::from_be_bytes(self.bytes.get(self.at..self.at + 4)?.try_into().ok()?);
            self.window |= u64::from(next) << (32 - self.held);
            self.held += 32;
            self.at += 4;
        }
        Some(())
    }

    #[inline(always)]
    fn skip(&mut self, bits: u8) {
        self.window <<= bits;
        self.held -= u32::from(bits);
    }

    #[inline(always)]
    fn take(&mut self, bits: u8) -> i32 {
        // Two shifts, since one by 64 is none.
        let value = (self.window >> 1 >> (63 - bits)) as i32;
        self.skip(bits);
        value
    }

    /// How far the mean is from the last one (F.2.2.1).
    fn difference(&mut self, codes: &Codes) -> Option<i32> {
        self.fill()?;
        let Step { bits, value: size } = codes.find(self.window)?;
        self.skip(bits);
        let value = self.take(size);
        let negative = size > 0 && value < 1 << (size - 1);
        Some(if negative { value - (1 << size) + 1 } else { value })
    }

    /// Over the 63 other coefficients.
    #[inline(always)]
    fn skip_block(&mut self, codes: &Codes) -> Option<()> {
        let mut coefficient = 1;
        while coefficient < 64 {
            self.fill()?;
            let Step { bits, value } = codes.find(self.window)?;
            self.skip(bits);
            coefficient += value;
        }
        (coefficient == 64 || coefficient >= BLOCK_ENDS).then_some(())
    }

    /// Whether it ends among the codes, not after them.
    fn is_within(&self) -> bool {
        self.at * 8 - self.held as usize <= (self.bytes.len() - AHEAD) * 8
    }
}

/// B.2.2.
struct Frame {
    progressive: bool,
    width: usize,
    height: usize,
    components: Vec<Component>,
    /// Of all components the largest.
    most_columns: usize,
    most_rows: usize,
}

struct Component {
    id: u8,
    /// Blocks in an MCU.
    columns: usize,
    rows: usize,
    table: usize,
    /// The means' factor of quantisation, known with their first scan.
    factor: Option<i32>,
    /// Of whole MCUs.
    means: Vec<i16>,
    across: usize,
    /// The part of them that the picture covers, in blocks, rounded up.
    width: usize,
    height: usize,
}

impl Frame {
    fn new(segment: &[u8], progressive: bool) -> Option<Self> {
        let (&[depth, h1, h0, w1, w0, count], components) = segment.split_first_chunk::<6>()?;
        let [width, height] = [[w1, w0], [h1, h0]].map(|length| usize::from(u16::from_be_bytes(length)));
        if depth != 8 || width == 0 || height == 0 || !matches!(count, 1 | 3) {
            return None;
        }
        let (components, []) = components.as_chunks::<3>() else { return None };
        if components.len() != usize::from(count) || components.iter().map(|c| c[0]).eq(*b"RGB") {
            return None;
        }
        let sampling = |factors: u8| (usize::from(factors >> 4), usize::from(factors & 15));
        let most = |of: fn((usize, usize)) -> usize| components.iter().map(|c| of(sampling(c[1]))).max();
        let (most_columns, most_rows) = (most(|(columns, _)| columns)?, most(|(_, rows)| rows)?);
        let components = components
            .iter()
            .map(|&[id, factors, table]| {
                let (columns, rows) = sampling(factors);
                if !(1..=4).contains(&columns) || !(1..=4).contains(&rows) || table > 3 {
                    return None;
                }
                let across = width.div_ceil(8 * most_columns) * columns;
                let down = height.div_ceil(8 * most_rows) * rows;
                Some(Component {
                    id,
                    columns,
                    rows,
                    table: table.into(),
                    factor: None,
                    means: vec![0; across * down],
                    across,
                    width: (width * columns).div_ceil(most_columns).div_ceil(8),
                    height: (height * rows).div_ceil(most_rows).div_ceil(8),
                })
            })
            .collect::<Option<_>>()?;
        Some(Self { progressive, width, height, components, most_columns, most_rows })
    }

    /// Reads the means from a scan (B.2.3), of which `at` is the first code, and leaves `at` at the marker behind it.
    fn read_scan(&mut self, segment: &[u8], tables: &Tables, file: &[u8], at: &mut usize) -> Option<()> {
        let (&count, segment) = segment.split_first()?;
        let (chosen, &[first, last, precision]) = segment.split_at_checked(2 * usize::from(count))? else {
            return None;
        };
        // The range of coefficients, the bits that an earlier scan left out, and those that this one leaves out.
        let mode = match (self.progressive, first, last, precision >> 4, precision & 15) {
            (false, 0, 63, 0, 0) => Mode::Whole,
            (true, 0, 0, 0, low @ ..=13) => Mode::Means { low },
            (true, 0, 0, _, low @ ..=13) => Mode::Bit { low },
            (true, 1.., ..) => return pass_over(file, at),
            _ => return None,
        };
        let mut parts = Vec::new();
        for choice in chosen.chunks_exact(2) {
            let index = self.components.iter().position(|component| component.id == choice[0])?;
            let component = &mut self.components[index];
            if component.factor.is_some() != matches!(mode, Mode::Bit { .. }) {
                return None;
            }
            component.factor = tables.factors[component.table];
            component.factor?;
            let [means, steps] = [choice[1] >> 4, choice[1] & 15].map(usize::from);
            let means = tables.means.get(means)?.as_ref();
            let steps = tables.steps.get(steps)?.as_ref();
            parts.push(Part { component: index, means, steps, last: 0 });
        }
        if parts.is_empty() {
            return None;
        }
        // What is alone in its scan has MCUs of a single block, and only those that the picture covers (A.2.2).
        let alone = match &parts[..] {
            [part] => {
                Some(&self.components[part.component]).map(|component| (component.width, component.height))
            }
            _ => None,
        };
        let (across, down) = alone.unwrap_or((
            self.width.div_ceil(8 * self.most_columns),
            self.height.div_ceil(8 * self.most_rows),
        ));
        let mut codes = Vec::new();
        let interval = if tables.interval > 0 { tables.interval } else { usize::MAX };
        for (restart, begin) in (0..across * down).step_by(interval).enumerate() {
            if restart > 0 && next_marker(file, at)? != RESTARTS.start() + ((restart - 1) % 8) as u8 {
                return None;
            }
            codes_until_marker(file, at, &mut codes);
            let mut bits = Bits::new(&codes);
            parts.iter_mut().for_each(|part| part.last = 0);
            for mcu in begin..(across * down).min(begin.saturating_add(interval)) {
                let (column, row) = (mcu % across, mcu / across);
                for part in &mut parts {
                    let component = &mut self.components[part.component];
                    let (columns, rows) =
                        if alone.is_some() { (1, 1) } else { (component.columns, component.rows) };
                    let first = row * rows * component.across + column * columns;
                    for row in 0..rows {
                        let begin = first + row * component.across;
                        for mean in &mut component.means[begin..begin + columns] {
                            part.read(&mut bits, mode, mean)?;
                        }
                    }
                }
            }
            if !bits.is_within() {
                return None;
            }
        }
        Some(())
    }

    /// `None` if a component has had no scan.
    fn picture(&self) -> Option<RgbImage> {
        let (width, height) = (self.width.div_ceil(8) as u32, self.height.div_ceil(8) as u32);
        let planes: Vec<_> = self
            .components
            .iter()
            .map(|component| {
                component.plane(
                    width,
                    height,
                    [(component.columns, self.most_columns), (component.rows, self.most_rows)],
                )
            })
            .collect::<Option<_>>()?;
        let mut picture = RgbImage::new(width, height);
        match &planes[..] {
            [grey] => picture.pixels_mut().zip(grey).for_each(|(pixel, &grey)| pixel.0 = [grey; 3]),
            [y, cb, cr] => {
                for (((pixel, &y), &cb), &cr) in picture.pixels_mut().zip(y).zip(cb).zip(cr) {
                    let [y, cb, cr] = [f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0];
                    // JFIF 1.02, "Conversion to and from RGB". What is over 255 or under 0 becomes that.
                    pixel.0 = [y + 1.402 * cr, y - 0.34414 * cb - 0.71414 * cr, y + 1.772 * cb]
                        .map(|value| (value + 0.5) as u8);
                }
            }
            _ => unreachable!("one or three components"),
        }
        Some(picture)
    }
}

impl Component {
    /// One value for each of the picture's pixels. `sampling`: the component's share of the picture's columns and rows.
    fn plane(&self, width: u32, height: u32, sampling: [(usize, usize); 2]) -> Option<Vec<u8>> {
        let factor = self.factor?;
        // A mean is eight times as large as the pixels', without their 128 (A.3.3).
        let pixels: Vec<u8> = self
            .means
            .iter()
            .map(|&mean| {
                (i32::from(mean).saturating_mul(factor).saturating_add(8 * 128 + 4) >> 3).clamp(0, 255) as u8
            })
            .collect();
        let down = pixels.len() / self.across;
        let source = TypedImageRef::<U8>::from_buffer(self.across as u32, down as u32, &pixels).ok()?;
        let mut plane = vec![0; width as usize * height as usize];
        let mut target = TypedImage::<U8>::from_buffer(width, height, &mut plane).ok()?;
        let [covered_x, covered_y] = [(width, sampling[0]), (height, sampling[1])]
            .map(|(length, (part, whole))| f64::from(length) * part as f64 / whole as f64);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(0.0, 0.0, covered_x, covered_y);
        Resizer::new().resize_typed(&source, &mut target, &options).ok()?;
        Some(plane)
    }
}

/// What a scan holds of each block.
#[derive(Clone, Copy)]
enum Mode {
    /// All 64 coefficients.
    Whole,
    /// The mean, but for its `low` lowest bits.
    Means { low: u8 },
    /// Of the mean that bit.
    Bit { low: u8 },
}

/// A component in a scan.
struct Part<'a> {
    component: usize,
    means: Option<&'a Codes>,
    steps: Option<&'a Codes>,
    /// The last block's mean: the next one is coded as the difference.
    last: i32,
}

impl Part<'_> {
    #[inline(always)]
    fn read(&mut self, bits: &mut Bits, mode: Mode, mean: &mut i16) -> Option<()> {
        match mode {
            Mode::Whole => {
                self.last = self.last.wrapping_add(bits.difference(self.means?)?);
                *mean = self.last as i16;
                bits.skip_block(self.steps?)?;
            }
            Mode::Means { low } => {
                self.last = self.last.wrapping_add(bits.difference(self.means?)?);
                *mean = (self.last << low) as i16;
            }
            Mode::Bit { low } => {
                bits.fill()?;
                *mean |= (bits.take(1) << low) as i16;
            }
        }
        Some(())
    }
}

/// Copies codes as far as to the next marker, without the zeros behind bytes 0xFF (B.1.1.5), and leaves `at` there.
fn codes_until_marker(file: &[u8], at: &mut usize, codes: &mut Vec<u8>) {
    codes.clear();
    loop {
        let rest = &file[*at..];
        let length = memchr::memchr(0xFF, rest).unwrap_or(rest.len());
        codes.extend_from_slice(&rest[..length]);
        *at += length;
        if file.get(*at + 1) != Some(&0) {
            break;
        }
        codes.push(0xFF);
        *at += 2;
    }
    codes.extend([0; AHEAD]);
}

/// Leaves `at` at the next marker that is no restart.
fn pass_over(file: &[u8], at: &mut usize) -> Option<()> {
    loop {
        *at += memchr::memchr(0xFF, file.get(*at..)?)?;
        match file.get(*at + 1)? {
            0 => *at += 2,
            marker if RESTARTS.contains(marker) => *at += 2,
            0xFF => *at += 1,
            _ => return Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use image::DynamicImage;
    use jpeg_decoder::{Decoder, PixelFormat};

    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).expect(name)
    }

    /// What makes the same picture from all coefficients.
    fn by_jpeg_decoder(file: &[u8]) -> RgbImage {
        let mut decoder = Decoder::new(file);
        decoder.read_info().unwrap();
        let info = decoder.info().unwrap();
        decoder.scale(info.width.div_ceil(8), info.height.div_ceil(8)).unwrap();
        let pixels = decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        let (width, height) = (info.width.into(), info.height.into());
        match info.pixel_format {
            PixelFormat::L8 => {
                DynamicImage::from(image::GrayImage::from_raw(width, height, pixels).unwrap()).into_rgb8()
            }
            _ => RgbImage::from_raw(width, height, pixels).unwrap(),
        }
    }

    const FILES: [&str; 10] = [
        "dress.jpg",
        "socks.jpg",
        "grey.jpg",
        "wide.jpg",
        "orientation-6.jpg",
        "formats/progressive.jpg",
        "formats/progressive-restart.jpg",
        "formats/subsampled-restart.jpg",
        "formats/one-component-a-scan.jpg",
        "formats/progressive-scans.jpg",
    ];

    #[test]
    fn means_are_those_that_all_coefficients_give() {
        for name in FILES {
            let file = fixture(name);
            let (ours, theirs) = (of_blocks(&file).expect(name), by_jpeg_decoder(&file));
            assert_eq!(ours.dimensions(), theirs.dimensions(), "{name}");
            let differences = || ours.iter().zip(theirs.iter()).map(|(a, b)| a.abs_diff(*b));
            let largest = differences().max().unwrap();
            let mean = differences().map(f64::from).sum::<f64>() / ours.len() as f64;
            println!("{name}: {mean:.2} levels in the mean, {largest} at most");
            // The other rounds down, and spreads colours to the pixels in its own way.
            assert!(mean < 1.6 && largest <= 6, "{name}: {mean} {largest}");
        }
    }

    #[test]
    fn what_is_rare_or_cut_short_is_left_to_others() {
        assert!(of_blocks(&fixture("formats/cmyk.jpg")).is_none());
        for name in FILES {
            let file = fixture(name);
            for part in 0..40 {
                assert!(of_blocks(&file[..file.len() * part / 40]).is_none(), "{name} {part}");
            }
        }
    }

    #[test]
    fn accidents_do_no_harm() {
        let mut state = 1u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        let mut read = 0;
        for name in FILES {
            let whole = fixture(name);
            for _ in 0..500 {
                let mut file = whole.clone();
                for _ in 0..=random(3) {
                    // Half of the accidents happen in the headers.
                    let within = if random(2) == 0 { file.len().min(700) } else { file.len() };
                    let at = random(within);
                    file[at] = random(256) as u8;
                }
                read += usize::from(of_blocks(&file).is_some());
            }
        }
        println!("{read} of {} files could be read", 500 * FILES.len());
        assert!(read > 0);
    }
}

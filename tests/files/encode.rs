//! Picture files written by code: what encoders write, and what they never would.

use std::io::Cursor;

use clothing_classifier::photo::Format;
use image::{
    DynamicImage, ExtendedColorType, Frame, ImageEncoder, ImageFormat, Rgb, RgbImage, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
};

pub const RED: [u8; 3] = [220, 30, 30];
pub const GREEN: [u8; 3] = [30, 200, 30];
pub const BLUE: [u8; 3] = [30, 30, 220];
pub const WHITE: [u8; 3] = [255, 255, 255];

/// 48 x 32 pixels with a different colour in each quarter, so that all orientations look different.
pub fn quarters() -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| {
        Rgb(match (x < 24, y < 16) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    })
}

pub fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A TIFF block with one entry, the orientation.
pub fn exif(orientation: u16, big_endian: bool) -> Vec<u8> {
    let short = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let long = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut block = Vec::from(if big_endian { b"MM" } else { b"II" });
    block.extend(short(42));
    block.extend(long(8)); // offset of the directory
    block.extend(short(1)); // number of entries
    block.extend([short(0x0112), short(3)].concat()); // orientation, of type short
    block.extend(long(1));
    block.extend([short(orientation), short(0)].concat());
    block.extend(long(0)); // no further directory
    block
}

pub fn with_exif(picture: &RgbImage, format: Format, exif: Vec<u8>) -> Vec<u8> {
    fn write(mut encoder: impl ImageEncoder, picture: &RgbImage, exif: Vec<u8>) {
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    }
    let mut file = Vec::new();
    match format {
        Format::Jpeg => write(JpegEncoder::new_with_quality(&mut file, 95), picture, exif),
        Format::Png => write(PngEncoder::new(&mut file), picture, exif),
        Format::WebP => write(WebPEncoder::new_lossless(&mut file), picture, exif),
        other => panic!("{other} has no EXIF"),
    }
    file
}

/// A PNG of this depth and colour type, with uncompressed rows.
pub fn png(
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    chunks: &[(&[u8; 4], Vec<u8>)],
    rows: &[u8],
) -> Vec<u8> {
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    let mut parts = vec![(b"IHDR", header)];
    parts.extend_from_slice(chunks);
    parts.extend([(b"IDAT", stored(rows)), (b"IEND", Vec::new())]);
    png_file(&parts)
}

/// A PNG of these chunks, in this order.
pub fn png_file(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let chunks = chunks.iter().flat_map(|(kind, data)| png_chunk(kind, data));
    b"\x89PNG\r\n\x1A\n".iter().copied().chain(chunks).collect()
}

/// An uncompressed zlib stream of at most 65535 bytes.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (a + b) % 65521)
    });
    let length = u16::try_from(bytes.len()).unwrap();
    let head = [[0x78, 0x01, 0x01].as_slice(), &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    [&head, bytes, &((b << 16) | a).to_be_bytes()].concat()
}

/// A PNG chunk with its checksum.
pub fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    [(data.len() as u32).to_be_bytes().as_slice(), &body, &crc32(&body).to_be_bytes()].concat()
}

/// The checksum of a PNG chunk's type and data.
pub fn crc32(body: &[u8]) -> u32 {
    !body.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

pub fn animated_gif(frames: &[RgbaImage]) -> Vec<u8> {
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frames(frames.iter().cloned().map(Frame::new)).unwrap();
    file
}

/// An animated WebP from the lossless bit streams of single pictures of 8 x 8 pixels.
pub fn animated_webp(frames: &[RgbaImage]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(riff_chunk(b"VP8X", &[0b0001_0010, 0, 0, 0, 7, 0, 0, 7, 0, 0])); // animation and alpha; 8 x 8
    body.extend(riff_chunk(b"ANIM", &[0; 6]));
    for frame in frames {
        let single = encode(&frame.clone().into(), ImageFormat::WebP);
        let place = [0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0, 0];
        body.extend(riff_chunk(b"ANMF", &[&place, &single[12..]].concat()));
    }
    webp(&[&body])
}

/// A WebP file of these chunks.
pub fn webp(chunks: &[&[u8]]) -> Vec<u8> {
    riff_chunk(b"RIFF", &[b"WEBP", &chunks.concat()[..]].concat())
}

/// A RIFF chunk of a WebP file.
pub fn riff_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [kind.as_slice(), &(data.len() as u32).to_le_bytes(), data, &vec![0; data.len() % 2]].concat()
}

/// A BMP with a header of any size, which contains the fields that fit into it, and the data after it.
pub struct Bmp<'a> {
    pub header: u32,
    pub width: i32,
    pub height: i32,
    pub bits: u16,
    pub compression: u32,
    /// Red, green, blue, alpha.
    pub masks: [u32; 4],
    pub palette: &'a [[u8; 3]],
    pub data: &'a [u8],
}

impl Bmp<'_> {
    pub fn file(&self) -> Vec<u8> {
        let mut header = [0; 124];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.header.to_le_bytes());
        if self.header == 12 {
            put(4, &(self.width as u16).to_le_bytes());
            put(6, &(self.height as u16).to_le_bytes());
            put(8, &[1, 0]);
            put(10, &self.bits.to_le_bytes());
        } else {
            put(4, &self.width.to_le_bytes());
            put(8, &self.height.to_le_bytes());
            put(12, &[1, 0]);
            put(14, &self.bits.to_le_bytes());
            put(16, &self.compression.to_le_bytes());
            put(20, &(self.data.len() as u32).to_le_bytes());
            put(32, &(self.palette.len() as u32).to_le_bytes());
        }
        let masks = self.masks.map(u32::to_le_bytes);
        let mut behind = Vec::new();
        match (self.header, self.compression) {
            (40, 3) => behind.extend_from_slice(masks[..3].as_flattened()),
            (40, 6) => behind.extend_from_slice(masks.as_flattened()),
            (52.., _) if self.header != 64 => {
                put(40, masks.as_flattened());
                put(56, b"BGRs");
            }
            _ => {}
        }
        for [red, green, blue] in self.palette {
            behind.extend([blue, green, red]);
            behind.extend([0].iter().take(usize::from(self.header != 12)));
        }
        let header = [&header[..self.header as usize], &behind].concat();
        let start = 14 + header.len() as u32;
        let length = start + self.data.len() as u32;
        [b"BM", &length.to_le_bytes()[..], &[0; 4], &start.to_le_bytes(), &header, self.data].concat()
    }
}

pub const PLAIN_BMP: Bmp =
    Bmp { header: 40, width: 2, height: 2, bits: 24, compression: 0, masks: [0; 4], palette: &[], data: &[] };

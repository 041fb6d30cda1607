//! Pictures for the page to classify: drawings, and real photos where they are available.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use image::{
    DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops,
    metadata::Orientation,
};

use crate::harness::project;

/// The garments that the product is made for.
pub const SIX: [&str; 6] = ["shirt", "t-shirt", "polo-shirt", "jeans", "socks", "shoes"];

/// A drawing of a t-shirt on a floor, in a colour.
pub fn shirt(width: u32, height: u32, [red, green, blue]: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32);
        let across = x.abs();
        let neck = across.hypot((y - 0.18) * 0.9) < 0.1;
        let body = across < 0.24 && (0.18..0.85).contains(&y);
        let sleeve = (0.2..0.42).contains(&across) && (0.0..0.24).contains(&(y - 0.08 - across * 0.5));
        let light = 0.75 + 0.25 * y - 0.2 * x;
        let paint = if (body || sleeve) && !neck { [red, green, blue] } else { [226, 214, 196] };
        Rgb(paint.map(|value| (f32::from(value) * light) as u8))
    })
}

/// Encodes a picture as JPEG.
pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    encoded(picture, None)
}

/// The same as a camera stores it when held in one of eight ways: turned, with the EXIF orientation that undoes it.
pub fn turned_jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    encoded(picture, Some(orientation))
}

fn encoded(picture: &RgbImage, orientation: Option<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    let mut stored = DynamicImage::ImageRgb8(picture.clone());
    if let Some(orientation) = orientation {
        stored.apply_orientation(inverse(orientation));
        // A TIFF header, and a directory with one entry: Orientation (0x112), one short.
        let exif = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0], &[0; 4]];
        encoder.set_exif_metadata(exif.concat()).expect("JPEG files carry EXIF");
    }
    encoder.encode_image(&stored).expect("memory to write to");
    file
}

fn inverse(orientation: u8) -> Orientation {
    match Orientation::from_exif(orientation).expect("1 to 8") {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        mirrored => mirrored,
    }
}

/// A photo that keeps the engine busy for a while: it has as many pixels as are allowed.
pub fn long_to_read() -> &'static [u8] {
    static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut picture = RgbImage::new(10_000, 10_000);
        imageops::tile(&mut picture, &shirt(100, 100, [30, 90, 160]));
        jpeg(&picture)
    });
    &FILE
}

/// A small file that claims 65500 x 65500 pixels.
pub fn bomb(format: ImageFormat) -> Vec<u8> {
    let mut file = Vec::new();
    shirt(8, 8, [0; 3]).write_to(&mut Cursor::new(&mut file), format).expect("memory to write to");
    let (at, size): (usize, &[u8]) = match format {
        // With a valid checksum.
        ImageFormat::Png => (16, b"\0\0\xFF\xDC\0\0\xFF\xDC\x08\x02\0\0\0\x1C\x35\x81\x4C"),
        ImageFormat::Jpeg => {
            let frame = file.windows(2).position(|marker| marker == [0xFF, 0xC0]).expect("a frame");
            (frame + 5, b"\xFF\xDC\xFF\xDC")
        }
        ImageFormat::Gif => (6, b"\xDC\xFF\xDC\xFF"),
        other => panic!("where does {other:?} keep its size?"),
    };
    file[at..at + size.len()].copy_from_slice(size);
    file
}

/// Real photos of a label, for tests only; most machines have none.
pub fn real(label: &str) -> Vec<PathBuf> {
    let folder = project().join("../shared/photos/test").join(label);
    let mut photos: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default();
    photos.sort();
    photos
}

/// A file's name.
pub fn name(file: &Path) -> String {
    file.file_name().expect("a file").to_string_lossy().into_owned()
}

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder, imageops, metadata::Orientation};

use super::{Photo, exif, sniff};

const QUALITY: u8 = 85;

/// A JPEG of the upright photo with at most `longest` pixels on its longer side, to be shown in the file's place: of files
/// that ask to be turned and that not every browser turns, which are PNGs and WebPs. `None` where the browser shows the
/// file as it was read here.
pub fn preview(file: &[u8], photo: &Photo, longest: u32) -> Option<Vec<u8>> {
    if exif::orientation_of(sniff(file).ok()?, file) == Orientation::NoTransforms {
        return None;
    }
    let (width, height) = photo.pixels.dimensions();
    let scale = (f64::from(longest) / f64::from(width.max(height))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let small = imageops::thumbnail(&photo.pixels, side(width), side(height));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(&small, small.width(), small.height(), ExtendedColorType::Rgb8)
        .ok()?;
    Some(jpeg)
}

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder, imageops, metadata::Orientation};

use super::{Format, Photo, exif};

/// Quality of the JPEG, 1 to 100.
const QUALITY: u8 = 85;

/// A JPEG of the upright photo, to be shown instead of the file, with at most `longest` pixels on its longer side. `None` where
/// every browser shows the file as it was decoded here: not all of them turn PNG and WebP files that ask for it.
pub fn preview(format: Format, file: &[u8], photo: &Photo, longest: u32) -> Option<Vec<u8>> {
    if exif::orientation_of(format, file) == Orientation::NoTransforms {
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

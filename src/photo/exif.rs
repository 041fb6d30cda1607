use image::metadata::Orientation;

use super::{Format, png, webp};

/// The orientation that an EXIF block asks for (tag 0x0112). `None` if it asks for none or is broken: a photo with broken
/// EXIF data is still a photo.
pub fn orientation(block: &[u8]) -> Option<Orientation> {
    // The TIFF header comes first; some writers put the head of JPEG's segment before it ("Exif" and two bytes).
    let tiff = block.strip_prefix(b"Exif").and_then(|rest| rest.get(2..)).unwrap_or(block);
    Orientation::from_exif_chunk(tiff)
}

/// The orientation that a PNG or WebP file asks for.
pub fn orientation_of(format: Format, file: &[u8]) -> Orientation {
    let block = match format {
        Format::Png => png::exif(file),
        Format::WebP => webp::exif(file),
        _ => None,
    };
    block.and_then(orientation).unwrap_or(Orientation::NoTransforms)
}

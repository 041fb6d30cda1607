use image::metadata::Orientation;

use super::{Format, png, webp};

/// The orientation in an EXIF block (tag 0x0112). `None` if there is none or the block is damaged: a photo with damaged EXIF data
/// is still a photo.
pub fn orientation(block: &[u8]) -> Option<Orientation> {
    // It should start with the TIFF header. Some writers put that of JPEG's segment before it: "Exif" and two bytes.
    let tiff = block.strip_prefix(b"Exif").and_then(|rest| rest.get(2..)).unwrap_or(block);
    Orientation::from_exif_chunk(tiff)
}

/// The orientation in the EXIF block of a PNG or WebP file. Other files have none, or their decoders apply it.
pub fn orientation_of(format: Format, file: &[u8]) -> Orientation {
    let block = match format {
        Format::Png => png::exif(file),
        Format::WebP => webp::exif(file),
        _ => None,
    };
    block.and_then(orientation).unwrap_or(Orientation::NoTransforms)
}

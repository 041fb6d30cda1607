//! Large JPEGs, decoded no larger than needed. A JPEG stores blocks of 8 × 8 pixels as frequencies; a block's mean, or its
//! lowest frequencies, can be had for a fraction of the work.

use image::{DynamicImage, GrayImage, RgbImage, metadata::Orientation};
use jpeg_decoder::{Decoder, PixelFormat};

use super::{Error, Format, Limits, decode, sniff};

/// An upright photo, perhaps reduced while it was decoded.
#[derive(Clone, Debug)]
pub struct Photo {
    pub pixels: RgbImage,
    /// How many of the file's pixels are one of `pixels`, along each side: 1, 2, 4 or 8.
    pub reduction: u32,
    /// The file's own extent, upright.
    pub width: u32,
    pub height: u32,
}

impl From<RgbImage> for Photo {
    fn from(pixels: RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        Self { pixels, reduction: 1, width, height }
    }
}

/// How small a photo may become while it is decoded, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    LongerSide(u32),
    ShorterSide(u32),
}

/// Like [`decode`], but a JPEG that is more than twice as large as needed comes reduced to a half, a quarter or an eighth.
/// Its pixels are then the means of the file's.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_reduced(bytes: &[u8], limits: &Limits, least: Least) -> Result<Photo, Error> {
    match reduced_jpeg(bytes, limits, least) {
        Some(photo) => Ok(photo),
        None => decode(bytes, limits).map(Photo::from),
    }
}

/// `None` for all that [`decode`] has to decide on: other formats, what need not be reduced, is too large, unusual or damaged.
fn reduced_jpeg(bytes: &[u8], limits: &Limits, least: Least) -> Option<Photo> {
    if limits.check_bytes(bytes.len() as u64).is_err() || sniff(bytes) != Ok(Format::Jpeg) {
        return None;
    }
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().ok()?;
    let info = decoder.info()?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if limits.check_pixels((width, height)).is_err() {
        return None;
    }
    let reduction = reduction(width, height, least);
    if reduction == 1 {
        return None;
    }
    let reduced = |length: u16| length.div_ceil(reduction as u16);
    let size = (reduced(info.width), reduced(info.height));
    if decoder.scale(size.0, size.1).ok()? != size {
        return None;
    }
    let pixels = decoder.decode().ok()?;
    let picture = match info.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(size.0.into(), size.1.into(), pixels)?.into(),
        PixelFormat::L8 => DynamicImage::from(GrayImage::from_raw(size.0.into(), size.1.into(), pixels)?),
        PixelFormat::L16 | PixelFormat::CMYK32 => return None,
    };
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk);
    let mut upright = DynamicImage::from(picture.into_rgb8());
    upright.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    let turned = matches!(
        orientation,
        Some(
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        )
    );
    let (width, height) = if turned { (height, width) } else { (width, height) };
    Some(Photo { pixels: upright.into_rgb8(), reduction, width, height })
}

/// The strongest that leaves at least as much as wanted.
fn reduction(width: u32, height: u32, least: Least) -> u32 {
    let (length, least) = match least {
        Least::LongerSide(least) => (width.max(height), least),
        Least::ShorterSide(least) => (width.min(height), least),
    };
    [8, 4, 2].into_iter().find(|reduction| length / reduction >= least).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_reduced_as_far_as_they_may_be() {
        for (width, height, least, expected) in [
            (4032, 3024, Least::LongerSide(448), 8),
            (4032, 3024, Least::ShorterSide(448), 4),
            (3583, 2000, Least::LongerSide(448), 4),
            (3584, 2000, Least::LongerSide(448), 8),
            (895, 640, Least::LongerSide(448), 1),
            (640, 896, Least::LongerSide(448), 2),
            (65500, 10, Least::LongerSide(448), 8),
            (65500, 10, Least::ShorterSide(448), 1),
        ] {
            assert_eq!(reduction(width, height, least), expected, "{width} × {height}, {least:?}");
        }
    }
}

//! Large JPEGs, decoded no larger than needed. A JPEG stores blocks of 8 × 8 pixels as frequencies; a block's lowest
//! frequencies can be had for a fraction of the work, and its mean for less (see `means`).

use image::{DynamicImage, GrayImage, RgbImage, metadata::Orientation};
use jpeg_decoder::{Decoder, PixelFormat};

use super::{Error, Format, Limits, decode, means, sniff};

/// An upright photo, perhaps reduced while it was decoded.
#[derive(Clone, Debug)]
pub struct Photo {
    pub pixels: RgbImage,
    /// Left, top, width and height of the photo in `pixels`: of a reduced one the last column and row may lie in it but in
    /// part.
    pub window: [f64; 4],
    /// The file's own extent, upright.
    pub width: u32,
    pub height: u32,
}

impl From<RgbImage> for Photo {
    fn from(pixels: RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        Self { pixels, window: [0.0, 0.0, width.into(), height.into()], width, height }
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
    let means = if reduction == 8 { means::of_blocks(bytes) } else { None };
    // Two readers of a damaged header might differ.
    let picture = match means.filter(|picture| picture.dimensions() == (size.0.into(), size.1.into())) {
        Some(picture) => picture,
        None => {
            if decoder.scale(size.0, size.1).ok()? != size {
                return None;
            }
            let pixels = decoder.decode().ok()?;
            match info.pixel_format {
                PixelFormat::RGB24 => RgbImage::from_raw(size.0.into(), size.1.into(), pixels)?,
                PixelFormat::L8 => {
                    DynamicImage::from(GrayImage::from_raw(size.0.into(), size.1.into(), pixels)?).into_rgb8()
                }
                PixelFormat::L16 | PixelFormat::CMYK32 => return None,
            }
        }
    };
    let orientation =
        decoder.exif_data().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
    let mut upright = DynamicImage::from(picture);
    upright.apply_orientation(orientation);
    Some(upright_photo(upright.into_rgb8(), (width, height), reduction, orientation))
}

/// Where the photo lies in its reduced pixels, after both were turned.
fn upright_photo(pixels: RgbImage, stored: (u32, u32), reduction: u32, orientation: Orientation) -> Photo {
    use Orientation::*;
    let length = |length: u32| f64::from(length) / f64::from(reduction);
    // What the stored picture's last column and row have too much.
    let excess =
        |length: u32| f64::from(length.div_ceil(reduction)) - f64::from(length) / f64::from(reduction);
    let (right, bottom) = (excess(stored.0), excess(stored.1));
    // Which of the two has come to the left, and which to the top.
    let (left, top) = match orientation {
        NoTransforms | Rotate90FlipH => (0.0, 0.0),
        FlipHorizontal => (right, 0.0),
        FlipVertical => (0.0, bottom),
        Rotate180 => (right, bottom),
        Rotate90 => (bottom, 0.0),
        Rotate270 => (0.0, right),
        Rotate270FlipH => (bottom, right),
    };
    let turned = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    let (width, height) = if turned { (stored.1, stored.0) } else { stored };
    Photo { pixels, window: [left, top, length(width), length(height)], width, height }
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

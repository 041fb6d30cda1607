//! JPEG files → upright photos. The crate `clothing-jpeg` decodes them.

use clothing_jpeg::{Jpeg, Scale};
use image::{DynamicImage, RgbImage, metadata::Orientation};

use super::{Error, Format, Limits, Photo, exif};

/// The photo, at the scale that `scale` chooses by its stored width and height.
///
/// # Errors
///
/// [`Error::TooManyPixels`], [`Error::Damaged`] and [`Error::Rare`].
pub fn decode(file: &[u8], limits: &Limits, scale: impl FnOnce(u32, u32) -> Scale) -> Result<Photo, Error> {
    let jpeg = Jpeg::open(file)?;
    let stored = (jpeg.width(), jpeg.height());
    limits.check_pixels(stored)?;
    let orientation = jpeg.exif().find_map(exif::orientation).unwrap_or(Orientation::NoTransforms);
    let scale = scale(stored.0, stored.1);
    let picture = jpeg.decode(scale)?;
    let pixels = RgbImage::from_raw(picture.width, picture.height, picture.rgb).expect("three bytes a pixel");
    let mut upright = DynamicImage::from(pixels);
    upright.apply_orientation(orientation);
    Ok(upright_photo(upright.into_rgb8(), stored, scale.reduction(), orientation))
}

impl From<clothing_jpeg::Error> for Error {
    fn from(error: clothing_jpeg::Error) -> Self {
        let (format, detail) = (Format::Jpeg, error.to_string());
        match error {
            clothing_jpeg::Error::Rare(_) => Error::Rare { format, detail },
            clothing_jpeg::Error::Damaged(_) => Error::Damaged { format, detail },
        }
    }
}

/// The photo in its turned and reduced pixels. `stored`: its width and height before that.
fn upright_photo(pixels: RgbImage, stored: (u32, u32), reduction: u32, orientation: Orientation) -> Photo {
    use Orientation::*;
    let length = |length: u32| f64::from(length) / f64::from(reduction);
    // The part of the stored picture's last column and row that is not covered.
    let excess =
        |length: u32| f64::from(length.div_ceil(reduction)) - f64::from(length) / f64::from(reduction);
    let (right, bottom) = (excess(stored.0), excess(stored.1));
    // Turned, that part may come to lie at the left or the top.
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

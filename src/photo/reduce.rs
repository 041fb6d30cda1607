//! Photos that are needed no larger than a part of their size. Only JPEGs can be decoded so.

use clothing_jpeg::Scale;
use image::RgbImage;

use super::{Error, Format, Limits, decode, jpeg, sniff};

/// An upright photo, perhaps reduced while it was decoded.
#[derive(Clone, Debug)]
pub struct Photo {
    pub pixels: RgbImage,
    /// Left, top, width and height of the photo in `pixels`: of a reduced one the last column and row may lie in it
    /// but in part.
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

/// Like [`decode`], but a JPEG that is more than twice as large as needed comes reduced to a half, a quarter or an
/// eighth. Its pixels are then the means of the file's.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_reduced(bytes: &[u8], limits: &Limits, least: Least) -> Result<Photo, Error> {
    limits.check_bytes(bytes.len() as u64)?;
    match sniff(bytes)? {
        Format::Jpeg => jpeg::decode(bytes, limits, |width, height| strongest(width, height, least)),
        _ => decode(bytes, limits).map(Photo::from),
    }
}

/// The smallest scale that leaves at least as much as wanted.
fn strongest(width: u32, height: u32, least: Least) -> Scale {
    let (length, least) = match least {
        Least::LongerSide(least) => (width.max(height), least),
        Least::ShorterSide(least) => (width.min(height), least),
    };
    [Scale::Eighth, Scale::Quarter, Scale::Half]
        .into_iter()
        .find(|scale| length / scale.reduction() >= least)
        .unwrap_or(Scale::Whole)
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
            assert_eq!(
                strongest(width, height, least).reduction(),
                expected,
                "{width} × {height}, {least:?}"
            );
        }
    }
}

//! AVIF, on the command line. In browsers, their own decoder reads it.

mod av1;
mod colour;
mod container;

use image::{ImageBuffer, Pixel, RgbImage, imageops};

use self::{
    av1::Frame,
    container::{AvifError, Coded, Mirror},
};
use super::{Error, Format, Limits, pixels::over_white};

/// The upright picture, transparent parts on white; of a sequence, its primary picture.
///
/// As in browsers, the picture is turned and mirrored as the file's boxes say; EXIF's orientation and a clean aperture are ignored.
///
/// # Errors
///
/// [`Error::TooManyPixels`], [`Error::Damaged`] and [`Error::Rare`].
pub fn decode(file: &[u8], limits: &Limits) -> Result<RgbImage, Error> {
    let container = container::read(file)?;
    let Coded { width, height, .. } = container.colour;
    limits.check_pixels((width, height))?;
    if width == 0 || height == 0 {
        return Err(AvifError::Damaged("it has no pixels").into());
    }
    let mut picture = paint(&container.colour, limits, |frame| {
        colour::rgb(frame, container.coding.unwrap_or(frame.coding))
    })?;
    if let Some(coded) = &container.alpha {
        limits.check_pixels((coded.width, coded.height))?;
        let alpha = paint(coded, limits, |frame| Ok(colour::alpha(frame)))?;
        if alpha.dimensions() != picture.dimensions() {
            return Err(AvifError::Rare("its transparency is of another size").into());
        }
        for (pixel, alpha) in picture.pixels_mut().zip(alpha.iter()) {
            pixel.0 = if container.is_premultiplied {
                pixel.0.map(|colour| colour.saturating_add(255 - alpha))
            } else {
                over_white(pixel.0, *alpha)
            };
        }
    }
    picture = match container.quarters {
        1 => imageops::rotate270(&picture),
        2 => imageops::rotate180(&picture),
        3 => imageops::rotate90(&picture),
        _ => picture,
    };
    match container.mirror {
        Some(Mirror::Vertical) => imageops::flip_vertical_in_place(&mut picture),
        Some(Mirror::Horizontal) => imageops::flip_horizontal_in_place(&mut picture),
        None => {}
    }
    Ok(picture)
}

/// Decodes a picture's tiles and assembles them.
fn paint<P: Pixel<Subpixel = u8>>(
    coded: &Coded,
    limits: &Limits,
    pixels: impl Fn(&Frame) -> Result<ImageBuffer<P, Vec<u8>>, AvifError>,
) -> Result<ImageBuffer<P, Vec<u8>>, Error> {
    let most = u32::try_from(limits.pixels).unwrap_or(u32::MAX);
    let tile = |item: &[u8]| {
        let frame = av1::decode(item, most)
            .map_err(|error| Error::Damaged { format: Format::Avif, detail: error.to_string() })?;
        pixels(&frame).map_err(Error::from)
    };
    if let [item] = &coded.tiles[..] {
        return tile(item);
    }
    let mut whole = ImageBuffer::new(coded.width, coded.height);
    let mut first = None;
    for (number, item) in coded.tiles.iter().enumerate() {
        let tile = tile(item)?;
        let (width, height) = *first.get_or_insert(tile.dimensions());
        let number = number as u32;
        let (column, row) = (number % coded.columns, number / coded.columns);
        let (left, top) = (u64::from(column) * u64::from(width), u64::from(row) * u64::from(height));
        // All tiles have the same size, and no tile lies outside the picture.
        if tile.dimensions() != (width, height) || left >= coded.width.into() || top >= coded.height.into() {
            return Err(AvifError::Damaged("its tiles do not make up a picture").into());
        }
        imageops::replace(&mut whole, &tile, left as i64, top as i64);
    }
    Ok(whole)
}

impl From<AvifError> for Error {
    fn from(error: AvifError) -> Self {
        match error {
            AvifError::Damaged(detail) => Self::Damaged { format: Format::Avif, detail: detail.into() },
            AvifError::Rare(detail) => Self::Rare { format: Format::Avif, detail: detail.into() },
        }
    }
}

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage, metadata::Orientation,
};

use clothing_jpeg::Scale;

use super::{Error, Format, Limits, jpeg, sniff};

/// Decodes a JPEG, PNG, WebP, GIF or BMP file to 8-bit RGB.
///
/// - The EXIF orientation, which JPEG, PNG and WebP files may have, is applied: the photo comes out upright.
/// - Grey becomes RGB, 16 bits become 8, CMYK is converted without a colour profile; other colour profiles are ignored.
/// - What is transparent is shown on white, as on paper.
/// - Of an animation it is the first frame.
/// - A JPEG cut short is accepted as browsers do: the missing part is grey. Other formats are refused then.
///
/// # Errors
///
/// All of [`Error`]. The picture's dimensions are compared with `limits` before memory is allocated for pixels.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, Error> {
    limits.check_bytes(bytes.len() as u64)?;
    let format = sniff(bytes)?;
    if format == Format::Jpeg {
        return Ok(jpeg::decode(bytes, limits, |_, _| Scale::Whole)?.pixels);
    }
    let refused = |error: ImageError| {
        let detail = error.to_string();
        if matches!(error, ImageError::Unsupported(_)) {
            Error::Rare { format, detail }
        } else {
            Error::Damaged { format, detail }
        }
    };

    let check = |(width, height)| match limits.check_pixels((width, height)) {
        Ok(()) if width == 0 || height == 0 => {
            Err(Error::Damaged { format, detail: "it has no pixels".into() })
        }
        within => within,
    };

    declared_size(format, bytes).map_or(Ok(()), check)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.into());
    reader.limits(decoder_limits(limits));
    let mut decoder = reader.into_decoder().map_err(refused)?;
    check(decoder.dimensions())?;
    // A photo with broken EXIF data is still a photo.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;

    let mut upright = DynamicImage::ImageRgb8(over_white(picture));
    upright.apply_orientation(orientation);
    Ok(upright.into_rgb8())
}

/// Width and height as the header says, of formats whose decoders fail where memory has 32-bit addresses before they
/// tell them, because a picture so large could not be addressed.
fn declared_size(format: Format, bytes: &[u8]) -> Option<(u32, u32)> {
    let four = |at: usize| bytes.get(at..at + 4)?.try_into().ok();
    match format {
        Format::Png => Some((u32::from_be_bytes(four(16)?), u32::from_be_bytes(four(20)?))),
        // A height below 0 means that the rows stand in the other order. The headers of 12 bytes have 16-bit lengths.
        Format::Bmp if bytes[14] > 12 => {
            Some((i32::from_le_bytes(four(18)?).unsigned_abs(), i32::from_le_bytes(four(22)?).unsigned_abs()))
        }
        _ => None,
    }
}

impl From<Format> for ImageFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Png => ImageFormat::Png,
            Format::WebP => ImageFormat::WebP,
            Format::Gif => ImageFormat::Gif,
            Format::Bmp => ImageFormat::Bmp,
        }
    }
}

/// What decoders may allocate beside: frames larger than their picture, bloated metadata. Eight bytes a pixel is
/// the most a picture itself takes (RGBA of 16 bits).
fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.pixels.saturating_mul(8));
    decoder_limits
}

fn over_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (to, from) in opaque.pixels_mut().zip(picture.pixels()) {
        let [r, g, b, alpha] = from.0.map(u32::from);
        to.0 = [r, g, b].map(|colour| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    opaque
}

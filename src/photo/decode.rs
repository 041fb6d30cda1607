use std::io::Cursor;

use clothing_jpeg::Scale;
use image::{
    DynamicImage, ImageDecoder, ImageError, RgbImage,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
};

#[cfg(not(target_arch = "wasm32"))]
use super::avif;
use super::{Error, Format, Limits, bmp, exif, gif, jpeg, png, sniff, webp};

/// Decodes a JPEG, PNG, WebP, GIF or BMP file to 8-bit RGB, natively also an AVIF file.
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

    let damaged = |detail: &str| Error::Damaged { format, detail: detail.into() };

    // Each by its name: through `ImageReader` the program would hold all of `image`'s decoders.
    let limits_beside = decoder_limits(limits);
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Jpeg => return Ok(jpeg::decode(bytes, limits, |_, _| Scale::Whole)?.pixels),
        Format::Png => {
            // Where memory has 32-bit addresses, the decoder fails on pictures that could not be addressed before it
            // tells their size.
            check(png::size(bytes).ok_or_else(|| match png::is_of_xcode(bytes) {
                true => Error::Rare { format, detail: "Xcode made it for an app".into() },
                false => damaged("its header does not come first"),
            })?)?;
            let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits_beside.clone());
            Box::new(decoder.map_err(refused)?)
        }
        Format::WebP => {
            let file = webp::plain(bytes).ok_or_else(|| damaged("it has no picture"))?;
            Box::new(WebPDecoder::new(Cursor::new(file)).map_err(refused)?)
        }
        Format::Gif => Box::new(GifDecoder::new(Cursor::new(gif::with_whole_frame(bytes))).map_err(refused)?),
        Format::Bmp => {
            check(bmp::size(bytes).ok_or_else(|| damaged("its header is cut short"))?)?;
            return bmp::decode(bytes);
        }
        #[cfg(not(target_arch = "wasm32"))]
        Format::Avif => return avif::decode(bytes, limits),
    };
    decoder.set_limits(limits_beside).map_err(refused)?;
    check(decoder.dimensions())?;
    let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;

    let mut upright = DynamicImage::ImageRgb8(flattened(picture));
    upright.apply_orientation(exif::orientation_of(format, bytes));
    Ok(upright.into_rgb8())
}

/// What decoders may allocate beside: frames larger than their picture, bloated metadata. Eight bytes a pixel is
/// the most a picture itself takes (RGBA of 16 bits).
fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.pixels.saturating_mul(8));
    decoder_limits
}

/// The picture on white.
fn flattened(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (to, from) in opaque.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0;
        to.0 = over_white([red, green, blue], alpha);
    }
    opaque
}

/// A colour, so opaque, on white.
pub fn over_white(colour: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    colour.map(|colour| ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

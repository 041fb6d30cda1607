use std::io::Cursor;

use clothing_jpeg::Scale;
use image::{
    DynamicImage, ImageDecoder, ImageError, RgbImage,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
};

#[cfg(not(target_arch = "wasm32"))]
use super::avif;
use super::{
    Error, Format, Limits, MinSize, Photo, bmp, exif, gif, jpeg, pixels::over_white, png,
    reduce::smallest_scale, sniff, webp,
};

/// Decodes a JPEG, PNG, WebP, GIF or BMP file to 8-bit RGB; natively also an AVIF file.
///
/// - The EXIF orientation, which JPEG, PNG and WebP files may have, is applied: the photo comes out upright.
/// - Grey becomes RGB, 16 bits become 8, CMYK is converted without a colour profile; other colour profiles are ignored.
/// - Transparent parts are shown on white.
/// - Of an animation, the first frame is decoded.
/// - A JPEG cut short is accepted, as in browsers: the missing part is grey. Other formats are refused then.
///
/// # Errors
///
/// Any [`Error`]. The picture's dimensions are checked before memory is allocated for its pixels.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, Error> {
    let format = accept(bytes.len() as u64, bytes, limits)?;
    decode_as(format, bytes, limits, None).map(|photo| photo.pixels)
}

/// Like [`decode`], but a JPEG that is more than twice as large as `min_size` is reduced to a half, a quarter or an eighth.
/// Its pixels are then means of the file's.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_reduced(bytes: &[u8], limits: &Limits, min_size: MinSize) -> Result<Photo, Error> {
    let format = accept(bytes.len() as u64, bytes, limits)?;
    decode_as(format, bytes, limits, Some(min_size))
}

/// The format of a file to decode, by its size in bytes and its first bytes, as many as [`sniff`] looks at.
///
/// # Errors
///
/// [`Error::TooManyBytes`], and those of [`sniff`].
pub fn accept(size: u64, start: &[u8], limits: &Limits) -> Result<Format, Error> {
    limits.check_bytes(size)?;
    sniff(start)
}

/// Decodes a file of a format that was [accepted](accept), reduced where a `min_size` allows it.
///
/// # Errors
///
/// [`Error::TooManyPixels`], [`Error::Damaged`] and [`Error::Rare`]; [`Error::Unsupported`] for other formats.
pub fn decode_as(
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    min_size: Option<MinSize>,
) -> Result<Photo, Error> {
    let refused = |error: ImageError| {
        let detail = error.to_string();
        if matches!(error, ImageError::Unsupported(_)) {
            Error::Rare { format, detail }
        } else {
            Error::Damaged { format, detail }
        }
    };
    let damaged = |detail: &str| Error::Damaged { format, detail: detail.into() };
    let check = |size: (u32, u32)| match limits.check_pixels(size) {
        Ok(()) if size.0 == 0 || size.1 == 0 => Err(damaged("it has no pixels")),
        checked => checked,
    };

    // Each decoder by its name: `ImageReader` would link all of them.
    let decoder_limits = decoder_limits(limits);
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Jpeg => {
            let scale =
                |width, height| min_size.map_or(Scale::Whole, |min| smallest_scale(width, height, min));
            return jpeg::decode(bytes, limits, scale);
        }
        Format::Png => {
            // With 32-bit addresses, the decoder fails on pictures that are too large to address before it tells their size.
            check(png::size(bytes).ok_or_else(|| match png::is_of_xcode(bytes) {
                true => Error::Rare { format, detail: "Xcode made it for an app".into() },
                false => damaged("its header does not come first"),
            })?)?;
            let decoder = PngDecoder::with_limits(Cursor::new(bytes), decoder_limits.clone());
            Box::new(decoder.map_err(refused)?)
        }
        Format::WebP => {
            let file = webp::plain(bytes).ok_or_else(|| damaged("it has no picture"))?;
            Box::new(WebPDecoder::new(Cursor::new(file)).map_err(refused)?)
        }
        Format::Gif => Box::new(GifDecoder::new(Cursor::new(gif::with_whole_frame(bytes))).map_err(refused)?),
        Format::Bmp => {
            check(bmp::size(bytes).ok_or_else(|| damaged("its header is cut short"))?)?;
            return bmp::decode(bytes).map(Photo::from);
        }
        #[cfg(not(target_arch = "wasm32"))]
        Format::Avif => return avif::decode(bytes, limits).map(Photo::from),
        other => return Err(Error::Unsupported(other)),
    };
    decoder.set_limits(decoder_limits).map_err(refused)?;
    check(decoder.dimensions())?;
    let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;

    let mut upright = DynamicImage::ImageRgb8(flattened(picture));
    upright.apply_orientation(exif::orientation_of(format, bytes));
    Ok(upright.into_rgb8().into())
}

/// What a decoder may allocate besides the picture, such as frames larger than it, or for bloated metadata: as much as the
/// largest picture itself takes, at eight bytes a pixel (RGBA of 16 bits).
fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.pixels.saturating_mul(8));
    decoder_limits
}

/// The picture without its alpha channel, on white.
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

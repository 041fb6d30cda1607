//! The browser's own decoder, for formats that some browsers know and [`photo`] does not.

use image::RgbImage;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::worker::scope;
use crate::photo::{self, Limits};

/// Rows that are copied at a time: canvases of a whole photo are larger than some browsers allow.
const STRIP: u32 = 256;

/// Upright pixels, what is transparent shown on white; `None` if this browser does not know the format either.
///
/// The browser turns the photo by its orientation and converts its colours to sRGB.
///
/// # Errors
///
/// [`photo::Error::TooManyPixels`].
pub async fn decode(file: &File, limits: &Limits) -> Result<Option<RgbImage>, photo::Error> {
    let Ok(bitmap) = bitmap(file).await else { return Ok(None) };
    limits.check_pixels((bitmap.width(), bitmap.height()))?;
    let photo = pixels(&bitmap).ok();
    bitmap.close();
    Ok(photo)
}

async fn bitmap(file: &File) -> Result<ImageBitmap, JsValue> {
    let bitmap = JsFuture::from(scope().create_image_bitmap_with_blob(file)?).await?;
    Ok(bitmap.unchecked_into())
}

fn pixels(bitmap: &ImageBitmap) -> Result<RgbImage, JsValue> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let options = Object::new();
    // Keeps the canvas where it can be read from.
    Reflect::set(&options, &"willReadFrequently".into(), &true.into())?;
    let canvas = OffscreenCanvas::new(width, STRIP.min(height))?;
    let context: OffscreenCanvasRenderingContext2d = canvas
        .get_context_with_context_options("2d", &options)?
        .ok_or("this browser has no such canvas")?
        .unchecked_into();
    context.set_fill_style_str("white");

    let mut photo = RgbImage::new(width, height);
    let rows = photo.chunks_mut((width * STRIP * 3) as usize);
    for (rows, top) in rows.zip((0..height).step_by(STRIP as usize)) {
        context.fill_rect(0.0, 0.0, width.into(), STRIP.into());
        context.draw_image_with_image_bitmap(bitmap, 0.0, -f64::from(top))?;
        let strip = context.get_image_data(0.0, 0.0, width.into(), STRIP.min(height - top).into())?;
        for (to, from) in rows.chunks_exact_mut(3).zip(strip.data().chunks_exact(4)) {
            to.copy_from_slice(&from[..3]);
        }
    }
    Ok(photo)
}

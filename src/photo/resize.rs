//! Photo → square, as training makes it (`clothing_model/picture.py`); the parity tests hold the two together.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::{Rgb, RgbImage, imageops};

use super::{Filter, Fit, MinSize, Photo, Placement, Resize};

impl Resize {
    /// What must be left of a photo that is reduced before [`to_square`] makes a square of `side` pixels of it: two pixels for
    /// each of the square's. Then hardly a difference remains; Pillow's thumbnails are made the same way.
    pub fn min_size(self, side: u32) -> MinSize {
        match self.fit {
            Fit::Pad => MinSize::LongerSide(2 * side),
            Fit::Crop | Fit::Stretch => MinSize::ShorterSide(2 * side),
        }
    }
}

/// The photo as a square of `side` pixels, and where on it the photo lies.
///
/// # Panics
///
/// If the photo has no pixels or `side` is 0.
pub fn to_square(photo: &Photo, side: u32, resize: Resize) -> (RgbImage, Placement) {
    let (width, height) = (photo.width, photo.height);
    assert!(width > 0 && height > 0 && side > 0, "no pixels");
    // Rounds half up, as training does: Rust's and Python's own rounding differ there.
    let scaled = |scale: f64| [width, height].map(|length| (f64::from(length) * scale + 0.5).floor() as u32);
    let whole = [0.0, 0.0, f64::from(width), f64::from(height)];
    let fraction = |pixels: i64| pixels as f32 / side as f32;
    match resize.fit {
        Fit::Pad => {
            let [w, h] = scaled(f64::from(side) / f64::from(width.max(height))).map(|length| length.max(1));
            let inner = resample(photo, whole, w, h, resize.filter);
            let (x, y) = (i64::from((side - w) / 2), i64::from((side - h) / 2));
            let mut square = RgbImage::from_pixel(side, side, ring_mean(&inner));
            imageops::replace(&mut square, &inner, x, y);
            let placement = Placement {
                x: fraction(x),
                y: fraction(y),
                width: fraction(w.into()),
                height: fraction(h.into()),
            };
            (square, placement)
        }
        Fit::Crop => {
            let [w, h] =
                scaled(f64::from(side) / f64::from(width.min(height))).map(|length| length.max(side));
            let (x, y) = ((w - side) / 2, (h - side) / 2);
            // Only the visible part is computed: a long strip as a whole would not fit into memory.
            let (step_x, step_y) = (f64::from(width) / f64::from(w), f64::from(height) / f64::from(h));
            let (left, top) = (f64::from(x) * step_x, f64::from(y) * step_y);
            let window = [
                left,
                top,
                (f64::from(side) * step_x).min(f64::from(width) - left),
                (f64::from(side) * step_y).min(f64::from(height) - top),
            ];
            let placement = Placement {
                x: fraction(-i64::from(x)),
                y: fraction(-i64::from(y)),
                width: fraction(w.into()),
                height: fraction(h.into()),
            };
            (resample(photo, window, side, side, resize.filter), placement)
        }
        Fit::Stretch => {
            let placement = Placement { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
            (resample(photo, whole, side, side, resize.filter), placement)
        }
    }
}

/// The part `[left, top, width, height]` of the photo, in pixels of the file, resized to `w` × `h` with antialiasing. Agrees
/// with Pillow's `Image.resize` to within one level.
fn resample(photo: &Photo, [left, top, width, height]: [f64; 4], w: u32, h: u32, filter: Filter) -> RgbImage {
    let filter = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Bicubic => FilterType::CatmullRom, // Pillow's a = -0.5
        Filter::Lanczos => FilterType::Lanczos3,
    };
    let pixels = &photo.pixels;
    let (scale_x, scale_y) =
        (photo.window[2] / f64::from(photo.width), photo.window[3] / f64::from(photo.height));
    let (left, top) = (photo.window[0] + left * scale_x, photo.window[1] + top * scale_y);
    let (width, height) = (width * scale_x, height * scale_y);
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(left, top, width, height);
    let mut resized = RgbImage::new(w, h);
    let source = TypedImageRef::<U8x3>::from_buffer(pixels.width(), pixels.height(), pixels.as_raw())
        .expect("three bytes a pixel");
    let mut target = TypedImage::<U8x3>::from_buffer(w, h, &mut resized).expect("three bytes a pixel");
    Resizer::new().resize_typed(&source, &mut target, &options).expect("a window inside the photo");
    resized
}

/// Mean colour of the outermost ring of pixels, each counted once, rounded half up.
fn ring_mean(picture: &RgbImage) -> Rgb<u8> {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let mut sum = [0u64; 3];
    let mut count = 0;
    for (x, y, pixel) in picture.enumerate_pixels() {
        if x == 0 || y == 0 || x == right || y == bottom {
            for (sum, value) in sum.iter_mut().zip(pixel.0) {
                *sum += u64::from(value);
            }
            count += 1;
        }
    }
    Rgb(sum.map(|sum| ((sum + count / 2) / count) as u8))
}

use image::RgbImage;

/// An upright photo, perhaps reduced while it was decoded.
#[derive(Clone, Debug)]
pub struct Photo {
    pub pixels: RgbImage,
    /// Where the photo lies in `pixels`: left, top, width, height. If it was reduced, it may cover a part of the last column
    /// and row only.
    pub window: [f64; 4],
    /// Width of the upright photo in the file, in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

/// A photo that was not reduced.
impl From<RgbImage> for Photo {
    fn from(pixels: RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        Self { pixels, window: [0.0, 0.0, width.into(), height.into()], width, height }
    }
}

/// A colour with this alpha (0 to 255, not premultiplied), shown on white.
pub fn over_white(colour: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    colour.map(|colour| ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

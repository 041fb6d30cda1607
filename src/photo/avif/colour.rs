//! Luma and chroma planes → RGB (ITU-T H.273, 8.3).

use image::{GrayImage, RgbImage};

use super::{
    av1::{Chroma, Frame, Samples},
    container::{AvifError, Coding},
};

/// How three samples become red, green and blue (matrix coefficients).
#[derive(Clone, Copy)]
enum Matrix {
    /// They are green, blue and red themselves.
    Identity,
    /// The weights of red and blue in the luma.
    Weights {
        red: f32,
        blue: f32,
    },
    YCgCo,
}

impl Matrix {
    /// By its number in table 4; `None` if it is not supported. Unspecified ones count as BT.601, as in browsers.
    fn of(number: u16) -> Option<Self> {
        let (red, blue) = match number {
            0 => return Some(Self::Identity),
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            2 | 5 | 6 => (0.299, 0.114),
            7 => (0.212, 0.087),
            8 => return Some(Self::YCgCo),
            9 => (0.2627, 0.0593),
            _ => return None,
        };
        Some(Self::Weights { red, blue })
    }

    fn rgb(self, [y, u, v]: [f32; 3]) -> [f32; 3] {
        match self {
            Self::Identity => [v, y, u],
            Self::Weights { red, blue } => {
                let (to_red, to_blue) = (2.0 * (1.0 - red) * v, 2.0 * (1.0 - blue) * u);
                [y + to_red, y - (red * to_red + blue * to_blue) / (1.0 - red - blue), y + to_blue]
            }
            Self::YCgCo => [y - u + v, y + u, y - u - v],
        }
    }
}

/// The sample values that stand for 0 and 1.
#[derive(Clone, Copy)]
struct Range {
    zero: f32,
    one: f32,
}

impl Range {
    fn luma(depth: u32, is_full_range: bool) -> Self {
        let unit = (1 << (depth - 8)) as f32;
        if is_full_range {
            Self { zero: 0.0, one: 256.0 * unit - 1.0 }
        } else {
            Self { zero: 16.0 * unit, one: 219.0 * unit }
        }
    }

    fn chroma(depth: u32, is_full_range: bool) -> Self {
        let unit = (1 << (depth - 8)) as f32;
        let one = if is_full_range { 256.0 * unit - 1.0 } else { 224.0 * unit };
        Self { zero: 128.0 * unit, one }
    }

    /// A sample as a number from 0 to 1 (luma) or -0.5 to 0.5 (chroma).
    fn of(self, value: f32) -> f32 {
        (value - self.zero) / self.one
    }
}

/// The picture as RGB.
///
/// # Errors
///
/// [`AvifError::Rare`] if the coding of colours is not supported; [`AvifError::Damaged`] if it contradicts the planes.
pub fn rgb(frame: &Frame, coding: Coding) -> Result<RgbImage, AvifError> {
    let matrix = Matrix::of(coding.matrix)
        .ok_or(AvifError::Rare("its colours are coded in a way that is not known here"))?;
    let chroma = frame.chroma();
    if matches!(matrix, Matrix::Identity) && !matches!(chroma, Chroma::Full | Chroma::None) {
        return Err(AvifError::Damaged("green, blue and red are not of one size"));
    }
    let luma = Range::luma(frame.depth(), coding.is_full_range);
    let difference = match matrix {
        Matrix::Identity => luma,
        _ => Range::chroma(frame.depth(), coding.is_full_range),
    };
    let (width, height) = (frame.width(), frame.height());
    let mut picture = RgbImage::new(width as u32, height as u32);
    let mut colours = [vec![0.0; width], vec![0.0; width]];
    for (y, pixels) in picture.chunks_exact_mut(3 * width).enumerate() {
        let row = frame.row(0, y);
        if chroma == Chroma::None {
            for (x, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                pixel.fill(byte(luma.of(row.get(x))));
            }
            continue;
        }
        for (plane, colour) in colours.iter_mut().enumerate() {
            chroma_row(frame, plane + 1, y, colour);
        }
        for (x, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            let [u, v] = [0, 1].map(|plane: usize| difference.of(colours[plane][x]));
            pixel.copy_from_slice(&matrix.rgb([luma.of(row.get(x)), u, v]).map(byte));
        }
    }
    Ok(picture)
}

/// An auxiliary picture as alpha.
pub fn alpha(frame: &Frame) -> GrayImage {
    let scale = Range::luma(frame.depth(), frame.coding.is_full_range);
    GrayImage::from_fn(frame.width() as u32, frame.height() as u32, |x, y| {
        image::Luma([byte(scale.of(frame.row(0, y as usize).get(x as usize)))])
    })
}

/// A row of a chroma plane at the picture's full width. Where samples are farther apart than pixels it is interpolated linearly:
/// three quarters of the nearer sample and one quarter of the other.
fn chroma_row(frame: &Frame, plane: usize, y: usize, to: &mut [f32]) {
    let chroma = frame.chroma();
    if chroma == Chroma::Full {
        let row = frame.row(plane, y);
        to.iter_mut().enumerate().for_each(|(x, to)| *to = row.get(x));
        return;
    }
    let (near, far): (Samples, Samples) = if chroma == Chroma::Quarter {
        let (near, far) = neighbours(y, frame.height());
        (frame.row(plane, near), frame.row(plane, far))
    } else {
        (frame.row(plane, y), frame.row(plane, y))
    };
    let width = to.len();
    let column = |x| near.get(x) * 0.75 + far.get(x) * 0.25;
    for (x, to) in to.iter_mut().enumerate() {
        let (near, far) = neighbours(x, width);
        *to = column(near) * 0.75 + column(far) * 0.25;
    }
}

/// If there are half as many samples as pixels: the index of the sample nearest to a pixel, and of the one on its other side.
fn neighbours(at: usize, pixels: usize) -> (usize, usize) {
    let near = at / 2;
    let far =
        if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(pixels.div_ceil(2) - 1) };
    (near, far)
}

fn byte(value: f32) -> u8 {
    (value * 255.0).round() as u8
}

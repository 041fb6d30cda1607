//! How a file stores colours, and how they become red, green and blue.

use crate::{
    error::Error,
    frame::Frame,
    lanes::{I16x8, I32x4},
};

/// The colour space of a picture's components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourSpace {
    Grey,
    YCbCr,
    Rgb,
    /// Stored inverted (255 is no ink), as Photoshop does and other programs do after it.
    Cmyk,
    /// Inverted CMYK whose first three components are converted to YCbCr.
    Ycck,
}

/// What the application segments say about the colour space.
#[derive(Default)]
pub struct Hints {
    is_jfif: bool,
    /// The colour transform in Adobe's segment (APP14): 0 none, 1 YCbCr, 2 YCCK.
    adobe_transform: Option<u8>,
}

impl Hints {
    /// Reads segment APP`number`.
    pub fn read(&mut self, number: u8, segment: &[u8]) {
        match (number, segment.get(11)) {
            (0, Some(_)) => self.is_jfif |= segment.starts_with(b"JFIF\0"),
            (14, Some(&transform)) if segment.starts_with(b"Adobe") => self.adobe_transform = Some(transform),
            _ => {}
        }
    }

    /// libjpeg's rules: a JFIF file is YCbCr; otherwise Adobe's segment decides, then the components' ids.
    pub fn colour_space(&self, frame: &Frame) -> Result<ColourSpace, Error> {
        Ok(match (&frame.components[..], self.adobe_transform) {
            ([_], _) => ColourSpace::Grey,
            ([_, _, _], _) if self.is_jfif => ColourSpace::YCbCr,
            ([_, _, _], Some(0)) => ColourSpace::Rgb,
            ([_, _, _], Some(_)) => ColourSpace::YCbCr,
            ([r, g, b], None) if [r.id, g.id, b.id] == *b"RGB" => ColourSpace::Rgb,
            ([_, _, _], None) => ColourSpace::YCbCr,
            ([_, _, _, _], None | Some(0)) => ColourSpace::Cmyk,
            ([_, _, _, _], Some(_)) => ColourSpace::Ycck,
            _ => return Err(Error::Rare("it has two components, or more than four")),
        })
    }
}

/// Converts a row of pixels to RGB. Each component of the colour space has at least one value for each pixel; the others are
/// ignored.
pub fn write_rgb(space: ColourSpace, components: [&[u8]; 4], rgb: &mut [u8]) {
    let (pixels, _) = rgb.as_chunks_mut::<3>();
    let [a, b, c, d] = components.map(|component| &component[..pixels.len().min(component.len())]);
    let colours = a.iter().zip(b).zip(c);
    match space {
        ColourSpace::Grey => pixels.iter_mut().zip(a).for_each(|(pixel, &grey)| *pixel = [grey; 3]),
        ColourSpace::YCbCr => {
            let (many, _) = pixels.as_chunks_mut::<8>();
            let (y, cb, cr) = (a.as_chunks::<8>(), b.as_chunks::<8>(), c.as_chunks::<8>());
            for (((pixels, &y), &cb), &cr) in many.iter_mut().zip(y.0).zip(cb.0).zip(cr.0) {
                let (halves, _) = pixels.as_flattened_mut().as_chunks_mut::<12>();
                halves.copy_from_slice(&eight_from_ycbcr(y, cb, cr));
            }
            let rest = pixels.as_chunks_mut::<8>().1.iter_mut();
            for (((pixel, &y), &cb), &cr) in rest.zip(y.1).zip(cb.1).zip(cr.1) {
                *pixel = from_ycbcr(y, cb, cr);
            }
        }
        ColourSpace::Rgb => {
            pixels.iter_mut().zip(colours).for_each(|(pixel, ((&r, &g), &b))| *pixel = [r, g, b]);
        }
        ColourSpace::Cmyk => {
            for ((pixel, ((&c, &m), &y)), &k) in pixels.iter_mut().zip(colours).zip(d) {
                *pixel = [c, m, y].map(|ink| darkened(ink, k));
            }
        }
        ColourSpace::Ycck => {
            for ((pixel, ((&y, &cb), &cr)), &k) in pixels.iter_mut().zip(colours).zip(d) {
                *pixel = from_ycbcr(y, cb, cr).map(|complement| darkened(255 - complement, k));
            }
        }
    }
}

/// JFIF 1.02, "Conversion to and from RGB", in fixed point with 16 fraction bits, rounded as in libjpeg.
#[inline(always)]
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let [y, cb, cr] = [i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128];
    [
        y + ((91881 * cr + HALF) >> 16),               // 1.402
        y + ((-22554 * cb - 46802 * cr + HALF) >> 16), // 0.34414 and 0.71414
        y + ((116130 * cb + HALF) >> 16),              // 1.772
    ]
    .map(|value| value.clamp(0, 255) as u8)
}

/// [`from_ycbcr`] for eight pixels at once. Factors are split so that the rest fits into 16 bits: 1.402 is 1 + 0.402,
/// 0.71414 is 1 - 0.28586, 1.772 is 2 - 0.228.
#[inline(always)]
fn eight_from_ycbcr(y: [u8; 8], cb: [u8; 8], cr: [u8; 8]) -> [[u8; 12]; 2] {
    let y = I16x8::from(y);
    let cb = I16x8::from(cb) - I16x8::splat(128);
    let cr = I16x8::from(cr) - I16x8::splat(128);
    let high = |[first, last]: [I16x8; 2], a, b, more| {
        let product = |pairs: I16x8| (pairs.dot(a, b) + I32x4::splat(more)).shift::<16>();
        I32x4::narrow([product(first), product(last)])
    };
    const HALF: i32 = 1 << 15;
    let none = I16x8::splat(0);
    let r = (y + cr + high(cr.interleave(none), 26345, 0, HALF)).clamp(0, 255);
    let g = (y - cr + high(cb.interleave(cr), -22554, 18734, HALF)).clamp(0, 255);
    let b = (y + cb + cb + high(cb.interleave(none), -14942, 0, HALF)).clamp(0, 255);
    let [first, last] = (r + g * I16x8::splat(256)).interleave(b);
    [first.pairs().low_24(), last.pairs().low_24()]
}

/// The brightness left by an ink and black, both inverted.
fn darkened(ink: u8, black: u8) -> u8 {
    ((u16::from(ink) * u16::from(black) + 127) / 255) as u8
}

use std::f64::consts::PI;

use image::RgbImage;

use super::{Filter, Fingerprint, Fit, Measurements, Photo, Resize, to_square};

/// Side in pixels of the square on which sharpness is measured, the same for all photos, since sharpness depends on it.
const SIDE: u32 = 224;
/// Side in pixels of the square that the fingerprint is made of.
const SMALL: usize = 64;
/// How many of the lowest frequencies in each direction make up the fingerprint.
const KEPT: usize = 16;

impl Measurements {
    /// Side of the square that is measured, in pixels. A photo may be reduced before as far as for a network with such an input.
    pub const SIDE: u32 = SIDE;

    /// Measures an upright photo.
    ///
    /// # Panics
    ///
    /// If it has no pixels.
    pub fn of(photo: &Photo) -> Self {
        let resized = |photo, side, filter| to_square(photo, side, Resize { fit: Fit::Stretch, filter }).0;
        let picture = resized(photo, SIDE, Filter::Bilinear);
        let sharpness = sharpness(&luma(&picture));
        // Made of the first square rather than of the photo: quicker, and at most a few bits differ.
        let small = resized(&picture.into(), SMALL as u32, Filter::Lanczos);
        Self { sharpness, fingerprint: fingerprint(&luma(&small)) }
    }
}

/// Luma as Pillow computes it (ITU-R BT.601), 0 to 255, row by row.
fn luma(picture: &RgbImage) -> Vec<f32> {
    let weights = [0.299, 0.587, 0.114];
    let of = |pixel: &image::Rgb<u8>| {
        pixel.0.iter().zip(weights).map(|(&value, weight)| f32::from(value) * weight).sum()
    };
    picture.pixels().map(of).collect()
}

fn sharpness(luma: &[f32]) -> f32 {
    let side = SIDE as usize;
    let (mut sum, mut squares) = (0f64, 0f64);
    for rows in luma.windows(3 * side).step_by(side) {
        for x in 1..side - 1 {
            let around = rows[x] + rows[side + x - 1] + rows[side + x + 1] + rows[2 * side + x];
            let edge = f64::from(around - 4.0 * rows[side + x]);
            sum += edge;
            squares += edge * edge;
        }
    }
    let count = ((side - 2) * (side - 2)) as f64;
    (squares / count - (sum / count).powi(2)) as f32
}

/// Of the picture's cosine transform, each bit says whether one of the lowest frequencies is above their median.
fn fingerprint(luma: &[f32]) -> Fingerprint {
    let cosine =
        |frequency: usize, place: usize| (PI / SMALL as f64 * frequency as f64 * (place as f64 + 0.5)).cos();
    let cosines: Vec<[f64; SMALL]> =
        (0..KEPT).map(|frequency| std::array::from_fn(|place| cosine(frequency, place))).collect();
    let transform = |line: &[f64; SMALL]| -> [f64; KEPT] {
        std::array::from_fn(|frequency| line.iter().zip(cosines[frequency]).map(|(a, b)| a * b).sum())
    };
    let across: Vec<[f64; KEPT]> =
        luma.chunks_exact(SMALL).map(|row| transform(&std::array::from_fn(|x| f64::from(row[x])))).collect();
    // [frequency down][frequency across]
    let mut low = [[0f64; KEPT]; KEPT];
    for x in 0..KEPT {
        let down = transform(&std::array::from_fn(|y| across[y][x]));
        for (y, value) in down.into_iter().enumerate() {
            low[y][x] = value;
        }
    }
    low[0][0] = 0.0; // the mean brightness says nothing about the content
    let mut sorted = low.concat();
    sorted.sort_by(f64::total_cmp);
    let median = (sorted[KEPT * KEPT / 2 - 1] + sorted[KEPT * KEPT / 2]) / 2.0;
    let mut bits = [0u32; 8];
    for (number, value) in low.iter().flatten().enumerate() {
        bits[number / 32] |= u32::from(*value > median) << (31 - number % 32);
    }
    Fingerprint(bits)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Instant};

    use image::{Rgb, imageops};

    use super::*;
    use crate::photo::{Limits, decode};

    fn fixture(name: &str) -> Photo {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        decode(&fs::read(file).unwrap(), &Limits::default()).unwrap().into()
    }

    /// From the form that `duplicates.to_hex` writes.
    fn from_hex(text: &str) -> Fingerprint {
        Fingerprint(std::array::from_fn(|place| {
            u32::from_str_radix(&text[8 * place..8 * place + 8], 16).unwrap()
        }))
    }

    #[test]
    fn fingerprints_are_those_of_the_command_line() {
        for (name, expected) in [
            ("polo-shirt.jpg", "7cbc9a58d78bb43c8af15f813d4fe47670aec2f027919f10ca125a0e8d6e2c6c"),
            ("orientation-6.jpg", "7cbc9a58d78bb43c8af15f813d4fe47670aec2f027919f10ca125a0e8d6e2c6c"),
            ("grey.jpg", "7d39762e91f3c9d186ccc9e3d646c989d64fd948966e9333ba63324c2948329c"),
            ("shoes.jpg", "bf3bf843c29207ffcbf064013c0f9ad6c53e6c61d8e3079cc214b0432d3fcc6a"),
            ("alpha.png", "adf88f46d307e4788cd899c173273637b078c9cbc3c06605860f9cdecd3b7930"),
            ("photo.webp", "bf3bf843c29207ffcbf064013c0f9ad6c53e6c61d8e3079cc214b0432d3fcc6a"),
        ] {
            let distance = Measurements::of(&fixture(name)).fingerprint.distance(from_hex(expected));
            assert!(distance <= 4, "{name}: {distance} bits differ");
        }
    }

    #[test]
    fn copies_are_near_and_other_photos_are_not() {
        let photo = fixture("jeans.jpg").pixels;
        let original = Measurements::of(&photo.clone().into()).fingerprint;
        let small = imageops::thumbnail(&photo, 300, 400);
        let light = imageops::colorops::brighten(&photo, 25);
        for copy in [small, light] {
            assert!(Measurements::of(&copy.into()).fingerprint.is_near(original));
        }
        for other in ["shirt.jpg", "socks.jpg", "not-clothing.jpg"] {
            assert!(Measurements::of(&fixture(other)).fingerprint.distance(original) > 60, "{other}");
        }
    }

    #[test]
    fn the_more_a_photo_is_blurred_the_less_sharp_it_is() {
        let photo = fixture("t-shirt.jpg").pixels;
        let sharpness = |picture: RgbImage| Measurements::of(&picture.into()).sharpness;
        let values = [0.0, 3.0, 8.0, 20.0].map(|radius| match radius {
            0.0 => sharpness(photo.clone()),
            radius => sharpness(imageops::blur(&photo, radius)),
        });
        assert!(values.is_sorted_by(|a, b| a > b), "{values:?}");
        assert_eq!(sharpness(RgbImage::from_pixel(50, 70, Rgb([90, 120, 30]))), 0.0);
    }

    #[test]
    fn sharpness_is_the_variance_of_the_laplacian() {
        // A lone bright pixel: -4 on it, 1 beside it, times its brightness.
        let mut luma = vec![0.0; (SIDE * SIDE) as usize];
        luma[(100 * SIDE + 100) as usize] = 10.0;
        let expected = (1600.0 + 4.0 * 100.0) / f64::from((SIDE - 2) * (SIDE - 2));
        assert!((f64::from(sharpness(&luma)) - expected).abs() < 1e-6);
        // One on the rim is seen by its inner neighbour alone.
        luma.fill(0.0);
        luma[(SIDE * SIDE - 50) as usize] = 10.0;
        let expected = 100.0 / f64::from((SIDE - 2) * (SIDE - 2));
        assert!((f64::from(sharpness(&luma)) - expected).abs() < 1e-4);
    }

    #[test]
    fn the_smallest_and_the_longest_can_be_measured() {
        for (width, height) in [(1, 1), (3, 2), (1, 4000), (4000, 1)] {
            let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x + y) as u8, 9, 9]));
            assert!(Measurements::of(&picture.into()).sharpness >= 0.0);
        }
    }

    /// Prints the time; nothing is asserted, since it depends on the machine.
    #[test]
    fn the_time_it_takes() {
        let photo: Photo = imageops::thumbnail(&fixture("jeans.jpg").pixels, 504, 378).into();
        let begin = Instant::now();
        for _ in 0..100 {
            std::hint::black_box(Measurements::of(std::hint::black_box(&photo)));
        }
        println!("A photo is measured in {:.2} ms.", begin.elapsed().as_secs_f64() * 10.0);
    }
}

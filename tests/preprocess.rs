//! Preprocessing equals that of training, which fitted the squares of fixtures/squares.png (by fixtures/squares.py).

use clothing_classifier::{
    classifier::{Filter, Fit, Placement, Resize, normalise, to_square},
    photo::{Limits, decode},
};
use image::{Rgb, RgbImage, imageops};

const SIDE: u32 = 16;
const SHAPES: [(u32, u32); 6] = [(37, 61), (300, 20), (5, 7), (640, 480), (1, 90), (16, 16)];

/// Tiles of noise and of ramps, the same as in squares.py, which says why they are clear of black and white.
fn picture(width: u32, height: u32) -> RgbImage {
    let value = |x: u32, y: u32, channel: u32| {
        if (x / 8 + y / 8).is_multiple_of(2) {
            let noise = x.wrapping_mul(73856093) ^ y.wrapping_mul(19349663) ^ channel.wrapping_mul(83492791);
            (noise ^ (noise >> 13)).wrapping_mul(0x5BD1_E995) >> 24
        } else {
            (x * 3 + y * 5 + channel * 60) & 255
        }
    };
    RgbImage::from_fn(width, height, |x, y| Rgb([0, 1, 2].map(|channel| 64 + value(x, y, channel) as u8 / 2)))
}

#[test]
fn squares_are_pillows_to_within_one_level() {
    let expected = decode(include_bytes!("fixtures/squares.png"), &Limits::default()).unwrap();
    let mut top = 0;
    for fit in [Fit::Pad, Fit::Crop, Fit::Stretch] {
        for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
            for (width, height) in SHAPES {
                let expected = imageops::crop_imm(&expected, 0, top, SIDE, SIDE).to_image();
                top += SIDE;
                let (square, _) = to_square(&picture(width, height), SIDE, Resize { fit, filter });
                let difference = square.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(difference <= Some(1), "{fit:?} {filter:?} {width} x {height}: {difference:?}");
            }
        }
    }
    assert_eq!(top, expected.height());
}

#[test]
fn the_photos_place_on_the_square_is_known() {
    let place = |fit, width, height| {
        to_square(&picture(width, height), SIDE, Resize { fit, filter: Filter::Bilinear }).1
    };
    let whole = Placement { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    assert_eq!(place(Fit::Pad, 64, 32), Placement { x: 0.0, y: 0.25, width: 1.0, height: 0.5 });
    assert_eq!(place(Fit::Pad, 32, 64), Placement { x: 0.25, y: 0.0, width: 0.5, height: 1.0 });
    assert_eq!(place(Fit::Crop, 64, 32), Placement { x: -0.5, y: 0.0, width: 2.0, height: 1.0 });
    assert_eq!(place(Fit::Crop, 32, 64), Placement { x: 0.0, y: -0.5, width: 1.0, height: 2.0 });
    for fit in [Fit::Pad, Fit::Crop] {
        assert_eq!(place(fit, 40, 40), whole);
    }
    assert_eq!(place(Fit::Stretch, 64, 32), whole);
}

#[test]
fn padding_has_the_mean_colour_of_the_photos_border() {
    let mut photo = RgbImage::from_pixel(16, 8, Rgb([100, 0, 7]));
    for x in 0..16 {
        photo.put_pixel(x, 0, Rgb([200, 1, 7]));
    }
    for x in 1..15 {
        photo.put_pixel(x, 4, Rgb([255; 3])); // inside the ring: of no account
    }
    let (square, _) = to_square(&photo, 16, Resize { fit: Fit::Pad, filter: Filter::Bilinear });
    // 16 of the ring's 44 pixels are in the first row.
    assert_eq!(square.get_pixel(0, 0), &Rgb([136, 0, 7]));
    assert_eq!(square.get_pixel(15, 15), &Rgb([136, 0, 7]));
    assert_eq!(square.get_pixel(0, 4), &Rgb([200, 1, 7]));
}

/// A strip, which as a whole would take gigabytes at the crop's scale.
#[test]
fn strips_are_cropped_without_enlarging_the_whole() {
    let strip = RgbImage::from_pixel(100_000, 1, Rgb([9, 8, 7]));
    for fit in [Fit::Pad, Fit::Crop] {
        let (square, _) = to_square(&strip, 224, Resize { fit, filter: Filter::Lanczos });
        assert_eq!(square, RgbImage::from_pixel(224, 224, Rgb([9, 8, 7])));
    }
}

#[test]
fn pixels_are_normalised_channel_by_channel() {
    let square = RgbImage::from_raw(2, 1, vec![0, 51, 255, 255, 102, 0]).unwrap();
    let planes = normalise(&square, [0.5, 0.2, 0.0], [0.5, 0.1, 2.0]);
    let expected = [-1.0, 1.0, 0.0, 2.0, 0.5, 0.0];
    assert_eq!(planes.len(), expected.len());
    assert!(planes.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{planes:?}");
}

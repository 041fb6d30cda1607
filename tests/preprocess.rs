//! Preprocessing agrees with that of training, which made fixtures/squares.png (with fixtures/squares.py).

use clothing_classifier::{
    classifier::normalise,
    photo::{Filter, Fit, Limits, Photo, Placement, Resize, decode, decode_reduced, to_square},
};
use image::{ImageEncoder, Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

const SIDE: u32 = 16;
const SHAPES: [(u32, u32); 6] = [(37, 61), (300, 20), (5, 7), (640, 480), (1, 90), (16, 16)];

/// Tiles of noise and of ramps, the same as in squares.py, which explains why they avoid black and white.
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
fn squares_agree_with_pillow_to_within_one_level() {
    let expected = decode(include_bytes!("fixtures/squares.png"), &Limits::default()).unwrap();
    let mut top = 0;
    for fit in [Fit::Pad, Fit::Crop, Fit::Stretch] {
        for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
            for (width, height) in SHAPES {
                let expected = imageops::crop_imm(&expected, 0, top, SIDE, SIDE).to_image();
                top += SIDE;
                let (square, _) = to_square(&picture(width, height).into(), SIDE, Resize { fit, filter });
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
        to_square(&picture(width, height).into(), SIDE, Resize { fit, filter: Filter::Bilinear }).1
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
        photo.put_pixel(x, 4, Rgb([255; 3])); // inside the border: ignored
    }
    let (square, _) = to_square(&photo.into(), 16, Resize { fit: Fit::Pad, filter: Filter::Bilinear });
    // 16 of the border's 44 pixels are in the first row.
    assert_eq!(square.get_pixel(0, 0), &Rgb([136, 0, 7]));
    assert_eq!(square.get_pixel(15, 15), &Rgb([136, 0, 7]));
    assert_eq!(square.get_pixel(0, 4), &Rgb([200, 1, 7]));
}

/// A strip that would take gigabytes if all of it were enlarged to the crop's scale.
#[test]
fn strips_are_cropped_without_enlarging_the_whole() {
    let strip = Photo::from(RgbImage::from_pixel(100_000, 1, Rgb([9, 8, 7])));
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

/// A picture like a photo: shading, folds, a weave finer than the square's pixels.
fn cloth(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let fold = 20.0 * (17.0 * u + 9.0 * v + (11.0 * v).sin()).sin();
        let weave = if (x ^ y) & 2 == 0 { 6.0 } else { -6.0 };
        let garment = if (u - 0.5).abs() < 0.2 + 0.1 * v && (v - 0.5).abs() < 0.35 { 60.0 } else { 0.0 };
        Rgb([180.0 - garment, 160.0 - 0.5 * garment + 20.0 * u, 150.0 + 0.5 * garment]
            .map(|value| (value + fold + weave) as u8))
    })
}

/// Encodes with an EXIF orientation.
fn jpeg(photo: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.encode_image(photo).unwrap();
    bytes
}

#[test]
fn reduced_photos_give_nearly_the_same_squares() {
    for (width, height, reduced_to) in
        [(900, 700, (450, 350)), (1801, 1203, (451, 301)), (2000, 3589, (250, 449))]
    {
        for orientation in 1..=8 {
            let bytes = jpeg(&cloth(width, height), orientation);
            let resize = Resize { fit: Fit::Pad, filter: Filter::Bilinear };
            let whole = Photo::from(decode(&bytes, &Limits::default()).unwrap());
            let reduced = decode_reduced(&bytes, &Limits::default(), resize.min_size(224)).unwrap();
            let (short, long) = (reduced_to.0.min(reduced_to.1), reduced_to.0.max(reduced_to.1));
            let (w, h) = reduced.pixels.dimensions();
            assert_eq!((w.min(h), w.max(h)), (short, long));
            assert_eq!((reduced.width, reduced.height), (whole.width, whole.height));
            let ((whole, place), (reduced, other)) =
                (to_square(&whole, 224, resize), to_square(&reduced, 224, resize));
            assert_eq!(place, other);
            let differences = || whole.iter().zip(reduced.iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
            let mean = differences().sum::<f64>() / whole.len() as f64;
            let largest = differences().fold(0.0, f64::max);
            println!(
                "{width} × {height} turned by {orientation}: {mean:.2} levels in the mean, {largest} at most"
            );
            assert!(mean < 1.0 && largest < 13.0, "{mean} {largest}");
        }
    }
}

//! Decoding of pictures that the tests create.

#[path = "files/encode.rs"]
mod encode;
#[path = "files/kinds.rs"]
mod kinds;

use clothing_classifier::{
    photo::{Error, Format, Limits, decode, preview, sniff},
    words::Explained,
};
use encode::{
    BLUE, Bmp, GREEN, PLAIN_BMP, RED, WHITE, animated_gif, animated_webp, encode, exif, png, png_file,
    quarters, with_exif,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

fn decode_all(file: &[u8]) -> Result<RgbImage, Error> {
    decode(file, &Limits::default())
}

#[track_caller]
fn assert_similar(found: &RgbImage, expected: &RgbImage, tolerance: u8) {
    assert_eq!(found.dimensions(), expected.dimensions());
    let difference = found.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(difference <= Some(tolerance), "differs by {difference:?}");
}

#[test]
fn the_eight_orientations_come_out_upright() {
    let upright = quarters();
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        for orientation in 1..=8 {
            for big_endian in [false, true] {
                let file = with_exif(
                    &kinds::stored_as(&upright, orientation),
                    format,
                    exif(orientation, big_endian),
                );
                assert_similar(&decode_all(&file).unwrap(), &upright, 12);
            }
        }
    }
}

#[test]
fn broken_exif_leaves_the_photo_as_it_is() {
    let picture = quarters();
    for block in [exif(0, false), exif(9, true), b"II*\0\xFF\xFF\xFF\xFF".to_vec(), b"no TIFF".to_vec()] {
        assert_similar(&decode_all(&with_exif(&picture, Format::Jpeg, block)).unwrap(), &picture, 12);
    }
}

#[test]
fn every_format_is_decoded_whatever_its_colours() {
    let picture = DynamicImage::from(quarters());
    for (format, tolerance) in [
        (ImageFormat::Jpeg, 40), // lossy, at the edges between colours
        (ImageFormat::Png, 0),
        (ImageFormat::WebP, 0),
        (ImageFormat::Gif, 8),
    ] {
        let file = encode(&picture, format);
        assert_similar(&decode_all(&file).unwrap(), picture.as_rgb8().unwrap(), tolerance);
    }

    let grey = picture.to_luma8();
    let expected = DynamicImage::from(grey.clone()).into_rgb8();
    assert_similar(&decode_all(&encode(&grey.clone().into(), ImageFormat::Jpeg)).unwrap(), &expected, 12);
    assert_similar(&decode_all(&encode(&grey.into(), ImageFormat::Png)).unwrap(), &expected, 0);
    let deep = DynamicImage::from(picture.to_rgb16());
    assert_similar(&decode_all(&encode(&deep, ImageFormat::Png)).unwrap(), picture.as_rgb8().unwrap(), 0);
}

#[test]
fn a_palette_is_looked_up() {
    // Two bits for each pixel: red, green, blue, white.
    let file = png(4, 1, 2, 3, &[(b"PLTE", [RED, GREEN, BLUE, WHITE].concat())], &[0, 0b00_01_10_11]);
    let expected = RgbImage::from_raw(4, 1, [RED, GREEN, BLUE, WHITE].concat()).unwrap();
    assert_eq!(decode_all(&file).unwrap(), expected);
}

#[test]
fn transparency_is_shown_on_white() {
    let picture = RgbaImage::from_fn(4, 4, |x, _| Rgba([0, 100, 200, [0, 51, 128, 255][x as usize]]));
    let expected = RgbImage::from_fn(4, 4, |x, _| {
        Rgb([[255, 255, 255], [204, 224, 244], [127, 177, 227], [0, 100, 200]][x as usize])
    });
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_similar(&decode_all(&encode(&picture.clone().into(), format)).unwrap(), &expected, 0);
    }
    let deep = DynamicImage::from(DynamicImage::from(picture).to_rgba16());
    assert_similar(&decode_all(&encode(&deep, ImageFormat::Png)).unwrap(), &expected, 0);
    // One colour of the palette is transparent.
    let file = png(2, 1, 8, 3, &[(b"PLTE", [RED, GREEN].concat()), (b"tRNS", vec![0])], &[0, 0, 1]);
    assert_eq!(decode_all(&file).unwrap().into_raw(), [WHITE, GREEN].concat());
}

#[test]
fn cmyk_becomes_rgb() {
    // Made with Pillow: Image.new("CMYK", (16, 16), (0, 200, 150, 20)), which converts it to (235, 51, 97).
    let photo = decode_all(include_bytes!("fixtures/formats/cmyk.jpg")).unwrap();
    assert_similar(&photo, &RgbImage::from_pixel(16, 16, Rgb([235, 51, 97])), 4);
}

#[test]
fn progressive_jpegs_are_decoded() {
    // Made with Pillow: the quarters above, progressive, quality 95, colour at full resolution.
    let photo = decode_all(include_bytes!("fixtures/formats/progressive.jpg")).unwrap();
    assert_similar(&photo, &quarters(), 12);
}

#[test]
fn animations_show_their_first_frame() {
    let frames = [RED, BLUE].map(|[r, g, b]| RgbaImage::from_pixel(8, 8, Rgba([r, g, b, 255])));
    let expected = RgbImage::from_pixel(8, 8, Rgb(RED));

    assert_similar(&decode_all(&animated_gif(&frames)).unwrap(), &expected, 4);

    let webp = animated_webp(&frames);
    assert_similar(&decode_all(&webp).unwrap(), &expected, 1); // frames are blended in integers
}

/// All kinds of files on which decoders differ.
#[test]
fn pictures_are_read_as_browsers_show_them() {
    let kinds = kinds::all();
    let faults: Vec<_> = kinds.iter().filter_map(|kind| kind.fault(&decode_all(&kind.file))).collect();
    assert!(faults.is_empty(), "{} of {}: {faults:#?}", faults.len(), kinds.len());
    let chromiums = kinds.iter().filter(|kind| kind.in_chromium).count();
    println!("{} kinds of files, {chromiums} of them as Chromium shows them", kinds.len());
}

#[test]
fn a_png_that_does_not_begin_with_its_header_has_no_size() {
    let header = || (b"IHDR", b"\0\0\0\x30\0\0\0\x20\x08\x02\0\0\0".to_vec());
    let xcode =
        png_file(&[(b"CgBI", vec![0x50, 0, 0x20, 2]), header(), (b"IDAT", vec![1; 40]), (b"IEND", vec![])]);
    let error = decode_all(&xcode).unwrap_err();
    assert!(matches!(error, Error::Rare { format: Format::Png, .. }), "{error:?}");
    let late = png_file(&[(b"gAMA", vec![0xFF; 60]), header(), (b"IEND", vec![])]);
    let error = decode_all(&late).unwrap_err();
    assert!(matches!(error, Error::Damaged { format: Format::Png, .. }), "{error:?}");
}

/// Browsers disagree on whether to turn these; all other files are shown as they are.
#[test]
fn files_turned_by_exif_have_a_preview_unless_they_are_jpegs() {
    let picture = image::imageops::resize(&quarters(), 480, 320, image::imageops::FilterType::Nearest);
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        for orientation in 0..=9 {
            let file = with_exif(&kinds::stored_as(&picture, orientation), format, exif(orientation, true));
            let photo = decode_all(&file).unwrap();
            let preview = preview(sniff(&file).unwrap(), &file, &photo.clone().into(), 240);
            if format == Format::Jpeg || !(2..=8).contains(&orientation) {
                assert_eq!(preview, None, "{format} {orientation}");
            } else {
                let half = image::imageops::thumbnail(&photo, 240, 160);
                let shown = decode_all(&preview.expect("a preview")).unwrap();
                assert_similar(&shown, &half, 90);
                for (x, y, colour) in [(60, 40, RED), (180, 40, GREEN), (60, 120, BLUE), (180, 120, WHITE)] {
                    let differs = shown.get_pixel(x, y).0.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > 12);
                    assert!(!differs, "{format} {orientation}: {:?}", shown.get_pixel(x, y));
                }
            }
        }
    }
}

#[test]
fn files_that_are_no_photos_are_refused() {
    assert_eq!(decode_all(b""), Err(Error::Empty));
    assert_eq!(decode_all(b"To whom it may concern"), Err(Error::NotAPhoto));
    let heic = decode_all(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap_err();
    assert_eq!(heic, Error::Unsupported(Format::Heic));
    assert_eq!(
        heic.explanation(),
        "This is a HEIC photo, the format that iPhones use, which cannot be read here. Share or export it as JPEG; \
         for new photos to be JPEG, set Settings > Camera > Formats > Most Compatible on the iPhone."
    );
}

#[test]
fn too_many_bytes_are_refused() {
    let limits = Limits { bytes: 10, ..Limits::default() };
    let file = encode(&quarters().into(), ImageFormat::Png);
    assert_eq!(decode(&file, &limits), Err(Error::TooManyBytes { bytes: file.len() as u64, limit: 10 }));
}

/// Files of a few hundred bytes that claim 65500 x 65500 pixels, 12.9 GB.
#[test]
fn decompression_bombs_are_refused_before_they_take_memory() {
    let refused = |width, height| Err(Error::TooManyPixels { width, height, limit: 100_000_000 });
    let small = DynamicImage::from(quarters());

    let png = png(65500, 65500, 8, 2, &[], &[0; 100]);
    assert_eq!(decode_all(&png), refused(65500, 65500));

    let mut jpeg = encode(&small, ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    assert_eq!(decode_all(&jpeg), refused(65500, 65500));

    let mut gif = encode(&small, ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xDC, 0xFF, 0xDC, 0xFF]);
    assert_eq!(decode_all(&gif), refused(65500, 65500));

    let bmp = Bmp { width: 65500, height: 65500, ..PLAIN_BMP }.file();
    assert_eq!(decode_all(&bmp), refused(65500, 65500));

    // WebP is limited to 16383 x 16383, which is still 268 million pixels.
    let mut webp = animated_webp(&[RgbaImage::new(8, 8)]);
    webp[24..30].copy_from_slice(&[0xFE, 0x3F, 0, 0xFE, 0x3F, 0]);
    assert_eq!(decode_all(&webp), refused(16383, 16383));

    // A small canvas whose only frame is large.
    let mut gif = encode(&small, ImageFormat::Gif);
    let frame = gif.iter().rposition(|&byte| byte == b',').unwrap();
    gif[frame + 5..frame + 9].copy_from_slice(&[0xDC, 0xFF, 0xDC, 0xFF]);
    assert_eq!(decode_all(&gif), refused(65500, 65500));
}

#[test]
fn the_limit_itself_is_allowed() {
    let file = encode(&quarters().into(), ImageFormat::Png);
    assert!(decode(&file, &Limits { pixels: 48 * 32, ..Limits::default() }).is_ok());
    assert!(decode(&file, &Limits { pixels: 48 * 32 - 1, ..Limits::default() }).is_err());
}

#[test]
fn a_jpeg_cut_short_shows_what_is_there() {
    let picture = RgbImage::from_fn(200, 200, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let file = encode(&picture.clone().into(), ImageFormat::Jpeg);
    let whole = decode_all(&file).unwrap();
    let cut = decode_all(&file[..file.len() * 3 / 4]).unwrap();
    assert_eq!(cut.dimensions(), (200, 200));
    assert_eq!(cut.as_raw()[..200 * 100 * 3], whole.as_raw()[..200 * 100 * 3]);
}

#[test]
fn files_cut_off_before_the_picture_are_damaged() {
    let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    let mut files = formats.map(|format| encode(&quarters().into(), format)).to_vec();
    files.push(PLAIN_BMP.file());
    files.push(include_bytes!("fixtures/avif/turned.avif").to_vec());
    for file in files {
        let error = decode_all(&file[..20]).unwrap_err();
        assert!(matches!(&error, Error::Damaged { .. }), "{error:?}");
        assert_eq!(
            error.cause(),
            format!("This {} picture is damaged or a part of it is missing.", sniff(&file).unwrap())
        );
    }
}

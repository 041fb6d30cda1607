//! Kinds of files on which decoders differ, each with the picture expected: the one that Chromium shows.

use clothing_classifier::photo::Format;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, imageops};

use super::encode::{
    BLUE, Bmp, GREEN, PLAIN_BMP, RED, WHITE, encode, exif, png_file, quarters, riff_chunk, webp, with_exif,
};

/// A file and its picture.
pub struct Shown {
    pub name: String,
    pub file: Vec<u8>,
    pub picture: RgbImage,
    /// Allowed difference in levels: mean and maximum.
    pub tolerance: (f64, u8),
    /// Whether Chromium shows this picture.
    pub in_chromium: bool,
}

impl Shown {
    /// Describes how a decoded picture differs from the one expected.
    pub fn fault<E: std::fmt::Debug>(&self, read: &Result<RgbImage, E>) -> Option<String> {
        let read = match read {
            Ok(read) if read.dimensions() == self.picture.dimensions() => read,
            Ok(read) => {
                return Some(format!(
                    "{}: {:?}, not {:?}",
                    self.name,
                    read.dimensions(),
                    self.picture.dimensions()
                ));
            }
            Err(error) => return Some(format!("{}: {error:?}", self.name)),
        };
        let differences = || read.iter().zip(self.picture.iter()).map(|(a, b)| a.abs_diff(*b));
        let mean = differences().map(f64::from).sum::<f64>() / read.len() as f64;
        let most = differences().max()?;
        (mean > self.tolerance.0 || most > self.tolerance.1)
            .then(|| format!("{}: differs by {mean:.2} on average, {most} at most", self.name))
    }
}

const EXACT: (f64, u8) = (0.0, 0);
/// For colours converted from YCbCr.
const ALIKE: (f64, u8) = (0.5, 4);

fn shown(name: impl Into<String>, file: Vec<u8>, picture: &RgbImage, tolerance: (f64, u8)) -> Shown {
    Shown { name: name.into(), file, picture: picture.clone(), tolerance, in_chromium: true }
}

pub fn all() -> Vec<Shown> {
    [webps(), turned(), gifs(), bmps(), avifs()].into_iter().flatten().collect()
}

/// The chunks of a WebP file with nothing but its picture.
fn parts(file: &[u8]) -> Vec<u8> {
    file[12..].to_vec()
}

/// The data of a VP8X chunk.
fn header(flags: u8, width: u32, height: u32) -> Vec<u8> {
    [&[flags, 0, 0, 0], &(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat()
}

/// Headers that announce missing chunks, chunks that were not announced, and wrong sizes.
fn webps() -> Vec<Shown> {
    let lossless = encode(&quarters().into(), ImageFormat::WebP);
    let lossy = include_bytes!("../fixtures/formats/lossy.webp").to_vec();
    let clear = RgbaImage::from_fn(48, 32, |x, y| Rgba([200, 30, 90, (5 * x + y) as u8]));
    let on_white = RgbImage::from_fn(48, 32, |x, y| {
        let alpha = u32::from(clear.get_pixel(x, y)[3]);
        Rgb([200u32, 30, 90].map(|colour| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
    });
    let clear = encode(&clear.into(), ImageFormat::WebP);
    let mut files = Vec::new();
    for (what, plain, tolerance) in [("lossless", &lossless, EXACT), ("lossy", &lossy, ALIKE)] {
        let picture = image::load_from_memory(plain).unwrap().into_rgb8();
        let (width, height) = picture.dimensions();
        let named = |name: &str| format!("{what}, {name}.webp");
        let upright = riff_chunk(b"EXIF", &exif(1, false));
        let extra = [riff_chunk(b"EXIF", &exif(1, true)), riff_chunk(b"XMP ", b"<x/>")].concat();
        // ICC profile, alpha, EXIF, XMP, animation: one by one, and all at once.
        for flags in [0x20, 0x10, 0x08, 0x04, 0x02, 0x3E] {
            let header = riff_chunk(b"VP8X", &header(flags, width, height));
            let file = webp(&[&header, &parts(plain)]);
            // Chromium shows no picture if the animation's chunks are missing.
            files.push(Shown {
                in_chromium: flags & 2 == 0,
                ..shown(named(&format!("flags {flags:#x} only")), file, &picture, tolerance)
            });
            let file = webp(&[&header, &parts(plain), &extra]);
            files.push(Shown {
                in_chromium: flags & 2 == 0,
                ..shown(named(&format!("flags {flags:#x} with EXIF and XMP")), file, &picture, tolerance)
            });
        }
        let true_header = riff_chunk(b"VP8X", &header(0x08, width, height));
        let no_flags = riff_chunk(b"VP8X", &header(0, width, height));
        files.push(shown(
            named("chunks without flags"),
            webp(&[&no_flags, &parts(plain), &extra]),
            &picture,
            tolerance,
        ));
        files.push(shown(
            named("EXIF before the picture"),
            webp(&[&true_header, &upright, &parts(plain)]),
            &picture,
            tolerance,
        ));
        files.push(shown(
            named("unknown chunks"),
            webp(&[&true_header, &riff_chunk(b"JUNK", &[1; 9]), &parts(plain), &riff_chunk(b"ABCD", b"xyz")]),
            &picture,
            tolerance,
        ));
        for (name, width, height) in
            [("a larger canvas", width + 10, height), ("a smaller canvas", width - 2, height - 2)]
        {
            let file = webp(&[&riff_chunk(b"VP8X", &self::header(0, width, height)), &parts(plain)]);
            files.push(Shown { in_chromium: false, ..shown(named(name), file, &picture, tolerance) });
        }
        for (name, length) in
            [("length 0", 0u32), ("twice its length", plain.len() as u32 * 2), ("length unknown", u32::MAX)]
        {
            let mut file = webp(&[&true_header, &parts(plain), &upright]);
            file[4..8].copy_from_slice(&length.to_le_bytes());
            files.push(Shown { in_chromium: false, ..shown(named(name), file, &picture, tolerance) });
        }
    }
    // Odd lengths without padding.
    let mut odd = riff_chunk(b"XMP ", b"odd");
    odd.pop();
    let file = webp(&[
        &riff_chunk(b"VP8X", &header(0x0C, 48, 32)),
        &odd,
        &parts(&lossless),
        &riff_chunk(b"EXIF", &exif(1, false)),
    ]);
    files.push(Shown { in_chromium: false, ..shown("not filled up.webp", file, &quarters(), EXACT) });
    // Alpha.
    let file = webp(&[&riff_chunk(b"VP8X", &header(0x18, 48, 32)), &parts(&clear)]);
    files.push(shown("alpha, and EXIF's flag only.webp", file, &on_white, (0.5, 1)));
    files
}

/// Turned by EXIF. Browsers differ on these, so the page shows its own preview.
fn turned() -> Vec<Shown> {
    let upright = quarters();
    let mut files = Vec::new();
    let mut add = |name: String, file: Vec<u8>| {
        files.push(Shown { in_chromium: false, ..shown(name, file, &upright, EXACT) });
    };
    for orientation in 2..=8 {
        let stored = stored_as(&upright, orientation);
        let (width, height) = stored.dimensions();
        let plain = encode(&stored.clone().into(), ImageFormat::WebP);
        for big_endian in [false, true] {
            let block = exif(orientation, big_endian);
            let order = if big_endian { "MM" } else { "II" };
            for format in [Format::Png, Format::WebP] {
                add(
                    format!("turned {orientation} {order} {format}"),
                    with_exif(&stored, format, block.clone()),
                );
            }
            let headed = [b"Exif\0\0", &block[..]].concat();
            let flags = riff_chunk(b"VP8X", &header(8, width, height));
            add(
                format!("turned {orientation} {order}, with JPEG's head.webp"),
                webp(&[&flags, &parts(&plain), &riff_chunk(b"EXIF", &headed)]),
            );
            add(
                format!("turned {orientation} {order}, before the picture, no flag.webp"),
                webp(&[
                    &riff_chunk(b"VP8X", &header(0, width, height)),
                    &riff_chunk(b"EXIF", &block),
                    &parts(&plain),
                ]),
            );
            add(
                format!("turned {orientation} {order}, no header.webp"),
                webp(&[&parts(&plain), &riff_chunk(b"EXIF", &block)]),
            );
            let png = encode(&stored.clone().into(), ImageFormat::Png);
            let mut chunks = png_parts(&png);
            chunks.insert(chunks.len() - 1, (b"eXIf", block));
            add(format!("turned {orientation} {order}, behind the pixels.png"), png_file(&chunks));
        }
    }
    files
}

/// GIFs whose screen does not contain their first frame.
fn gifs() -> Vec<Shown> {
    let picture = quarters();
    let plain = encode(&picture.clone().into(), ImageFormat::Gif);
    let frame = plain.iter().rposition(|&byte| byte == b',').unwrap();
    let mut files = Vec::new();
    for (name, screen, place) in [
        ("as large", [48, 32], [0, 0u16]),
        ("no screen", [0, 0], [0, 0]),
        ("a smaller screen", [20, 10], [0, 0]),
        ("a narrower screen", [20, 50], [0, 0]),
        ("a lower screen", [60, 10], [0, 0]),
        ("a larger screen", [60, 50], [0, 0]),
        ("beyond the screen", [48, 32], [30, 20]),
        ("off the screen", [10, 10], [20, 30]),
        ("within the screen", [100, 90], [30, 20]),
    ] {
        let [width, height] = [screen[0].max(48 + place[0]), screen[1].max(32 + place[1])];
        let mut whole = RgbImage::from_pixel(width.into(), height.into(), Rgb(WHITE));
        imageops::replace(&mut whole, &picture, place[0].into(), place[1].into());
        let mut file = plain.clone();
        file[6..10].copy_from_slice(screen.map(u16::to_le_bytes).as_flattened());
        file[frame + 1..frame + 5].copy_from_slice(place.map(u16::to_le_bytes).as_flattened());
        files.push(shown(format!("{name}.gif"), file, &whole, EXACT));
    }
    files
}

fn pixels(width: u32, rows: &[[u8; 3]]) -> RgbImage {
    RgbImage::from_raw(width, rows.len() as u32 / width, rows.concat()).unwrap()
}

fn bmps() -> Vec<Shown> {
    let four = pixels(2, &[RED, GREEN, BLUE, WHITE]);
    let bgr = |[red, green, blue]: [u8; 3]| [blue, green, red];
    let bgra = |[red, green, blue]: [u8; 3], alpha: u8| [blue, green, red, alpha];
    // Rows from bottom to top, padded to four bytes.
    let data = [&bgr(BLUE)[..], &bgr(WHITE), &[0; 2], &bgr(RED), &bgr(GREEN), &[0; 2]].concat();
    let mut files = Vec::new();
    let mut add = |name: String, bmp: Bmp, picture: &RgbImage| {
        files.push(shown(format!("{name}.bmp"), bmp.file(), picture, EXACT));
    };
    for header in [12, 16, 20, 24, 28, 32, 36, 40, 42, 44, 46, 48, 52, 56, 60, 64, 108, 124] {
        add(format!("header of {header}"), Bmp { header, data: &data, ..PLAIN_BMP }, &four);
    }
    let top_down = [&bgr(RED)[..], &bgr(GREEN), &[0; 2], &bgr(BLUE), &bgr(WHITE), &[0; 2]].concat();
    add("top-down".into(), Bmp { height: -2, data: &top_down, ..PLAIN_BMP }, &four);

    const ALPHA: u32 = 0xFF00_0000;
    let rgb = [0xFF_0000, 0xFF00, 0xFF];
    let masks = |[red, green, blue]: [u32; 3], alpha: u32| [red, green, blue, alpha];
    let clear = [bgra(BLUE, 51), bgra(WHITE, 9), bgra(RED, 255), bgra(GREEN, 0)].concat();
    let on_white = pixels(2, &[RED, WHITE, [210, 210, 248], WHITE]);
    let invisible = [bgra(BLUE, 0), bgra(WHITE, 0), bgra(RED, 0), bgra(GREEN, 0)].concat();
    let words = Bmp { bits: 32, data: &clear, ..PLAIN_BMP };
    let nothing = pixels(2, &[WHITE; 4]);
    for header in [56, 108, 124] {
        for (compression, name) in [(0, "no masks"), (3, "masks")] {
            // Without masks for colours, the alpha mask counts only in newer headers.
            let is_meant = compression == 3 || header > 56;
            let bmp = Bmp { header, compression, masks: masks(rgb, ALPHA), ..words };
            add(format!("{header}, {name}, alpha"), bmp, if is_meant { &on_white } else { &four });
            let bmp = Bmp { header, compression, masks: masks(rgb, ALPHA), data: &invisible, ..words };
            add(format!("{header}, {name}, alpha all 0"), bmp, if is_meant { &nothing } else { &four });
            let bmp = Bmp { header, compression, masks: masks(rgb, 0), ..words };
            add(format!("{header}, {name}, without alpha"), bmp, &four);
        }
    }
    add("40, 32 bits".into(), Bmp { ..words }, &four);
    add("40, masks behind".into(), Bmp { compression: 3, masks: masks(rgb, 0), ..words }, &four);
    add(
        "40, masks behind, alpha".into(),
        Bmp { compression: 6, masks: masks(rgb, ALPHA), ..words },
        &on_white,
    );
    add("52, masks".into(), Bmp { header: 52, compression: 3, masks: masks(rgb, 0), ..words }, &four);
    let swapped = [RED, GREEN, BLUE, WHITE].map(|[red, green, blue]| [9, red, green, blue]);
    let swapped = [swapped[2], swapped[3], swapped[0], swapped[1]].concat();
    let bmp = Bmp { compression: 3, masks: [0xFF00, 0xFF_0000, 0xFF00_0000, 0], data: &swapped, ..words };
    add("channels elsewhere".into(), bmp, &four);
    // Ten bits for each colour, two for alpha.
    let deep = [[1023u32, 0, 512, 3], [0, 1023, 3, 0]]
        .map(|[red, green, blue, alpha]| (alpha << 30 | red << 20 | green << 10 | blue).to_le_bytes())
        .concat();
    let bmp = Bmp {
        header: 108,
        height: 1,
        compression: 3,
        masks: [0x3FF << 20, 0x3FF << 10, 0x3FF, 3 << 30],
        data: &deep,
        ..words
    };
    add("ten bits a colour".into(), bmp, &pixels(2, &[[255, 0, 128], WHITE]));
    // 5, 6 and 5 bits; 5, 5, 5 and one for alpha.
    let short = |words: [u16; 2]| words.map(u16::to_le_bytes).concat();
    let halves = short([16 << 11 | 3 << 5 | 31, 0xFFFF]);
    let bmp = Bmp {
        height: 1,
        bits: 16,
        compression: 3,
        masks: [0xF800, 0x7E0, 0x1F, 0],
        data: &halves,
        ..PLAIN_BMP
    };
    add("5, 6 and 5 bits".into(), bmp, &pixels(2, &[[132, 12, 255], WHITE]));
    let halves = short([0b1_10000_00001_11111, 0b0_00000_11111_00000]);
    let bmp = Bmp { height: 1, bits: 16, data: &halves, ..PLAIN_BMP };
    add("16 bits".into(), Bmp { ..bmp }, &pixels(2, &[[132, 8, 255], [0, 255, 0]]));
    let bmp = Bmp { header: 124, masks: [0, 0, 0, 0x8000], ..bmp };
    add("16 bits, alpha".into(), bmp, &pixels(2, &[[132, 8, 255], [0, 255, 0]]));

    let palette = &[RED, GREEN, BLUE, WHITE][..];
    for (bits, data) in [
        (2, [0b1011_0000, 0, 0, 0, 0b0001_0000, 0, 0, 0]),
        (4, [0x23, 0, 0, 0, 1, 0, 0, 0]),
        (8, [2, 3, 0, 0, 0, 1, 0, 0]),
    ] {
        add(format!("{bits} bits"), Bmp { bits, palette, data: &data, ..PLAIN_BMP }, &four);
        if bits > 2 {
            // OS/2 headers cannot have a shorter palette, and its entries have three bytes.
            let all: Vec<_> = palette.iter().copied().chain([[7; 3]; 252]).take(1 << bits).collect();
            add(
                format!("{bits} bits, header of 12"),
                Bmp { header: 12, bits, palette: &all, data: &data, ..PLAIN_BMP },
                &four,
            );
            add(
                format!("{bits} bits, header of 64"),
                Bmp { header: 64, bits, palette, data: &data, ..PLAIN_BMP },
                &four,
            );
        }
    }

    // Run lengths. Skipped pixels are black: the end of the first row, a part in between, and the last row.
    let runs =
        |bits, compression, data| Bmp { width: 4, height: 3, bits, compression, palette, data, ..PLAIN_BMP };
    const BLACK: [u8; 3] = [0; 3];
    let skipped = pixels(4, &[BLACK, BLACK, BLACK, BLACK, RED, BLACK, BLUE, GREEN, BLUE, BLUE, BLACK, BLACK]);
    let eights = [2, 2, 0, 0, 1, 0, 0, 2, 1, 0, 1, 2, 1, 1, 0, 1];
    add("runs of 8 bits".into(), runs(8, 1, &eights), &skipped);
    let fours = [2, 0x22, 0, 0, 1, 0x03, 0, 2, 1, 0, 2, 0x21, 0, 1];
    add("runs of 4 bits".into(), runs(4, 2, &fours), &skipped);
    let as_they_are = [0, 4, 0, 1, 2, 3, 0, 0, 0, 3, 3, 2, 1, 0, 1, 0, 0, 0, 4, 1, 0, 1];
    let whole = pixels(4, &[GREEN, GREEN, GREEN, GREEN, WHITE, BLUE, GREEN, RED, RED, GREEN, BLUE, WHITE]);
    add("runs of 8 bits, as they are".into(), runs(8, 1, &as_they_are), &whole);
    let as_they_are = [0, 4, 0x01, 0x23, 0, 0, 0, 3, 0x32, 0x10, 1, 0, 0, 0, 4, 0x11, 0, 1];
    add("runs of 4 bits, as they are".into(), runs(4, 2, &as_they_are), &whole);
    add(
        "runs of 8 bits, top-down".into(),
        Bmp { height: -3, ..runs(8, 1, &eights) },
        &imageops::flip_vertical(&skipped),
    );
    let long = [200, 0, 0, 0, 4, 1, 0, 0, 4, 2, 0, 1];
    let rows = pixels(4, &[BLUE, BLUE, BLUE, BLUE, GREEN, GREEN, GREEN, GREEN, RED, RED, RED, RED]);
    add("a run that is too long".into(), runs(8, 1, &long), &rows);
    let full = [
        &[2][..],
        &bgr(BLUE),
        &[0, 0, 0, 3],
        &bgr(RED),
        &bgr(BLACK),
        &bgr(BLUE),
        &[0, 1],
        &bgr(GREEN),
        &[0, 1],
    ]
    .concat();
    for header in [40, 64] {
        add(
            format!("runs of 24 bits, header of {header}"),
            Bmp { header, palette: &[], ..runs(24, 4, &full) },
            &skipped,
        );
    }
    // Chromium shows nothing for the first, and refuses the second.
    for file in &mut files {
        file.in_chromium &=
            !["ten bits a colour.bmp", "runs of 24 bits, header of 40.bmp"].contains(&&*file.name);
    }
    files
}

macro_rules! avif {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../fixtures/avif/", $name, ".avif")).to_vec())
    };
}

/// The picture that `tests/fixtures/avif.py` draws.
fn ramps(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (red, green) = (255 * x / (width - 1), 255 * y / (height - 1));
        Rgb([red as u8, green as u8, 255 - red as u8])
    })
}

fn avifs() -> Vec<Shown> {
    let picture = ramps(63, 47);
    let grey = DynamicImage::from(RgbImage::from_fn(63, 47, |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0.map(f32::from);
        Rgb([(0.299 * red + 0.587 * green + 0.114 * blue).round() as u8; 3])
    }))
    .into_rgb8();
    let clear = |picture: &RgbImage| {
        RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
            let pixel = picture.get_pixel(x, y);
            let alpha = u32::from(pixel[1]);
            Rgb(pixel.0.map(|colour| ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8))
        })
    };
    // Subsampled colours do not reach to the edges.
    const COARSE: (f64, u8) = (2.5, 20);
    const FINE: (f64, u8) = (0.8, 4);
    let mut files = Vec::new();
    for ((name, file), picture, tolerance) in [
        (avif!("8-420-full-6"), &picture, COARSE),
        (avif!("8-420-limited-1"), &picture, COARSE),
        (avif!("8-422-limited-6"), &picture, COARSE),
        (avif!("8-444-full-9"), &picture, FINE),
        (avif!("8-400-full-6"), &grey, FINE),
        (avif!("8-444-full-0"), &picture, FINE),
        (avif!("8-444-full-2"), &picture, FINE),
        (avif!("8-444-full-8"), &picture, FINE),
        (avif!("10-420-limited-9"), &picture, COARSE),
        (avif!("10-444-full-1"), &picture, FINE),
        (avif!("12-420-full-6"), &picture, COARSE),
        (avif!("12-422-limited-1"), &picture, COARSE),
        (avif!("12-400-limited-6"), &grey, FINE),
        (avif!("alpha"), &clear(&picture), FINE),
        (avif!("alpha-10-premultiplied"), &clear(&picture), FINE),
        (avif!("grid"), &ramps(192, 128), FINE),
        (avif!("grid-alpha"), &clear(&ramps(192, 128)), FINE),
        (avif!("turned"), &imageops::rotate270(&picture), FINE),
        (avif!("clean-aperture"), &imageops::rotate270(&ramps(64, 48)), FINE),
    ] {
        let shown = shown(format!("{name}.avif"), file, picture, tolerance);
        // Chromium 156 treats alpha as limited range; Firefox and libavif take it as stored.
        files.push(Shown { in_chromium: !name.contains("alpha"), ..shown });
    }
    // Turned anticlockwise, then mirrored.
    let (_, file) = avif!("turned-mirrored");
    let at = |mark: &[u8]| file.windows(4).position(|window| window == mark).unwrap();
    let (irot, imir) = (at(b"irot"), at(b"imir"));
    for quarters in 0..4 {
        for axis in [0, 1] {
            let mut file = file.clone();
            file[irot + 4] = quarters;
            file[imir + 4] = axis;
            let mut turned = picture.clone();
            for _ in 0..quarters {
                turned = imageops::rotate270(&turned);
            }
            if axis == 0 {
                imageops::flip_vertical_in_place(&mut turned);
            } else {
                imageops::flip_horizontal_in_place(&mut turned);
            }
            files.push(shown(format!("turned {quarters}, mirrored {axis}.avif"), file, &turned, FINE));
        }
    }
    files
}

/// `picture` as a camera would store it with this orientation: transformed by its inverse.
pub fn stored_as(picture: &RgbImage, orientation: u16) -> RgbImage {
    let picture = DynamicImage::from(picture.clone());
    match orientation {
        2 => picture.fliph(),
        3 => picture.rotate180(),
        4 => picture.flipv(),
        5 => picture.rotate90().fliph(),
        6 => picture.rotate270(),
        7 => picture.rotate270().fliph(),
        8 => picture.rotate90(),
        _ => picture,
    }
    .into_rgb8()
}

/// The chunks of a PNG.
fn png_parts(file: &[u8]) -> Vec<(&[u8; 4], Vec<u8>)> {
    let (mut parts, mut rest) = (Vec::new(), &file[8..]);
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (kind, behind) = behind.split_first_chunk().unwrap();
        let (data, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        parts.push((kind, data.to_vec()));
        rest = &behind[4..];
    }
    parts
}

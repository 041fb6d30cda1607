//! Wrong and awkward files, with the outcome expected for each.

use clothing_classifier::photo::Format;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::encode::{
    BLUE, Bmp, GREEN, PLAIN_BMP, RED, WHITE, animated_gif, animated_webp, encode, exif, png, png_file,
    quarters, riff_chunk, stored, with_exif,
};

/// A file of the table.
pub struct Awkward {
    /// The file's name; its ending may be wrong.
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// An answer, to a photo of this width and height.
    Answer(u32, u32),
    /// A refusal whose message contains these words.
    Refusal(&'static str),
}
use Outcome::{Answer, Refusal};

/// Reads a file of `tests/fixtures`.
macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).to_vec()
    };
}

const NO_PHOTO: Outcome = Refusal("is not a photo. Choose a picture");
const DAMAGED: Outcome = Refusal("picture is damaged or a part of it is missing");
const RARE: Outcome = Refusal("of a rare variety, which cannot be read here");
const TOO_LARGE: Outcome = Refusal("65500 × 65500 pixels");
const VIDEO: Outcome = Refusal("This is a video, not a photo.");
const HEIC: Outcome = Refusal("This is a HEIC photo, the format that iPhones use");
const AVIF: Outcome = Refusal("This is an AVIF picture");
const RAW: Outcome = Refusal("This is a camera's raw file");

/// The table. In the browser, AVIF is decoded by the browser itself, which gives no reasons.
pub fn all(in_browser: bool) -> Vec<Awkward> {
    let broken_avif = if in_browser { AVIF } else { DAMAGED };
    let files = [
        no_pictures(),
        other_pictures(),
        jpegs(),
        pngs(),
        gifs(),
        webps(),
        bmps(),
        avifs(broken_avif),
        names(),
    ];
    files.concat().into_iter().map(|(name, bytes, outcome)| Awkward { name, bytes, outcome }).collect()
}

type Files = Vec<(&'static str, Vec<u8>, Outcome)>;

fn no_pictures() -> Files {
    let mut huge = b"\xFF\xD8\xFF\xE0".to_vec();
    huge.resize(200_000_000, 0);
    let noise = (0..5000u32).map(|x| (x.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    vec![
        ("empty.jpg", Vec::new(), Refusal("This file is empty.")),
        ("one-byte.jpg", b"\xFF".to_vec(), NO_PHOTO),
        ("letter.jpg", b"Dear tailor, the sleeves are too long.".to_vec(), NO_PHOTO),
        ("bmw.jpg", b"BMW is how this letter begins, and it goes on.".to_vec(), NO_PHOTO),
        ("zeros.jpg", vec![0; 4096], NO_PHOTO),
        ("noise.png", noise, NO_PHOTO),
        ("200-megabytes.jpg", huge, Refusal("This file has 200 MB; at most 100 MB can be read.")),
        ("program.jpg", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0".to_vec(), NO_PHOTO),
        ("sound.webp", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0".to_vec(), NO_PHOTO),
        ("page.jpg", b"<!DOCTYPE html><title>Shirts</title>".to_vec(), Refusal("This is a web page")),
        ("brochure.pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), Refusal("This is a PDF document")),
        ("photos.zip", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), Refusal("This is a ZIP archive")),
        ("letter.docx", b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec(), Refusal("an office document")),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x08mdat".to_vec(), VIDEO),
        ("film.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec(), VIDEO),
        ("film.webm", b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01".to_vec(), VIDEO),
        ("film.avi", b"RIFF\x10\0\0\0AVI LIST".to_vec(), VIDEO),
    ]
}

fn other_pictures() -> Files {
    let svg =
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>";
    vec![
        ("drawing.svg", svg.to_vec(), Refusal("This is an SVG drawing")),
        ("scan.tif", b"II*\0\x08\0\0\0\0\0".to_vec(), Refusal("This is a TIFF picture")),
        ("scan.tiff", b"MM\0*\0\0\0\x08\0\0".to_vec(), Refusal("This is a TIFF picture")),
        ("raw.cr2", b"II*\0\x10\0\0\0CR\x02\0".to_vec(), RAW),
        ("raw.cr3", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom".to_vec(), RAW),
        ("raw.raf", b"FUJIFILMCCD-RAW 0201FF383501".to_vec(), RAW),
        ("bare.jxl", b"\xFF\x0A\xFA\x1F\x01\x90".to_vec(), Refusal("This is a JPEG XL picture")),
        ("boxed.jxl", b"\0\0\0\x0CJXL \r\n\x87\n".to_vec(), Refusal("This is a JPEG XL picture")),
        ("scan.jp2", b"\0\0\0\x0CjP  \r\n\x87\n".to_vec(), Refusal("This is a JPEG 2000 picture")),
        ("icon.ico", b"\0\0\x01\0\x01\0\x10\x10\0\0".to_vec(), Refusal("This is an icon")),
        ("layers.psd", b"8BPS\0\x01\0\0\0\0\0\0".to_vec(), Refusal("This is a Photoshop picture")),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08mdat".to_vec(), HEIC),
        ("burst.heif", b"\0\0\0\x1Cftypmsf1\0\0\0\0msf1hevcheic".to_vec(), HEIC),
        ("heic.jpg", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic".to_vec(), HEIC),
    ]
}

fn avifs(broken: Outcome) -> Files {
    let upright = fixture!("formats/upright.avif");
    let at = position(&upright, b"ispe") + 8;
    let mut bomb = upright.clone();
    bomb[at..at + 8].copy_from_slice(b"\0\0\xFF\xDC\0\0\xFF\xDC");
    vec![
        ("upright.avif", upright.clone(), Answer(300, 400)),
        ("turned.avif", fixture!("formats/turned.avif"), Answer(300, 400)),
        ("translucent.avif", fixture!("formats/translucent.avif"), Answer(300, 400)),
        ("avif.jpg", upright.clone(), Answer(300, 400)),
        ("cut.avif", upright[..upright.len() / 8].to_vec(), broken),
        ("head.avif", upright[..40].to_vec(), broken),
        ("bomb.avif", bomb, TOO_LARGE),
    ]
}

fn jpegs() -> Files {
    let jpeg = encode(&quarters().into(), ImageFormat::Jpeg);
    let frame = position(&jpeg, b"\xFF\xC0");
    let with_frame = |marker: u8, depth: u8| patched(&jpeg, frame + 1, &[marker, 0, 17, depth]);
    let sized = |height: u16, width: u16| {
        patched(&jpeg, frame + 5, &[height.to_be_bytes(), width.to_be_bytes()].concat())
    };
    let with_block = |block: &[u8]| with_exif(&quarters(), Format::Jpeg, block.to_vec());
    let large = fixture!("polo-shirt.jpg");
    let cut = |share: f64| large[..(large.len() as f64 * share) as usize].to_vec();
    let filler = [&b"\xFF\xE9\xEA\x62"[..], &vec![b'x'; 60_000]].concat();
    let one = RgbImage::from_pixel(1, 1, Rgb(RED));
    let strip = RgbImage::from_pixel(65_500, 1, Rgb(GREEN));
    vec![
        ("grey.jpg", fixture!("grey.jpg"), Answer(300, 400)),
        ("cmyk.jpg", fixture!("formats/cmyk.jpg"), Answer(16, 16)),
        ("progressive.jpg", fixture!("formats/progressive.jpg"), Answer(48, 32)),
        ("progressive-restart.jpg", fixture!("formats/progressive-restart.jpg"), Answer(60, 80)),
        ("subsampled-restart.jpg", fixture!("formats/subsampled-restart.jpg"), Answer(60, 80)),
        ("1x1.jpg", encode(&one.into(), ImageFormat::Jpeg), Answer(1, 1)),
        ("65500x1.jpg", encode(&strip.into(), ImageFormat::Jpeg), Answer(65_500, 1)),
        ("twelve-bit.jpg", with_frame(0xC1, 12), RARE),
        ("lossless.jpg", with_frame(0xC3, 8), RARE),
        ("hierarchical.jpg", with_frame(0xC5, 8), RARE),
        ("arithmetic.jpg", with_frame(0xC9, 8), RARE),
        ("no-height.jpg", sized(0, 48), DAMAGED),
        ("no-width.jpg", sized(32, 0), DAMAGED),
        ("bomb.jpg", sized(65_500, 65_500), TOO_LARGE),
        ("higher-than-its-data.jpg", sized(3200, 48), Answer(48, 3200)),
        ("cut-at-start.jpg", b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01".to_vec(), DAMAGED),
        ("cut-in-tables.jpg", large[..300].to_vec(), DAMAGED),
        ("cut-at-a-quarter.jpg", cut(0.25), Answer(900, 1200)),
        ("cut-at-half.jpg", cut(0.5), Answer(900, 1200)),
        ("cut-at-end.jpg", large[..large.len() - 2].to_vec(), Answer(900, 1200)),
        ("zeros-in-the-middle.jpg", patched(&large, 50_000, &[0; 20_000]), Answer(900, 1200)),
        ("with-more-behind.jpg", [&jpeg[..], &[0xA5; 5000]].concat(), Answer(48, 32)),
        ("two-in-one.jpg", [jpeg.clone(), large.clone()].concat(), Answer(48, 32)),
        ("nothing-in-it.jpg", b"\xFF\xD8\xFF\xD9".to_vec(), DAMAGED),
        ("no-huffman-tables.jpg", without_segments(&jpeg, 0xC4), Answer(48, 32)),
        ("no-quantisation-tables.jpg", without_segments(&jpeg, 0xDB), DAMAGED),
        ("exif-turned.jpg", with_block(&exif(6, true)), Answer(32, 48)),
        ("exif-out-of-range.jpg", with_block(&exif(9, false)), Answer(48, 32)),
        ("exif-lost.jpg", with_block(b"II*\0\xFF\xFF\xFF\xFF"), Answer(48, 32)),
        ("exif-rubbish.jpg", with_block(&[0xEE; 3000]), Answer(48, 32)),
        ("exif-in-a-circle.jpg", with_block(b"MM\0*\0\0\0\x08\0\0\0\0\0\x08"), Answer(48, 32)),
        (
            "12-megabytes-of-remarks.jpg",
            [&jpeg[..2], &filler.repeat(200), &jpeg[2..]].concat(),
            Answer(48, 32),
        ),
        ("jpeg.png", jpeg, Answer(48, 32)),
    ]
}

fn pngs() -> Files {
    let whole = encode(&quarters().into(), ImageFormat::Png);
    let header = |width: u32, height: u32, depth: u8, colour: u8, interlaced: u8| {
        [width.to_be_bytes(), height.to_be_bytes(), [depth, colour, 0, 0]]
            .concat()
            .into_iter()
            .chain([interlaced])
            .collect::<Vec<u8>>()
    };
    let grey_alpha =
        DynamicImage::from(RgbaImage::from_fn(8, 8, |x, y| Rgba([90, 90, 90, (x * y * 4) as u8])))
            .to_luma_alpha8();
    let mut picture = quarters();
    let interlaced = adam7(&image::imageops::resize(&picture, 8, 8, image::imageops::FilterType::Nearest));
    let zeros = zeros_compressed();
    let data = position(&whole, b"IDAT");
    picture.put_pixel(0, 0, Rgb(BLUE));
    let palette = (b"PLTE", [RED, GREEN, BLUE, WHITE].concat());
    vec![
        ("sixteen-bit.png", fixture!("sixteen-bit.png"), Answer(150, 200)),
        (
            "palette-alpha.png",
            png(2, 1, 8, 3, &[palette.clone(), (b"tRNS", vec![0, 90])], &[0, 0, 1]),
            Answer(2, 1),
        ),
        ("palette-index-too-high.png", png(2, 1, 8, 3, &[palette], &[0, 3, 200]), Answer(2, 1)),
        ("no-palette.png", png(2, 1, 8, 3, &[], &[0, 0, 1]), DAMAGED),
        ("one-bit.png", png(9, 2, 1, 0, &[], &[0, 0b1010_1010, 0, 0, 0b1111_0000, 0x80]), Answer(9, 2)),
        ("grey-alpha.png", encode(&grey_alpha.into(), ImageFormat::Png), Answer(8, 8)),
        (
            "interlaced.png",
            png_file(&[(b"IHDR", header(8, 8, 8, 2, 1)), (b"IDAT", stored(&interlaced)), (b"IEND", vec![])]),
            Answer(8, 8),
        ),
        ("1x1.png", fixture!("tiny-1x1.png"), Answer(1, 1)),
        ("no-width.png", png(0, 8, 8, 2, &[], &[0; 8]), DAMAGED),
        ("no-height.png", png(8, 0, 8, 2, &[], &[]), DAMAGED),
        ("bomb.png", png(65_500, 65_500, 8, 2, &[], &[0; 100]), TOO_LARGE),
        ("wide-bomb.png", png(65_500, 1, 8, 2, &[], &[0; 100]), DAMAGED),
        ("impossible-colour.png", png(8, 8, 3, 5, &[], &[0; 100]), DAMAGED),
        ("wrong-header-checksum.png", patched(&whole, 29, &[1, 2, 3, 4]), DAMAGED),
        ("wrong-data-checksum.png", patched(&whole, whole.len() - 16, &[1, 2, 3, 4]), DAMAGED),
        (
            "garbled-data.png",
            png_file(&[(b"IHDR", header(8, 8, 8, 2, 0)), (b"IDAT", vec![0x78, 1, 7, 7, 7])]),
            DAMAGED,
        ),
        ("cut-at-start.png", whole[..8].to_vec(), DAMAGED),
        ("cut-in-header.png", whole[..20].to_vec(), DAMAGED),
        ("cut-in-data.png", whole[..data + 20].to_vec(), DAMAGED),
        ("no-end.png", whole[..whole.len() - 12].to_vec(), DAMAGED),
        ("no-data.png", png_file(&[(b"IHDR", header(8, 8, 8, 2, 0)), (b"IEND", vec![])]), DAMAGED),
        (
            "more-data-than-pixels.png",
            png_file(&[(b"IHDR", header(8, 8, 8, 2, 0)), (b"IDAT", zeros.clone()), (b"IEND", vec![])]),
            Answer(8, 8),
        ),
        (
            "profile-bomb.png",
            png(1, 1, 8, 0, &[(b"iCCP", [b"profile\0\0", &zeros[..]].concat())], &[0, 128]),
            Answer(1, 1),
        ),
        (
            "xcode.png",
            png_file(&[
                (b"CgBI", vec![0x50, 0, 0x20, 2]),
                (b"IHDR", header(8, 8, 8, 6, 0)),
                (b"IDAT", vec![3, 0]),
                (b"IEND", vec![]),
            ]),
            RARE,
        ),
        (
            "header-comes-late.png",
            png_file(&[(b"gAMA", vec![0xFF; 60]), (b"IHDR", header(8, 8, 8, 2, 0)), (b"IEND", vec![])]),
            DAMAGED,
        ),
        (
            "animated.png",
            png(1, 1, 8, 0, &[(b"acTL", vec![0, 0, 0, 2, 0, 0, 0, 0])], &[0, 128]),
            Answer(1, 1),
        ),
        ("png.jpg", encode(&picture.into(), ImageFormat::Png), Answer(48, 32)),
    ]
}

fn gifs() -> Files {
    let frames = [RED, BLUE].map(|[r, g, b]| RgbaImage::from_pixel(8, 8, Rgba([r, g, b, 255])));
    let still = encode(&quarters().into(), ImageFormat::Gif);
    let clear = encode(&RgbaImage::new(8, 8).into(), ImageFormat::Gif);
    let frame = still.iter().rposition(|&byte| byte == b',').expect("a frame");
    vec![
        ("animated.gif", animated_gif(&frames), Answer(8, 8)),
        ("transparent.gif", clear, Answer(8, 8)),
        ("interlaced.gif", patched(&still, frame + 9, &[still[frame + 9] | 0x40]), Answer(48, 32)),
        ("bomb.gif", patched(&still, 6, &[0xDC, 0xFF, 0xDC, 0xFF]), TOO_LARGE),
        ("frame-bomb.gif", patched(&still, frame + 5, &[0xDC, 0xFF, 0xDC, 0xFF]), TOO_LARGE),
        ("no-size.gif", patched(&still, 6, &[0; 4]), Answer(48, 32)),
        ("no-frame.gif", b"GIF89a\x08\0\x08\0\0\0\0;".to_vec(), DAMAGED),
        ("cut.gif", still[..still.len() / 2].to_vec(), DAMAGED),
        ("head.gif", b"GIF89a".to_vec(), DAMAGED),
    ]
}

fn webps() -> Files {
    let frames = [RED, BLUE].map(|[r, g, b]| RgbaImage::from_pixel(8, 8, Rgba([r, g, b, 200])));
    let animated = animated_webp(&frames);
    let lossless = encode(&quarters().into(), ImageFormat::WebP);
    let lossy = fixture!("photo.webp");
    let bomb = patched(&animated, 24, &[0xFE, 0x3F, 0, 0xFE, 0x3F, 0]);
    let no_frame = [&b"WEBP"[..], &riff_chunk(b"VP8X", &[0, 0, 0, 0, 7, 0, 0, 7, 0, 0])].concat();
    vec![
        ("animated.webp", animated, Answer(8, 8)),
        ("lossless.webp", lossless.clone(), Answer(48, 32)),
        ("lossy.webp", lossy.clone(), Answer(450, 600)),
        ("bomb.webp", bomb, Refusal("16383 × 16383 pixels")),
        ("no-frame.webp", riff_chunk(b"RIFF", &no_frame), DAMAGED),
        ("cut.webp", lossless[..lossless.len() / 2].to_vec(), DAMAGED),
        ("cut-lossy.webp", lossy[..lossy.len() / 2].to_vec(), DAMAGED),
        ("wrong-length.webp", patched(&lossless, 4, &[0xFF; 4]), Answer(48, 32)),
        ("head.webp", b"RIFF\x10\0\0\0WEBP".to_vec(), DAMAGED),
    ]
}

fn bmps() -> Files {
    let whole = bmp(48, 32, 24, 0, &[], &[200; 48 * 32 * 3]);
    let two = [[0; 3], WHITE];
    vec![
        ("photo.bmp", whole.clone(), Answer(48, 32)),
        ("upside-down.bmp", bmp(2, -2, 24, 0, &[], &[200; 16]), Answer(2, 2)),
        ("one-bit.bmp", bmp(9, 2, 1, 0, &two, &[0xAA, 0x80, 0, 0, 0x55, 0, 0, 0]), Answer(9, 2)),
        ("sixteen-bit.bmp", bmp(2, 1, 16, 0, &[], &[0xFF, 0x7F, 0, 0x7C]), Answer(2, 1)),
        ("run-length.bmp", bmp(4, 2, 8, 1, &two, &[4, 1, 0, 0, 4, 0, 0, 0, 0, 1]), Answer(4, 2)),
        ("run-too-long.bmp", bmp(4, 2, 8, 1, &two, &[200, 1, 0, 1]), Answer(4, 2)),
        ("jpeg-inside.bmp", bmp(8, 8, 24, 4, &[], b"\xFF\xD8\xFF\xE0"), RARE),
        ("png-inside.bmp", bmp(8, 8, 0, 5, &[], b"\x89PNG\r\n"), RARE),
        ("fax.bmp", bmp(8, 8, 1, 3, &two, &[0; 16]), RARE),
        ("run-cut.bmp", bmp(4, 2, 8, 1, &two, &[4, 1, 0, 0, 4]), DAMAGED),
        ("no-palette.bmp", bmp(2, 1, 8, 0, &[], &[1, 200, 0, 0]), Answer(2, 1)),
        ("palette-index-too-high.bmp", bmp(2, 1, 8, 0, &two, &[1, 200, 0, 0]), Answer(2, 1)),
        ("no-size.bmp", bmp(0, 0, 24, 0, &[], &[0; 16]), DAMAGED),
        ("lowest-height.bmp", bmp(8, i32::MIN, 24, 0, &[], &[0; 16]), Refusal("8 × 2147483648 pixels")),
        ("bomb.bmp", bmp(65_500, 65_500, 24, 0, &[], &[0; 16]), TOO_LARGE),
        ("cut.bmp", whole[..whole.len() / 2].to_vec(), DAMAGED),
        ("head.bmp", whole[..30].to_vec(), DAMAGED),
    ]
}

fn names() -> Files {
    let file = || encode(&GrayImage::from_pixel(8, 8, Luma([90])).into(), ImageFormat::Png);
    [
        "no-ending",
        " leading space.png",
        "söckchen 👕 Ωμ.png",
        "רגיל-ימין.png",
        "<b>&amp;\"quoted\"'; DROP TABLE shirts --.png",
        "=SUM(A1)|percent%20%00.png",
        "a-name-that-is-as-long-as-file-systems-allow-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.png",
    ]
    .map(|name| (name, file(), Answer(8, 8)))
    .into()
}

fn position(file: &[u8], mark: &[u8]) -> usize {
    file.windows(mark.len()).position(|window| window == mark).expect("the mark")
}

fn patched(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// A JPEG without the segments of `marker` before its data.
fn without_segments(jpeg: &[u8], marker: u8) -> Vec<u8> {
    let mut kept = jpeg[..2].to_vec();
    let mut rest = &jpeg[2..];
    while rest[1] != 0xDA {
        let (segment, others) = rest.split_at(2 + usize::from(u16::from_be_bytes([rest[2], rest[3]])));
        if segment[1] != marker {
            kept.extend(segment);
        }
        rest = others;
    }
    [&kept, rest].concat()
}

/// The rows of an interlaced PNG of 8 x 8 pixels, in seven passes of ever finer grids.
fn adam7(picture: &RgbImage) -> Vec<u8> {
    let passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let mut rows = Vec::new();
    for (left, top, right, down) in passes {
        for y in (top..8).step_by(down) {
            rows.push(0);
            rows.extend((left..8).step_by(right).flat_map(|x| picture.get_pixel(x, y).0));
        }
    }
    rows
}

/// A zlib stream of a few kilobytes that expands to 27 megabytes of zeros.
fn zeros_compressed() -> Vec<u8> {
    let file = encode(&RgbImage::new(3000, 3000).into(), ImageFormat::Png);
    let mut data = Vec::new();
    let mut rest = &file[8..];
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if head[4..] == *b"IDAT" {
            data.extend(&body[..length]);
        }
        rest = &body[length + 4..];
    }
    data
}

/// A BMP with a header of 40 bytes.
fn bmp(width: i32, height: i32, bits: u16, compression: u32, palette: &[[u8; 3]], data: &[u8]) -> Vec<u8> {
    Bmp { width, height, bits, compression, palette, data, ..PLAIN_BMP }.file()
}

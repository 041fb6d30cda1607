use std::fmt;

use super::Error;

/// As many bytes from a file's start as [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 1024;

/// A picture format that [`decode`](super::decode) reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    /// Not in the browser, which has a decoder of its own: there it is [`Kind::Avif`].
    #[cfg(not(target_arch = "wasm32"))]
    Avif,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            #[cfg(not(target_arch = "wasm32"))]
            Format::Avif => "AVIF",
        })
    }
}

/// A kind of file that people take for a photo, or keep photos in, and that [`decode`](super::decode) does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Avif,
    Heic,
    JpegXl,
    Jpeg2000,
    Tiff,
    Ico,
    Photoshop,
    Svg,
    CameraRaw,
    Pdf,
    /// An archive, or an office document: many of those are archives inside.
    Zip,
    Video,
    WebPage,
}

/// Tells a picture's format by its first bytes; [`SNIFF_BYTES`] of them are enough, the whole file will do too.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::Unsupported`] for kinds of files that people take for photos or keep photos in,
/// and [`Error::NotAPhoto`] for everything else.
pub fn sniff(start: &[u8]) -> Result<Format, Error> {
    let start = &start[..start.len().min(SNIFF_BYTES)];
    match start {
        [] => Err(Error::Empty),
        [0xFF, 0xD8, 0xFF, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        _ if is_bmp(start) => Ok(Format::Bmp),
        _ => match known_kind(start) {
            #[cfg(not(target_arch = "wasm32"))]
            Some(Kind::Avif) => Ok(Format::Avif),
            Some(kind) => Err(Error::Unsupported(kind)),
            None => Err(Error::NotAPhoto),
        },
    }
}

/// "BM" alone begins many a text; the size of the header that follows settles it. It is 12 for OS/2 1, 16 to 64 for
/// OS/2 2, which leaves out zeros at its end, and 40, 52, 56, 108 or 124 for Windows.
fn is_bmp(start: &[u8]) -> bool {
    let Some(&[size, 0, 0, 0]) = start.get(14..18) else { return false };
    start.starts_with(b"BM")
        && (matches!(size, 12 | 42 | 46 | 108 | 124) || (16..=64).contains(&size) && size.is_multiple_of(4))
}

fn known_kind(start: &[u8]) -> Option<Kind> {
    let kind = match start {
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => iso_media_kind(brands),
        // Camera makers' raw files are TIFF inside: Canon marks itself, the others cannot be told from their start.
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..] => Kind::CameraRaw,
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Kind::Tiff,
        [b'I', b'I', b'U', 0, ..] | [b'I', b'I', b'R', b'O' | b'S', ..] => Kind::CameraRaw,
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Kind::JpegXl,
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => Kind::Jpeg2000,
        [0, 0, 1, 0, ..] => Kind::Ico,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Kind::Video,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Kind::Video,
        [b'P', b'K', 3, 4, ..] => Kind::Zip,
        _ if start.starts_with(b"FUJIFILMCCD-RAW") => Kind::CameraRaw,
        _ if start.starts_with(b"8BPS") => Kind::Photoshop,
        _ if start.starts_with(b"%PDF-") => Kind::Pdf,
        _ => return markup_kind(start),
    };
    Some(kind)
}

/// HEIC, AVIF and videos share one container; the brands after its `ftyp` say which it is.
fn iso_media_kind(brands: &[u8]) -> Kind {
    // Major brand, four bytes of version, compatible brands; the box rarely has more than ten of them.
    let brands = || brands.chunks_exact(4).take(12);
    let has = |names: &[&[u8; 4]]| brands().any(|brand| names.iter().any(|name| brand == *name));
    if has(&[b"avif", b"avis"]) {
        Kind::Avif
    } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        Kind::Heic
    } else if has(&[b"crx "]) {
        Kind::CameraRaw
    } else {
        Kind::Video
    }
}

/// Width and height of the largest picture in an AVIF or HEIC file, by the boxes in which it declares them
/// (`ispe`, ISO/IEC 23008-12): that of the whole, if it is made of tiles. `None` if the file declares nothing.
pub fn largest_extent(file: &[u8]) -> Option<(u32, u32)> {
    // Length of the box, its type, version and flags, width, height. Wherever the box stands, this finds it.
    const START: &[u8] = b"\0\0\0\x14ispe\0\0\0\0";
    file.windows(START.len() + 8)
        .filter_map(|window| window.strip_prefix(START)?.as_chunks().0.try_into().ok())
        .map(|[width, height]: [[u8; 4]; 2]| (u32::from_be_bytes(width), u32::from_be_bytes(height)))
        .max_by_key(|&(width, height)| u64::from(width) * u64::from(height))
}

fn markup_kind(start: &[u8]) -> Option<Kind> {
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        None
    } else if text.contains("<svg") {
        // Web pages hold drawings too, but name themselves first.
        if text.contains("<html") { Some(Kind::WebPage) } else { Some(Kind::Svg) }
    } else if text.contains("<html") || text.starts_with("<!doctype html") {
        Some(Kind::WebPage)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE1"), Ok(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1A\n"), Ok(Format::Png));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(Format::WebP));
        assert_eq!(sniff(b"GIF87a"), Ok(Format::Gif));
        assert_eq!(sniff(b"GIF89a"), Ok(Format::Gif));
        for size in [12, 16, 20, 24, 36, 40, 42, 46, 48, 52, 56, 60, 64, 108, 124] {
            let file = [b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", &[size, 0, 0, 0][..]].concat();
            assert_eq!(sniff(&file), Ok(Format::Bmp), "{size}");
        }
        assert_eq!(sniff(b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf"), Ok(Format::Avif));
        assert_eq!(sniff(b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf"), Ok(Format::Avif));
    }

    #[test]
    fn other_kinds_are_named() {
        for (kind, start) in [
            (Kind::Heic, &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..]),
            (Kind::Heic, b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
            (Kind::Video, b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
            (Kind::Video, b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"),
            (Kind::Video, b"RIFF\x10\0\0\0AVI LIST"),
            (Kind::CameraRaw, b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"),
            (Kind::CameraRaw, b"II*\0\x10\0\0\0CR\x02\0"),
            (Kind::Tiff, b"II*\0\x08\0\0\0"),
            (Kind::Tiff, b"MM\0*\0\0\0\x08"),
            (Kind::JpegXl, b"\xFF\x0A\xFA\x1F"),
            (Kind::JpegXl, b"\0\0\0\x0CJXL \r\n\x87\n"),
            (Kind::Jpeg2000, b"\0\0\0\x0CjP  \r\n\x87\n"),
            (Kind::Ico, b"\0\0\x01\0\x01\0"),
            (Kind::Photoshop, b"8BPS\0\x01"),
            (Kind::Pdf, b"%PDF-1.7\n"),
            (Kind::Zip, b"PK\x03\x04\x14\0"),
            (Kind::Svg, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            (Kind::Svg, b"\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- shirt -->\n<svg/>"),
            (Kind::WebPage, b"\n<!DOCTYPE html><title>Shirts</title>"),
            (Kind::WebPage, b"<html><body><svg/></body></html>"),
        ] {
            assert_eq!(sniff(start), Err(Error::Unsupported(kind)), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn the_whole_is_larger_than_its_tiles() {
        let ispe = |width: u32, height: u32| {
            [&b"\0\0\0\x14ispe\0\0\0\0"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat()
        };
        let file = [&b"\0\0\0\x18ftypheic"[..], &ispe(512, 512), b"irot", &ispe(4032, 3024), &ispe(512, 512)];
        assert_eq!(largest_extent(&file.concat()), Some((4032, 3024)));
        assert_eq!(largest_extent(&file.concat()[..50]), Some((512, 512)));
        assert_eq!(largest_extent(b"\0\0\0\x14ispe\0\0\0\0"), None);
    }

    #[test]
    fn what_is_no_picture_is_not_taken_for_one() {
        assert_eq!(sniff(b""), Err(Error::Empty));
        for start in [
            &b"B"[..],
            b"BM is how this text begins, no more",
            b"hello",
            b"\xFF\xD8",
            b"RIFF\0\0\0\0WAVE",
            b"<note/>",
        ] {
            assert_eq!(sniff(start), Err(Error::NotAPhoto), "{}", start.escape_ascii());
        }
    }

    #[test]
    fn a_kind_needs_no_more_than_the_stated_bytes() {
        let mut late = vec![b' '; SNIFF_BYTES];
        late.extend(b"<svg/>");
        assert_eq!(sniff(&late), Err(Error::NotAPhoto));
    }
}

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
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
        })
    }
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
        _ => Err(known_kind(start).map_or(Error::NotAPhoto, |kind| Error::Unsupported { kind: kind.into() })),
    }
}

/// "BM" alone begins many a text; the size of the header that follows settles it.
fn is_bmp(start: &[u8]) -> bool {
    start.starts_with(b"BM")
        && matches!(start.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// The kind of a file that is not decoded here, in the words that [`Error`] knows to explain.
fn known_kind(start: &[u8]) -> Option<&'static str> {
    let kind = match start {
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => iso_media_kind(brands),
        // Camera makers' raw files are TIFF inside: Canon marks itself, the others cannot be told from their start.
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..] => "camera raw",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "TIFF",
        [b'I', b'I', b'U', 0, ..] | [b'I', b'I', b'R', b'O' | b'S', ..] => "camera raw",
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "JPEG XL",
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => "JPEG 2000",
        [0, 0, 1, 0, ..] => "ICO",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "video",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => "video",
        [b'P', b'K', 3, 4, ..] => "ZIP",
        _ if start.starts_with(b"FUJIFILMCCD-RAW") => "camera raw",
        _ if start.starts_with(b"8BPS") => "Photoshop",
        _ if start.starts_with(b"%PDF-") => "PDF",
        _ => return markup_kind(start),
    };
    Some(kind)
}

/// HEIC, AVIF and videos share one container; the brands after its `ftyp` say which it is.
fn iso_media_kind(brands: &[u8]) -> &'static str {
    // Major brand, four bytes of version, compatible brands; the box rarely has more than ten of them.
    let brands = || brands.chunks_exact(4).take(12);
    let has = |names: &[&[u8; 4]]| brands().any(|brand| names.iter().any(|name| brand == *name));
    if has(&[b"avif", b"avis"]) {
        "AVIF"
    } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        "HEIC"
    } else if has(&[b"crx "]) {
        "camera raw"
    } else {
        "video"
    }
}

fn markup_kind(start: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        None
    } else if text.contains("<svg") {
        // Web pages hold drawings too, but name themselves first.
        if text.contains("<html") { Some("web page") } else { Some("SVG") }
    } else if text.contains("<html") || text.starts_with("<!doctype html") {
        Some("web page")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsupported(start: &[u8]) -> String {
        match sniff(start) {
            Err(Error::Unsupported { kind }) => kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE1"), Ok(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1A\n"), Ok(Format::Png));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(Format::WebP));
        assert_eq!(sniff(b"GIF87a"), Ok(Format::Gif));
        assert_eq!(sniff(b"GIF89a"), Ok(Format::Gif));
        assert_eq!(sniff(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), Ok(Format::Bmp));
    }

    #[test]
    fn other_kinds_are_named() {
        for (kind, start) in [
            ("HEIC", &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..]),
            ("HEIC", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
            ("AVIF", b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf"),
            ("AVIF", b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf"),
            ("video", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
            ("video", b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"),
            ("video", b"RIFF\x10\0\0\0AVI LIST"),
            ("camera raw", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"),
            ("camera raw", b"II*\0\x10\0\0\0CR\x02\0"),
            ("TIFF", b"II*\0\x08\0\0\0"),
            ("TIFF", b"MM\0*\0\0\0\x08"),
            ("JPEG XL", b"\xFF\x0A\xFA\x1F"),
            ("JPEG XL", b"\0\0\0\x0CJXL \r\n\x87\n"),
            ("JPEG 2000", b"\0\0\0\x0CjP  \r\n\x87\n"),
            ("ICO", b"\0\0\x01\0\x01\0"),
            ("Photoshop", b"8BPS\0\x01"),
            ("PDF", b"%PDF-1.7\n"),
            ("ZIP", b"PK\x03\x04\x14\0"),
            ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("SVG", b"\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- shirt -->\n<svg/>"),
            ("web page", b"\n<!DOCTYPE html><title>Shirts</title>"),
            ("web page", b"<html><body><svg/></body></html>"),
        ] {
            assert_eq!(unsupported(start), kind, "{}", start.escape_ascii());
        }
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

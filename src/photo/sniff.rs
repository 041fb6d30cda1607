use super::{
    Error, Format,
    format::{ReadBy, TABLE},
};

/// How many bytes from a file's start [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 1024;

/// Tells a photo's format by its first bytes: [`SNIFF_BYTES`] of them, or more.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Unsupported`] for formats that [`decode`](super::decode) does not read; [`Error::NotAPhoto`] for
/// everything else.
pub fn sniff(start: &[u8]) -> Result<Format, Error> {
    let start = &start[..start.len().min(SNIFF_BYTES)];
    if start.is_empty() {
        return Err(Error::Empty);
    }
    let row = TABLE.iter().find(|row| (row.matches)(start)).ok_or(Error::NotAPhoto)?;
    match row.format.read_by() {
        ReadBy::Program => Ok(row.format),
        ReadBy::Browser | ReadBy::Nobody => Err(Error::Unsupported(row.format)),
    }
}

/// Width and height in pixels of the largest picture that an AVIF or HEIC file declares, in its `ispe` boxes (ISO/IEC
/// 23008-12): of a picture made of tiles, the whole. `None` if the file declares none.
pub fn largest_extent(file: &[u8]) -> Option<(u32, u32)> {
    // The box's length, type, version and flags; width and height follow. It is found wherever it stands.
    const START: &[u8] = b"\0\0\0\x14ispe\0\0\0\0";
    file.windows(START.len() + 8)
        .filter_map(|window| window.strip_prefix(START)?.as_chunks().0.try_into().ok())
        .map(|[width, height]: [[u8; 4]; 2]| (u32::from_be_bytes(width), u32::from_be_bytes(height)))
        .max_by_key(|&(width, height)| u64::from(width) * u64::from(height))
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
        for (format, start) in [
            (Format::Heic, &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..]),
            (Format::Heic, b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"),
            (Format::Video, b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
            (Format::Video, b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"),
            (Format::Video, b"RIFF\x10\0\0\0AVI LIST"),
            (Format::CameraRaw, b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"),
            (Format::CameraRaw, b"II*\0\x10\0\0\0CR\x02\0"),
            (Format::Tiff, b"II*\0\x08\0\0\0"),
            (Format::Tiff, b"MM\0*\0\0\0\x08"),
            (Format::JpegXl, b"\xFF\x0A\xFA\x1F"),
            (Format::JpegXl, b"\0\0\0\x0CJXL \r\n\x87\n"),
            (Format::Jpeg2000, b"\0\0\0\x0CjP  \r\n\x87\n"),
            (Format::Ico, b"\0\0\x01\0\x01\0"),
            (Format::Photoshop, b"8BPS\0\x01"),
            (Format::Pdf, b"%PDF-1.7\n"),
            (Format::Zip, b"PK\x03\x04\x14\0"),
            (Format::Svg, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            (Format::Svg, b"\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- shirt -->\n<svg/>"),
            (Format::WebPage, b"\n<!DOCTYPE html><title>Shirts</title>"),
            (Format::WebPage, b"<html><body><svg/></body></html>"),
        ] {
            assert_eq!(sniff(start), Err(Error::Unsupported(format)), "{}", start.escape_ascii());
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
    fn no_more_than_the_stated_bytes_are_looked_at() {
        let mut late = vec![b' '; SNIFF_BYTES];
        late.extend(b"<svg/>");
        assert_eq!(sniff(&late), Err(Error::NotAPhoto));
    }
}

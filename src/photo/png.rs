//! Chunks of PNG files that are read before decoding. A chunk is a length, a type, data and a checksum (PNG specification, 5.3).

/// Offset of the first chunk, behind the signature.
const FIRST_CHUNK: usize = 8;

/// Width and height in pixels, by the header chunk IHDR; `None` if that does not come first.
pub fn size(file: &[u8]) -> Option<(u32, u32)> {
    match chunks(file).next()? {
        (b"IHDR", [a, b, c, d, e, f, g, h, ..]) => {
            Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])))
        }
        _ => None,
    }
}

/// Whether the file is a PNG that Apple's Xcode converted for an app: another chunk comes first, and the pixels are stored in a
/// way that is not the standard's.
pub fn is_of_xcode(file: &[u8]) -> bool {
    chunks(file).next().is_some_and(|(kind, _)| kind == b"CgBI")
}

/// The EXIF block. It may come before or after the pixels.
pub fn exif(file: &[u8]) -> Option<&[u8]> {
    chunks(file).find(|(kind, _)| *kind == b"eXIf").map(|(_, data)| data)
}

/// Type and data of each chunk that is complete.
fn chunks(file: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = file.get(FIRST_CHUNK..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk()?;
        let (kind, behind) = behind.split_first_chunk()?;
        let data = behind.get(..u32::from_be_bytes(*length) as usize)?;
        rest = behind[data.len()..].get(4..).unwrap_or_default();
        Some((kind, data))
    })
}

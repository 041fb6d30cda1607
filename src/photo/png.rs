//! What is asked of a PNG file before it is decoded. A chunk is its length, its type, its data and a checksum (PNG
//! specification, 5.3).

/// Behind the signature that every PNG begins with.
const FIRST_CHUNK: usize = 8;

/// Width and height by the header chunk IHDR, which has to come first; `None` without one.
pub fn size(file: &[u8]) -> Option<(u32, u32)> {
    match chunks(file).next()? {
        (b"IHDR", [a, b, c, d, e, f, g, h, ..]) => {
            Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])))
        }
        _ => None,
    }
}

/// Whether it is what Apple's Xcode makes of PNGs for apps: a chunk of its own comes first, and the data is compressed and
/// coloured in another way than the standard's.
pub fn is_of_xcode(file: &[u8]) -> bool {
    chunks(file).next().is_some_and(|(kind, _)| kind == b"CgBI")
}

/// The EXIF block, wherever it stands: the specification allows it behind the pixels, too.
pub fn exif(file: &[u8]) -> Option<&[u8]> {
    chunks(file).find(|(kind, _)| *kind == b"eXIf").map(|(_, data)| data)
}

/// Type and data of each whole chunk.
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

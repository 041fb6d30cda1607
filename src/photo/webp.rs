//! WebP's container ([specification]). Its header VP8X announces chunks (EXIF, XMP, alpha, animation) and a size. Programs that
//! add or remove chunks often leave the header unchanged; `image` refuses such files, browsers show them. So the container is
//! rewritten here, with a header that matches the chunks.
//!
//! [specification]: https://developers.google.com/speed/webp/docs/riff_container

// Bits of the first byte of VP8X.
const ANIMATION: u8 = 1 << 1;
const ALPHA: u8 = 1 << 4;

/// The file, reduced to its first picture and with a correct header; `None` if it has no picture.
pub fn plain(file: &[u8]) -> Option<Vec<u8>> {
    let find = |kind| chunks(body(file)).find(|chunk| chunk.kind == kind);
    let is_picture = |chunk: &Chunk| matches!(&chunk.kind, b"VP8 " | b"VP8L" | b"ANMF");
    let picture = chunks(body(file)).find(is_picture)?;
    if picture.kind == *b"ANMF" {
        let declared = find(*b"VP8X").and_then(|header| size_at(header.data, 4)).unwrap_or_default();
        let [left, top] = place_at(picture.data, 0)?;
        let (width, height) = size_at(picture.data, 6)?;
        let canvas = (declared.0.max(2 * left + width), declared.1.max(2 * top + height));
        // Background colour and number of repetitions do not matter.
        let animation = Chunk { kind: *b"ANIM", data: &[0; 6] };
        return Some(riff(&[header(ANIMATION | ALPHA, canvas), animation.bytes(), picture.bytes()]));
    }
    match find(*b"ALPH") {
        Some(alpha) if picture.kind == *b"VP8 " => {
            Some(riff(&[header(ALPHA, lossy_size(picture.data)?), alpha.bytes(), picture.bytes()]))
        }
        _ => Some(riff(&[picture.bytes()])),
    }
}

/// The EXIF block, whether or not the header announces it.
pub fn exif(file: &[u8]) -> Option<&[u8]> {
    chunks(body(file)).find(|chunk| chunk.kind == *b"EXIF").map(|chunk| chunk.data)
}

/// The chunks of the file. They may continue behind the end that it declares.
fn body(file: &[u8]) -> &[u8] {
    file.get(12..).unwrap_or_default()
}

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

impl Chunk<'_> {
    fn bytes(&self) -> Vec<u8> {
        let length = (self.data.len() as u32).to_le_bytes();
        [&self.kind, &length, self.data, &[0][..self.data.len() % 2]].concat()
    }
}

/// The chunks in these bytes. The last may be cut short.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (kind, behind) = rest.split_first_chunk()?;
        let (length, behind) = behind.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (data, behind) = behind.split_at(length.min(behind.len()));
        // Odd lengths are padded with a zero. If it is missing, the next chunk's name follows at once.
        let is_filled = length % 2 == 1 && behind.first().is_some_and(|byte| !byte.is_ascii_uppercase());
        rest = if is_filled { &behind[1..] } else { behind };
        Some(Chunk { kind: *kind, data })
    })
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunks].concat()
}

fn header(flags: u8, (width, height): (u32, u32)) -> Vec<u8> {
    let less_one = |length: u32| (length.max(1) - 1).to_le_bytes();
    let data = [&[flags, 0, 0, 0], &less_one(width)[..3], &less_one(height)[..3]].concat();
    Chunk { kind: *b"VP8X", data: &data }.bytes()
}

/// Width and height, stored in 24 bits each, less 1.
fn size_at(data: &[u8], at: usize) -> Option<(u32, u32)> {
    place_at(data, at).map(|[width, height]| (width + 1, height + 1))
}

fn place_at(data: &[u8], at: usize) -> Option<[u32; 2]> {
    let bytes = data.get(at..at + 6)?;
    Some([[bytes[0], bytes[1], bytes[2], 0], [bytes[3], bytes[4], bytes[5], 0]].map(u32::from_le_bytes))
}

/// Width and height in the header of a key frame (RFC 6386, 9.1): 14 bits each, behind a tag and a start code of three bytes each.
fn lossy_size(frame: &[u8]) -> Option<(u32, u32)> {
    let length = |at| Some(u32::from(u16::from_le_bytes(frame.get(at..at + 2)?.try_into().ok()?) & 0x3FFF));
    Some((length(6)?, length(8)?))
}

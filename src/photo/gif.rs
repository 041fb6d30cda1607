//! GIFs whose logical screen does not hold their first frame. Browsers let the screen grow to it; `image` would cut the
//! frame to the screen.

use std::borrow::Cow;

/// Where the logical screen's width and height stand (GIF89a, section 18).
const SCREEN: usize = 6;

/// The file with a screen that holds the first frame.
pub fn with_whole_frame(file: &[u8]) -> Cow<'_, [u8]> {
    match (lengths(file, SCREEN), first_frame(file)) {
        (Some(screen), Some(frame)) if screen[0] < frame[0] || screen[1] < frame[1] => {
            let mut grown = file.to_vec();
            let lengths = [screen[0].max(frame[0]), screen[1].max(frame[1])].map(u16::to_le_bytes);
            grown[SCREEN..SCREEN + 4].copy_from_slice(lengths.as_flattened());
            grown.into()
        }
        _ => file.into(),
    }
}

/// How far the first frame reaches, from the screen's left and top. `None` if there is none or it reaches farther than a
/// screen can.
fn first_frame(file: &[u8]) -> Option<[u16; 2]> {
    // The table of 2 to 256 colours that all frames share.
    let colours = match file.get(10)? {
        flags if flags & 0x80 != 0 => 3 << ((flags & 7) + 1),
        _ => 0,
    };
    let mut at = 13 + colours;
    loop {
        match file.get(at)? {
            b'!' => at = behind_blocks(file, at + 2)?,
            b',' => break,
            _ => return None,
        }
    }
    let [left, top] = lengths(file, at + 1)?;
    let [width, height] = lengths(file, at + 5)?;
    Some([left.checked_add(width)?, top.checked_add(height)?])
}

/// Behind an extension's blocks: each begins with its length, the last has none.
fn behind_blocks(file: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*file.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

fn lengths(file: &[u8], at: usize) -> Option<[u16; 2]> {
    let bytes = file.get(at..at + 4)?;
    Some([u16::from_le_bytes([bytes[0], bytes[1]]), u16::from_le_bytes([bytes[2], bytes[3]])])
}

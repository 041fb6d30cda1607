//! GIFs whose first frame is larger than their logical screen. Browsers enlarge the screen; `image` would crop the frame.

use std::borrow::Cow;

/// Offset of the logical screen's width and height (GIF89a, section 18).
const SCREEN: usize = 6;

/// The file, with a screen that is large enough for the first frame.
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

/// The right and the bottom end of the first frame on the screen. `None` if there is no frame, or no screen could hold it.
fn first_frame(file: &[u8]) -> Option<[u16; 2]> {
    // Size of the global colour table, of 2 to 256 colours.
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

/// The offset behind an extension's blocks. Each begins with its length; one of length 0 is the last.
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

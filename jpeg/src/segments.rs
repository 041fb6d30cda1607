//! A file's markers (table B.1), their segments, and the entropy-coded data between them.

use std::ops::RangeInclusive;

use memchr::memchr;

use crate::{error::Error, frame::Process, huffman::HuffmanTable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Frame(Process),
    HuffmanTables,
    QuantisationTables,
    RestartInterval,
    Scan,
    Application(u8),
    End,
    /// Comments, and markers that mean nothing here.
    Other,
}

const FIRST_RESTART: u8 = 0xD0;
const RESTARTS: RangeInclusive<u8> = FIRST_RESTART..=0xD7;

/// A position in a file.
#[derive(Clone)]
pub struct Segments<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    pub fn new(file: &'a [u8]) -> Self {
        Self { file, at: 0 }
    }

    /// The next marker with its segment, which is cut short if the file ends in it. Stray bytes before the marker are
    /// skipped. `None` at the end of the file.
    pub fn next(&mut self) -> Option<(Marker, &'a [u8])> {
        loop {
            let marker = match self.next_marker()? {
                // Without a segment: restarts, and markers that mean nothing here.
                0x01..=0xBF | 0xD0..=0xD8 => continue,
                0xD9 => return Some((Marker::End, &[])),
                0xC0 | 0xC1 => Marker::Frame(Process::Sequential),
                0xC2 => Marker::Frame(Process::Progressive),
                0xC4 => Marker::HuffmanTables,
                0xCC => Marker::Other,
                0xC3..=0xCF | 0xDE => Marker::Frame(Process::Other),
                0xDA => Marker::Scan,
                0xDB => Marker::QuantisationTables,
                0xDD => Marker::RestartInterval,
                application @ 0xE0..=0xEF => Marker::Application(application - 0xE0),
                _ => Marker::Other,
            };
            let rest = &self.file[self.at..];
            let length =
                rest.first_chunk().map_or(rest.len(), |&length| usize::from(u16::from_be_bytes(length)));
            let segment = rest.get(2..length.min(rest.len())).unwrap_or(&[]);
            self.at += (2 + segment.len()).min(rest.len());
            return Some((marker, segment));
        }
    }

    /// The code of the next marker (B.1.1.2). Moves past it.
    fn next_marker(&mut self) -> Option<u8> {
        let (at, marker) = self.find_marker()?;
        self.at = at;
        Some(marker)
    }

    /// The position after the next marker, and the marker's code. Any number of bytes 0xFF may precede the code; a code of 0
    /// is no marker.
    fn find_marker(&self) -> Option<(usize, u8)> {
        let mut at = self.at;
        loop {
            at += memchr(0xFF, self.file.get(at..)?)?;
            at += self.file[at..].iter().position(|&byte| byte != 0xFF)?;
            let code = self.file[at];
            at += 1;
            if code != 0 {
                return Some((at, code));
            }
        }
    }

    /// Whether entropy-coded data follow.
    pub fn has_codes(&self) -> bool {
        match self.file.get(self.at..).unwrap_or(&[]) {
            [] | [0xFF] => false,
            [0xFF, marker, ..] => *marker == 0,
            _ => true,
        }
    }

    /// Copies the entropy-coded data up to the next marker, without the zeros stuffed after bytes 0xFF (B.1.1.5). Moves to the
    /// marker.
    pub fn copy_codes(&mut self, codes: &mut Vec<u8>) {
        codes.clear();
        loop {
            let rest = &self.file[self.at..];
            let length = memchr(0xFF, rest).unwrap_or(rest.len());
            codes.extend_from_slice(&rest[..length]);
            self.at += length;
            let Some(fill) = rest[length..].iter().position(|&byte| byte != 0xFF) else {
                self.at = self.file.len();
                return;
            };
            if rest[length + fill] != 0 {
                return;
            }
            codes.push(0xFF);
            self.at += fill + 1;
        }
    }

    /// Moves past restart marker `number` (0 to 7), and returns whether it was found. If it is missing, the position is left
    /// where later restarts can be found, as in libjpeg, and the interval has no data.
    pub fn restart(&mut self, number: u8) -> bool {
        while let Some((after, marker)) = self.find_marker() {
            if (0xC0..FIRST_RESTART).contains(&marker) || marker > *RESTARTS.end() {
                return false; // The scan is over.
            }
            // By how many restarts this one is ahead, modulo 8. One that is late by one or two is a leftover.
            match marker.wrapping_sub(FIRST_RESTART + number) & 7 {
                _ if marker < FIRST_RESTART => self.at = after,
                1 | 2 => return false,
                6 | 7 => self.at = after,
                _ => {
                    self.at = after;
                    return true;
                }
            }
        }
        false
    }

    /// The number of lines from the DNL segment (B.2.5) after the first scan, in which the position is.
    pub fn number_of_lines(&self) -> Option<usize> {
        let mut ahead = self.clone();
        loop {
            match ahead.next_marker()? {
                marker if RESTARTS.contains(&marker) => {}
                0xDC => {
                    let segment = ahead.file.get(ahead.at..)?.first_chunk::<4>()?;
                    let lines = usize::from(u16::from_be_bytes([segment[2], segment[3]]));
                    return (lines > 0).then_some(lines);
                }
                _ => return None,
            }
        }
    }
}

/// A quantisation table: the step of each of the 64 coefficients, row by row.
pub type Quantisation = [u16; 64];

/// The tables that scans and components refer to by number.
#[derive(Clone, Default)]
pub struct Tables {
    pub dc: [Option<HuffmanTable>; 4],
    pub ac: [Option<HuffmanTable>; 4],
    pub quantisation: [Option<Quantisation>; 4],
    /// MCUs from one restart marker to the next; 0 for no restarts.
    pub restart_interval: usize,
}

impl Tables {
    /// Reads a segment that defines tables; ignores others.
    pub fn read(&mut self, marker: Marker, segment: &[u8]) -> Result<(), Error> {
        match marker {
            Marker::HuffmanTables => {
                self.read_huffman(segment).ok_or(Error::Damaged("its Huffman tables are wrong"))
            }
            Marker::QuantisationTables => {
                self.read_quantisation(segment).ok_or(Error::Damaged("its quantisation tables are wrong"))
            }
            Marker::RestartInterval => {
                let interval =
                    segment.first_chunk().ok_or(Error::Damaged("its restart interval is missing"))?;
                self.restart_interval = u16::from_be_bytes(*interval).into();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Fills in missing Huffman tables. Frames of Motion JPEG come without any and use those of annex K.3.
    pub fn assume_standard_huffman(&mut self) {
        for number in 0..2 {
            let (dc, ac) = (&mut self.dc[number], &mut self.ac[number]);
            *dc = dc.take().or_else(|| HuffmanTable::standard_dc(number));
            *ac = ac.take().or_else(|| HuffmanTable::standard_ac(number));
        }
    }

    /// DHT (B.2.4.2).
    fn read_huffman(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let count = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            segment = rest;
            let tables = match kind >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            *tables.get_mut(usize::from(kind & 15))? = Some(HuffmanTable::new(counts, symbols)?);
        }
        Some(())
    }

    /// DQT (B.2.4.1).
    fn read_quantisation(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let is_wide = kind >> 4 != 0;
            let (steps, rest) = rest.split_at_checked(if is_wide { 128 } else { 64 })?;
            segment = rest;
            let table = self.quantisation.get_mut(usize::from(kind & 15))?.insert([0; 64]);
            for (k, &at) in ZIGZAG[..64].iter().enumerate() {
                table[usize::from(at)] = if is_wide {
                    u16::from_be_bytes([steps[2 * k], steps[2 * k + 1]])
                } else {
                    steps[k].into()
                };
            }
        }
        Some(())
    }
}

/// The zig-zag sequence (figure A.6): the index of each coefficient in its block, row by row, by its order in the file. Longer
/// than 64, since damaged data may run past the last coefficient.
pub const ZIGZAG: [u8; 128] = {
    let mut order = [63; 128];
    let (mut row, mut column) = (0u8, 0u8);
    let mut k = 0;
    while k < 64 {
        order[k] = 8 * row + column;
        let goes_up = (row + column).is_multiple_of(2);
        match (goes_up, row, column) {
            (true, _, 7) => row += 1,
            (true, 0, _) => column += 1,
            (true, ..) => (row, column) = (row - 1, column + 1),
            (false, 7, _) => column += 1,
            (false, _, 0) => row += 1,
            (false, ..) => (row, column) = (row + 1, column - 1),
        }
        k += 1;
    }
    order
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zigzag_is_that_of_the_standard() {
        assert_eq!(ZIGZAG[..12], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25]);
        assert_eq!(ZIGZAG[53..67], [31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63]);
    }
}

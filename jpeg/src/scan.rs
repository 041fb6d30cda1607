//! Scans: blocks of coefficients out of entropy-coded data (annexes F and G).

use crate::{
    Error,
    frame::Frame,
    huffman::{Bits, Table},
    segments::{Quantisation, Segments, Tables, ZIGZAG},
};

/// A component's blocks, with the first `N` of their 64 coefficients, row by row.
pub struct Blocks<const N: usize> {
    coefficients: Vec<[i16; N]>,
    across: usize,
    down: usize,
}

impl<const N: usize> Blocks<N> {
    pub fn new(across: usize, down: usize) -> Self {
        Self { coefficients: vec![[0; N]; across * down], across, down }
    }

    /// The row of that number, counted from the picture's first.
    pub fn row(&self, row: usize) -> &[[i16; N]] {
        &self.coefficients[row % self.down * self.across..][..self.across]
    }

    pub fn clear(&mut self) {
        self.coefficients.fill([0; N]);
    }
}

/// A scan whose header has been read.
pub struct Scan<'a> {
    parts: Vec<Part<'a>>,
    content: Content,
    /// MCUs across and down.
    mcus: (usize, usize),
    restart_interval: usize,
}

/// What a scan holds of each block.
#[derive(Clone, Copy)]
enum Content {
    Sequential,
    /// The DC coefficient but for its `low` lowest bits.
    DcFirst {
        low: u8,
    },
    /// The DC coefficient's bit of that number.
    DcBit {
        low: u8,
    },
    /// The coefficients of that band but for their `low` lowest bits.
    AcFirst {
        first: u8,
        last: u8,
        low: u8,
    },
    /// The bits of that number of the coefficients of that band.
    AcBit {
        first: u8,
        last: u8,
        low: u8,
    },
}

/// A component in a scan.
struct Part<'a> {
    component: usize,
    /// Blocks in an MCU.
    columns: usize,
    rows: usize,
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
    /// The last block's DC coefficient: the next one is coded as the difference.
    prediction: i32,
    /// How many blocks more have nothing new but for what earlier scans gave them (EOBRUN, G.1.2.2).
    empty: u32,
}

impl<'a> Scan<'a> {
    /// From the header (B.2.3). Tables of quantisation that stand now are the components' for good with their first
    /// scan.
    pub fn new(
        header: &[u8],
        frame: &Frame,
        tables: &'a Tables,
        quantisation: &mut [Option<Quantisation>],
    ) -> Result<Self, Error> {
        const WRONG: Error = Error::Damaged("a scan's header is wrong");
        let (&count, rest) = header.split_first().ok_or(WRONG)?;
        let (chosen, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(WRONG)?;
        let &[first, last, bits] = rest.first_chunk().ok_or(WRONG)?;
        let (high, low) = (bits >> 4, bits & 15);
        let content = match (frame.progressive, first, last, high) {
            // Some encoders write what they like here.
            (false, ..) => Content::Sequential,
            _ if low > 13 || high > 0 && high != low + 1 => return Err(WRONG),
            (true, 0, 0, 0) => Content::DcFirst { low },
            (true, 0, 0, _) => Content::DcBit { low },
            (true, 1.., ..=63, 0) if first <= last && count == 1 => Content::AcFirst { first, last, low },
            (true, 1.., ..=63, _) if first <= last && count == 1 => Content::AcBit { first, last, low },
            _ => return Err(WRONG),
        };
        let (needs_dc, needs_ac) = match content {
            Content::Sequential => (true, true),
            Content::DcFirst { .. } => (true, false),
            Content::DcBit { .. } => (false, false),
            Content::AcFirst { .. } | Content::AcBit { .. } => (false, true),
        };
        let mut parts: Vec<Part> = Vec::new();
        for &[id, chosen_tables] in chosen.as_chunks::<2>().0 {
            let is_new = |index: &usize| parts.iter().all(|part| part.component != *index);
            let mut named = (0..frame.components.len()).filter(|&index| frame.components[index].id == id);
            let index = named.find(is_new).ok_or(WRONG)?;
            let component = &frame.components[index];
            if quantisation[index].is_none() {
                let table = tables.quantisation.get(component.table).ok_or(WRONG)?;
                quantisation[index] = Some(table.ok_or(Error::Damaged("a quantisation table is missing"))?);
            }
            const MISSING: Error = Error::Damaged("a Huffman table is missing");
            let find = |tables: &'a [Option<Table>; 4], number: u8| {
                tables.get(usize::from(number)).ok_or(WRONG)?.as_ref().ok_or(MISSING)
            };
            let dc = needs_dc.then(|| find(&tables.dc, chosen_tables >> 4)).transpose()?;
            let ac = needs_ac.then(|| find(&tables.ac, chosen_tables & 15)).transpose()?;
            if dc.is_some_and(|table| !table.fits_dc) {
                return Err(Error::Damaged("its Huffman tables are wrong"));
            }
            let (columns, rows) = if count == 1 { (1, 1) } else { (component.columns, component.rows) };
            parts.push(Part { component: index, columns, rows, dc, ac, prediction: 0, empty: 0 });
        }
        let mcus = match &parts[..] {
            [] => return Err(WRONG),
            // What is alone in its scan has MCUs of a single block, and only those that the picture covers (A.2.2).
            [part] => {
                let (across, down) = frame.samples(&frame.components[part.component], 8);
                (across.div_ceil(8), down.div_ceil(8))
            }
            _ => frame.mcus(),
        };
        Ok(Self { parts, content, mcus, restart_interval: tables.restart_interval })
    }

    /// Whether it has all the frame's components.
    pub fn is_complete(&self, frame: &Frame) -> bool {
        self.parts.len() == frame.components.len()
    }

    /// Reads the scan into the components' `blocks`; where those are but for one row of MCUs, into that row again and
    /// again. `row_read` is called with them after each.
    pub fn read<const N: usize>(
        self,
        segments: &mut Segments,
        blocks: &mut [Blocks<N>],
        row_read: impl FnMut(&mut [Blocks<N>]),
    ) {
        match self.content {
            Content::Sequential if N == 1 => self.walk(segments, blocks, row_read, |part, bits, block| {
                block[0] = part.dc(bits) as i16;
                part.skip_ac(bits);
            }),
            Content::Sequential => self.walk(segments, blocks, row_read, |part, bits, block| {
                block[0] = part.dc(bits) as i16;
                part.ac(bits, block);
            }),
            Content::DcFirst { low } => self.walk(segments, blocks, row_read, |part, bits, block| {
                block[0] = (part.dc(bits) << low) as i16;
            }),
            Content::DcBit { low } => self.walk(segments, blocks, row_read, |_, bits, block| {
                bits.fill();
                block[0] |= (bits.take(1) << low) as i16;
            }),
            // The next marker that is no restart is the scan's end.
            Content::AcFirst { .. } | Content::AcBit { .. } if N == 1 => {}
            Content::AcFirst { first, last, low } => {
                self.walk(segments, blocks, row_read, |part, bits, block| {
                    part.ac_first(bits, block, first..last + 1, low);
                });
            }
            Content::AcBit { first, last, low } => {
                self.walk(segments, blocks, row_read, |part, bits, block| {
                    part.ac_bit(bits, block, first..last + 1, low);
                });
            }
        }
    }

    /// Goes over the scan's blocks in their order.
    fn walk<const N: usize>(
        mut self,
        segments: &mut Segments,
        blocks: &mut [Blocks<N>],
        mut row_read: impl FnMut(&mut [Blocks<N>]),
        mut read: impl FnMut(&mut Part, &mut Bits, &mut [i16; N]),
    ) {
        let mut bits = Bits::default();
        bits.refill(|codes| segments.copy_codes(codes));
        // Where codes are missing, blocks stay as they are as far as to the next restart.
        let mut is_empty = false;
        let mut until_restart = self.restart_interval;
        let mut restart = 0;
        for row in 0..self.mcus.1 {
            for column in 0..self.mcus.0 {
                if self.restart_interval > 0 && until_restart == 0 {
                    let is_found = segments.restart(restart);
                    bits.refill(|codes| if is_found { segments.copy_codes(codes) } else { codes.clear() });
                    is_empty &= !is_found;
                    for part in &mut self.parts {
                        (part.prediction, part.empty) = (0, 0);
                    }
                    restart = (restart + 1) % 8;
                    until_restart = self.restart_interval;
                }
                until_restart = until_restart.wrapping_sub(1);
                if is_empty {
                    if self.restart_interval == 0 {
                        break;
                    }
                    continue;
                }
                for part in &mut self.parts {
                    let Blocks { coefficients, across, down } = &mut blocks[part.component];
                    let first = row * part.rows % *down * *across + column * part.columns;
                    for row in 0..part.rows {
                        for block in &mut coefficients[first + row * *across..][..part.columns] {
                            read(part, &mut bits, block);
                        }
                    }
                }
                is_empty = bits.is_beyond();
            }
            row_read(blocks);
        }
    }
}

impl Part<'_> {
    /// F.2.2.1.
    #[inline(always)]
    fn dc(&mut self, bits: &mut Bits) -> i32 {
        let Some(table) = self.dc else { return 0 };
        bits.fill();
        let code = table.find(bits.window);
        self.prediction = self.prediction.wrapping_add(code.value(bits.window));
        bits.skip(code.bits);
        self.prediction
    }

    /// F.2.2.2.
    #[inline(always)]
    fn ac<const N: usize>(&mut self, bits: &mut Bits, block: &mut [i16; N]) {
        let Some(table) = self.ac else { return };
        let mut place = 1;
        while place < 64 {
            bits.fill();
            let code = table.find(bits.window);
            let value = code.value(bits.window);
            bits.skip(code.bits);
            place += code.advance;
            if code.size() > 0 {
                block[usize::from(ZIGZAG[usize::from(place - 1) % 128]) % N] = value as i16;
            }
        }
    }

    #[inline(always)]
    fn skip_ac(&mut self, bits: &mut Bits) {
        let Some(table) = self.ac else { return };
        let mut place = 1;
        while place < 64 {
            bits.fill();
            let code = table.find(bits.window);
            bits.skip(code.bits);
            place += code.advance;
        }
    }

    /// G.1.2.2.
    #[inline(always)]
    fn ac_first<const N: usize>(&mut self, bits: &mut Bits, block: &mut [i16; N], band: Band, low: u8) {
        let Some(table) = self.ac else { return };
        if self.empty > 0 {
            self.empty -= 1;
            return;
        }
        let mut place = band.start;
        while place < band.end {
            bits.fill();
            let code = table.find(bits.window);
            if let (0, zeros @ ..15) = (code.size(), code.symbol >> 4) {
                bits.skip(code.length);
                self.empty = (1 << zeros) - 1 + bits.take(zeros);
                break;
            }
            let value = code.value(bits.window);
            bits.skip(code.bits);
            place += code.advance;
            if code.size() > 0 {
                block[usize::from(ZIGZAG[usize::from(place - 1) % 128]) % N] = (value << low) as i16;
            }
        }
    }

    /// G.1.2.3.
    #[inline(always)]
    fn ac_bit<const N: usize>(&mut self, bits: &mut Bits, block: &mut [i16; N], band: Band, low: u8) {
        let Some(table) = self.ac else { return };
        let mut place = band.start;
        while self.empty == 0 && place < band.end {
            bits.fill();
            let code = table.find(bits.window);
            bits.skip(code.length);
            let zeros = code.symbol >> 4;
            let new = match (code.size(), zeros) {
                (0, ..15) => {
                    self.empty = (1 << zeros) + bits.take(zeros);
                    break;
                }
                (0, _) => 0,
                _ if bits.take(1) == 1 => 1 << low,
                _ => -1 << low,
            };
            // Behind the coefficients that are zero so far comes one that no longer is.
            place = correct(bits, block, place..band.end, low, zeros);
            if new != 0 {
                block[usize::from(ZIGZAG[usize::from(place) % 128]) % N] = new;
            }
            place += 1;
        }
        if self.empty > 0 {
            correct(bits, block, place..band.end, low, u8::MAX);
            self.empty -= 1;
        }
    }
}

/// Places of coefficients in the file's order.
type Band = std::ops::Range<u8>;

/// Reads the bits of the coefficients that earlier scans gave. Goes over as many `zeros`, and returns the place of the
/// next.
fn correct<const N: usize>(bits: &mut Bits, block: &mut [i16; N], band: Band, low: u8, mut zeros: u8) -> u8 {
    let bit = 1 << low;
    for place in band.start..band.end {
        let coefficient = &mut block[usize::from(ZIGZAG[usize::from(place) % 128]) % N];
        if *coefficient == 0 {
            if zeros == 0 {
                return place;
            }
            zeros -= 1;
        } else {
            bits.fill();
            // Damaged files may have the same bit twice.
            if bits.take(1) == 1 && *coefficient & bit == 0 {
                *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
            }
        }
    }
    band.end
}

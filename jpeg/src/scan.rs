//! Scans: decodes entropy-coded data into blocks of coefficients (annexes F and G).

use crate::{
    error::Error,
    frame::Frame,
    huffman::{BitReader, HuffmanTable},
    segments::{Quantisation, Segments, Tables, ZIGZAG},
};

/// A component's blocks, row by row, each with the first `N` of its 64 coefficients.
pub struct Blocks<const N: usize> {
    coefficients: Vec<[i16; N]>,
    across: usize,
    down: usize,
}

impl<const N: usize> Blocks<N> {
    pub fn new(across: usize, down: usize) -> Self {
        Self { coefficients: vec![[0; N]; across * down], across, down }
    }

    /// Row `row` of the picture's blocks. If only one row of MCUs is held, it stands for all.
    pub fn row(&self, row: usize) -> &[[i16; N]] {
        &self.coefficients[row % self.down * self.across..][..self.across]
    }

    pub fn clear(&mut self) {
        self.coefficients.fill([0; N]);
    }
}

/// A scan whose header has been read.
pub struct Scan<'a> {
    components: Vec<ScanComponent<'a>>,
    pass: Pass,
    /// MCUs across and down.
    mcus: (usize, usize),
    restart_interval: usize,
}

/// Which part of each block a scan codes. `ss` and `se` are the first and last coefficient of the band (spectral selection);
/// `al` is the lowest bit that is coded (successive approximation).
#[derive(Clone, Copy)]
enum Pass {
    Sequential,
    /// The DC coefficient without its `al` lowest bits.
    DcFirst {
        al: u8,
    },
    /// Bit `al` of the DC coefficient.
    DcRefine {
        al: u8,
    },
    /// The coefficients of the band without their `al` lowest bits.
    AcFirst {
        ss: u8,
        se: u8,
        al: u8,
    },
    /// Bit `al` of the coefficients of the band.
    AcRefine {
        ss: u8,
        se: u8,
        al: u8,
    },
}

/// A component in a scan, and the state of its decoder.
struct ScanComponent<'a> {
    /// Its index in the frame.
    index: usize,
    /// Blocks across and down in an MCU of this scan.
    h: usize,
    v: usize,
    dc: Option<&'a HuffmanTable>,
    ac: Option<&'a HuffmanTable>,
    /// The previous block's DC coefficient (PRED); the next one is coded as the difference from it.
    prediction: i32,
    /// How many further blocks have no new coefficients in the band (EOBRUN, G.1.2.2).
    eob_run: u32,
}

impl<'a> Scan<'a> {
    /// From the scan header (B.2.3). A component keeps the quantisation table that is defined at its first scan.
    pub fn new(
        header: &[u8],
        frame: &Frame,
        tables: &'a Tables,
        quantisation: &mut [Option<Quantisation>],
    ) -> Result<Self, Error> {
        const WRONG: Error = Error::Damaged("a scan's header is wrong");
        let (&count, rest) = header.split_first().ok_or(WRONG)?;
        let (chosen, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(WRONG)?;
        let &[ss, se, approximation] = rest.first_chunk().ok_or(WRONG)?;
        let (ah, al) = (approximation >> 4, approximation & 15);
        let pass = match (frame.progressive, ss, se, ah) {
            // Some encoders write anything here.
            (false, ..) => Pass::Sequential,
            _ if al > 13 || ah > 0 && ah != al + 1 => return Err(WRONG),
            (true, 0, 0, 0) => Pass::DcFirst { al },
            (true, 0, 0, _) => Pass::DcRefine { al },
            (true, 1.., ..=63, 0) if ss <= se && count == 1 => Pass::AcFirst { ss, se, al },
            (true, 1.., ..=63, _) if ss <= se && count == 1 => Pass::AcRefine { ss, se, al },
            _ => return Err(WRONG),
        };
        let (needs_dc, needs_ac) = match pass {
            Pass::Sequential => (true, true),
            Pass::DcFirst { .. } => (true, false),
            Pass::DcRefine { .. } => (false, false),
            Pass::AcFirst { .. } | Pass::AcRefine { .. } => (false, true),
        };
        let mut components: Vec<ScanComponent> = Vec::new();
        for &[id, chosen_tables] in chosen.as_chunks::<2>().0 {
            let is_new = |index: &usize| components.iter().all(|component| component.index != *index);
            let mut named = (0..frame.components.len()).filter(|&index| frame.components[index].id == id);
            let index = named.find(is_new).ok_or(WRONG)?;
            let component = &frame.components[index];
            if quantisation[index].is_none() {
                let table = tables.quantisation.get(component.quantisation_table).ok_or(WRONG)?;
                quantisation[index] = Some(table.ok_or(Error::Damaged("a quantisation table is missing"))?);
            }
            const MISSING: Error = Error::Damaged("a Huffman table is missing");
            let find = |tables: &'a [Option<HuffmanTable>; 4], number: u8| {
                tables.get(usize::from(number)).ok_or(WRONG)?.as_ref().ok_or(MISSING)
            };
            let dc = needs_dc.then(|| find(&tables.dc, chosen_tables >> 4)).transpose()?;
            let ac = needs_ac.then(|| find(&tables.ac, chosen_tables & 15)).transpose()?;
            if dc.is_some_and(|table| !table.fits_dc) {
                return Err(Error::Damaged("its Huffman tables are wrong"));
            }
            let (h, v) = if count == 1 { (1, 1) } else { (component.h, component.v) };
            components.push(ScanComponent { index, h, v, dc, ac, prediction: 0, eob_run: 0 });
        }
        let mcus = match &components[..] {
            [] => return Err(WRONG),
            // A component alone in its scan has MCUs of one block, and no blocks outside the picture (A.2.2).
            [component] => {
                let (across, down) = frame.samples(&frame.components[component.index], 8);
                (across.div_ceil(8), down.div_ceil(8))
            }
            _ => frame.mcus(),
        };
        Ok(Self { components, pass, mcus, restart_interval: tables.restart_interval })
    }

    /// Whether it contains all of the frame's components.
    pub fn is_complete(&self, frame: &Frame) -> bool {
        self.components.len() == frame.components.len()
    }

    /// Reads the scan into the components' `blocks`. If those hold only one row of MCUs, each row overwrites the one before.
    /// `row_read` is called with the blocks after each row of MCUs.
    pub fn read<const N: usize>(
        self,
        segments: &mut Segments,
        blocks: &mut [Blocks<N>],
        row_read: impl FnMut(&mut [Blocks<N>]),
    ) {
        match self.pass {
            Pass::Sequential if N == 1 => {
                self.read_blocks(segments, blocks, row_read, |component, bits, block| {
                    block[0] = component.decode_dc(bits) as i16;
                    component.skip_ac(bits);
                })
            }
            Pass::Sequential => self.read_blocks(segments, blocks, row_read, |component, bits, block| {
                block[0] = component.decode_dc(bits) as i16;
                component.decode_ac(bits, block);
            }),
            Pass::DcFirst { al } => self.read_blocks(segments, blocks, row_read, |component, bits, block| {
                block[0] = (component.decode_dc(bits) << al) as i16;
            }),
            Pass::DcRefine { al } => self.read_blocks(segments, blocks, row_read, |_, bits, block| {
                bits.fill();
                block[0] |= (bits.receive(1) << al) as i16;
            }),
            // Nothing of these is needed: reading goes on at the next marker that is no restart.
            Pass::AcFirst { .. } | Pass::AcRefine { .. } if N == 1 => {}
            Pass::AcFirst { ss, se, al } => {
                self.read_blocks(segments, blocks, row_read, |component, bits, block| {
                    component.decode_ac_first(bits, block, ss..se + 1, al);
                });
            }
            Pass::AcRefine { ss, se, al } => {
                self.read_blocks(segments, blocks, row_read, |component, bits, block| {
                    component.refine_ac(bits, block, ss..se + 1, al);
                });
            }
        }
    }

    /// Calls `read` for each of the scan's blocks, in their order.
    fn read_blocks<const N: usize>(
        mut self,
        segments: &mut Segments,
        blocks: &mut [Blocks<N>],
        mut row_read: impl FnMut(&mut [Blocks<N>]),
        mut read: impl FnMut(&mut ScanComponent, &mut BitReader, &mut [i16; N]),
    ) {
        let mut bits = BitReader::default();
        bits.refill(|codes| segments.copy_codes(codes));
        // Once the data are used up, blocks stay as they are until the next restart.
        let mut is_exhausted = false;
        let mut until_restart = self.restart_interval;
        let mut next_restart = 0;
        for row in 0..self.mcus.1 {
            for column in 0..self.mcus.0 {
                if self.restart_interval > 0 && until_restart == 0 {
                    let is_found = segments.restart(next_restart);
                    bits.refill(|codes| if is_found { segments.copy_codes(codes) } else { codes.clear() });
                    is_exhausted &= !is_found;
                    for component in &mut self.components {
                        (component.prediction, component.eob_run) = (0, 0);
                    }
                    next_restart = (next_restart + 1) % 8;
                    until_restart = self.restart_interval;
                }
                until_restart = until_restart.wrapping_sub(1);
                if is_exhausted {
                    if self.restart_interval == 0 {
                        break;
                    }
                    continue;
                }
                for component in &mut self.components {
                    let Blocks { coefficients, across, down } = &mut blocks[component.index];
                    let first = row * component.v % *down * *across + column * component.h;
                    for row in 0..component.v {
                        for block in &mut coefficients[first + row * *across..][..component.h] {
                            read(component, &mut bits, block);
                        }
                    }
                }
                is_exhausted = bits.is_exhausted();
            }
            row_read(blocks);
        }
    }
}

impl ScanComponent<'_> {
    /// The DC coefficient (F.2.2.1).
    #[inline(always)]
    fn decode_dc(&mut self, bits: &mut BitReader) -> i32 {
        let Some(table) = self.dc else { return 0 };
        bits.fill();
        let code = table.decode(bits.window);
        self.prediction = self.prediction.wrapping_add(code.receive_extend(bits.window));
        bits.skip(code.total_bits);
        self.prediction
    }

    /// The AC coefficients (F.2.2.2).
    #[inline(always)]
    fn decode_ac<const N: usize>(&mut self, bits: &mut BitReader, block: &mut [i16; N]) {
        let Some(table) = self.ac else { return };
        let mut k = 1;
        while k < 64 {
            bits.fill();
            let code = table.decode(bits.window);
            let value = code.receive_extend(bits.window);
            bits.skip(code.total_bits);
            k += code.advance;
            if code.size() > 0 {
                block[usize::from(ZIGZAG[usize::from(k - 1) % 128]) % N] = value as i16;
            }
        }
    }

    /// Reads past the AC coefficients.
    #[inline(always)]
    fn skip_ac(&mut self, bits: &mut BitReader) {
        let Some(table) = self.ac else { return };
        let mut k = 1;
        while k < 64 {
            bits.fill();
            let code = table.decode(bits.window);
            bits.skip(code.total_bits);
            k += code.advance;
        }
    }

    /// First pass over a band of AC coefficients (G.1.2.2).
    #[inline(always)]
    fn decode_ac_first<const N: usize>(
        &mut self,
        bits: &mut BitReader,
        block: &mut [i16; N],
        band: Band,
        al: u8,
    ) {
        let Some(table) = self.ac else { return };
        if self.eob_run > 0 {
            self.eob_run -= 1;
            return;
        }
        let mut k = band.start;
        while k < band.end {
            bits.fill();
            let code = table.decode(bits.window);
            if let (0, run @ ..15) = (code.size(), code.symbol >> 4) {
                bits.skip(code.length);
                self.eob_run = (1 << run) - 1 + bits.receive(run);
                break;
            }
            let value = code.receive_extend(bits.window);
            bits.skip(code.total_bits);
            k += code.advance;
            if code.size() > 0 {
                block[usize::from(ZIGZAG[usize::from(k - 1) % 128]) % N] = (value << al) as i16;
            }
        }
    }

    /// Refines a band of AC coefficients by one bit (G.1.2.3).
    #[inline(always)]
    fn refine_ac<const N: usize>(&mut self, bits: &mut BitReader, block: &mut [i16; N], band: Band, al: u8) {
        let Some(table) = self.ac else { return };
        let mut k = band.start;
        while self.eob_run == 0 && k < band.end {
            bits.fill();
            let code = table.decode(bits.window);
            bits.skip(code.length);
            let run = code.symbol >> 4;
            let new = match (code.size(), run) {
                (0, ..15) => {
                    self.eob_run = (1 << run) + bits.receive(run);
                    break;
                }
                (0, _) => 0,
                _ if bits.receive(1) == 1 => 1 << al,
                _ => -1 << al,
            };
            // After a run of coefficients that stay zero comes a new one.
            k = refine_nonzero(bits, block, k..band.end, al, run);
            if new != 0 {
                block[usize::from(ZIGZAG[usize::from(k) % 128]) % N] = new;
            }
            k += 1;
        }
        if self.eob_run > 0 {
            refine_nonzero(bits, block, k..band.end, al, u8::MAX);
            self.eob_run -= 1;
        }
    }
}

/// A range of coefficients, in zig-zag order.
type Band = std::ops::Range<u8>;

/// Reads the correction bits of coefficients that are already nonzero. Passes over a `run` of zero coefficients and returns
/// the index of the next one.
fn refine_nonzero<const N: usize>(
    bits: &mut BitReader,
    block: &mut [i16; N],
    band: Band,
    al: u8,
    mut run: u8,
) -> u8 {
    let bit = 1 << al;
    for k in band.start..band.end {
        let coefficient = &mut block[usize::from(ZIGZAG[usize::from(k) % 128]) % N];
        if *coefficient == 0 {
            if run == 0 {
                return k;
            }
            run -= 1;
        } else {
            bits.fill();
            // Damaged files may set the same bit twice.
            if bits.receive(1) == 1 && *coefficient & bit == 0 {
                *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
            }
        }
    }
    band.end
}

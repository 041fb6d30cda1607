//! Huffman tables (C.2, F.2.2.3), and the bit reader.

/// A Huffman code, and what the decoder needs to know of its symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Bits of the code; in the lookup table 0 if it is longer than [`LOOKUP_BITS`].
    pub length: u8,
    /// For AC coefficients RRRRSSSS: a run of zeros, and the size of the coefficient after them.
    pub symbol: u8,
    /// Bits of the code and of the SSSS additional bits after it.
    pub total_bits: u8,
    /// By how many coefficients the symbol advances in the block.
    pub advance: u8,
}

/// Advances past the 64th coefficient from anywhere in the block (EOB).
const END_OF_BLOCK: u8 = 128;

impl Code {
    fn new(length: u8, symbol: u8) -> Self {
        let (run, size) = (symbol >> 4, symbol & 15);
        let advance = if size > 0 || run == 15 { run + 1 } else { END_OF_BLOCK };
        Self { length, symbol, total_bits: length + size, advance }
    }

    /// Stands in for bits that are no code: ends the block, and consumes as many bits as libjpeg does.
    const INVALID: Self = Self { length: 17, symbol: 0, total_bits: 17, advance: END_OF_BLOCK };

    /// SSSS: the number of additional bits.
    #[inline(always)]
    pub fn size(self) -> u8 {
        self.symbol & 15
    }

    /// The signed value of the additional bits (RECEIVE and EXTEND, F.2.2.1). `window` begins with the code.
    #[inline(always)]
    pub fn receive_extend(self, window: u64) -> i32 {
        let size = self.size();
        // Two shifts, since a shift by 64 would overflow.
        let bits = ((window << self.length) >> 1 >> (63 - size)) as i32;
        let half = (1 << size) >> 1;
        if bits < half { bits + 1 - (1 << size) } else { bits }
    }
}

/// A Huffman table.
#[derive(Clone)]
pub struct HuffmanTable {
    /// Codes by the next [`LOOKUP_BITS`] bits.
    lookup: Box<[Code; 1 << LOOKUP_BITS]>,
    /// Longer codes, left-aligned in 16 bits, in ascending order.
    long: Vec<(u16, Code)>,
    /// The end of the codes: the first left-aligned 16 bits after the last one.
    end: u32,
    /// Whether all symbols are valid for DC coefficients, whose differences have at most 15 bits.
    pub fits_dc: bool,
}

/// Longer codes are rare.
const LOOKUP_BITS: u8 = 10;

impl HuffmanTable {
    /// From the number of codes of each length, 1 to 16 bits (BITS), and their symbols (HUFFVAL); `None` if there are more codes
    /// than fit into those lengths.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            lookup: Box::new([Code::default(); 1 << LOOKUP_BITS]),
            long: Vec::new(),
            end: 0,
            fits_dc: symbols.iter().all(|&symbol| symbol < 16),
        };
        let mut symbols = symbols.iter();
        for (length, &count) in (1u8..).zip(counts) {
            for &symbol in symbols.by_ref().take(count.into()) {
                let begin = table.end;
                table.end += 1 << (16 - length);
                if table.end > 1 << 16 {
                    return None;
                }
                let code = Code::new(length, symbol);
                if length <= LOOKUP_BITS {
                    let unused = 16 - LOOKUP_BITS;
                    table.lookup[(begin >> unused) as usize..(table.end >> unused) as usize].fill(code);
                } else {
                    table.long.push((begin as u16, code));
                }
            }
        }
        Some(table)
    }

    /// The code that `window` begins with (DECODE, F.2.2.3).
    #[inline(always)]
    pub fn decode(&self, window: u64) -> Code {
        let code = self.lookup[(window >> (64 - LOOKUP_BITS)) as usize];
        if code.length > 0 { code } else { self.decode_long((window >> 48) as u16) }
    }

    #[cold]
    fn decode_long(&self, bits: u16) -> Code {
        let after = self.long.partition_point(|&(begin, _)| begin <= bits);
        match after.checked_sub(1) {
            Some(last) if u32::from(bits) < self.end => self.long[last].1,
            _ => Code::INVALID,
        }
    }

    /// The table of annex K.3 for the DC coefficients of luminance (0) or chrominance (1).
    pub fn standard_dc(number: usize) -> Option<Self> {
        Self::new(STANDARD_DC.get(number)?, &STANDARD_DC_SYMBOLS)
    }

    /// The table of annex K.3 for the AC coefficients of luminance (0) or chrominance (1).
    pub fn standard_ac(number: usize) -> Option<Self> {
        let (counts, symbols) = STANDARD_AC.get(number)?;
        Self::new(counts, symbols)
    }
}

/// Tables K.3 and K.4.
const STANDARD_DC: [[u8; 16]; 2] =
    [[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]];
const STANDARD_DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// Tables K.5 and K.6.
#[rustfmt::skip]
const STANDARD_AC: [([u8; 16], [u8; 162]); 2] = [
    (
        [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D],
        [
            0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
            0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
            0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
            0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
            0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
            0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
            0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
            0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
            0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
            0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
            0xF9, 0xFA,
        ],
    ),
    (
        [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
        [
            0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
            0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
            0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
            0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
            0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
            0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
            0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
            0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
            0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
            0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
            0xF9, 0xFA,
        ],
    ),
];

/// Reads bits of the entropy-coded data between two markers.
#[derive(Default)]
pub struct BitReader {
    /// The data without stuffed zero bytes, and [`LOOKAHEAD`] zeros at the end.
    codes: Vec<u8>,
    /// Bits of the data, without the zeros at the end.
    length: usize,
    /// The next byte to put into the window.
    at: usize,
    /// The next bits, from the highest on.
    pub window: u64,
    /// How many bits are in the window.
    held: u32,
}

/// Bytes that may be read past the end.
const LOOKAHEAD: usize = 4;

impl BitReader {
    /// Starts on the data that `copy` writes into the vector.
    pub fn refill(&mut self, copy: impl FnOnce(&mut Vec<u8>)) {
        copy(&mut self.codes);
        self.length = 8 * self.codes.len();
        self.codes.extend([0; LOOKAHEAD]);
        (self.at, self.window, self.held) = (0, 0, 0);
    }

    /// Fills the window with at least 32 bits: no code with its additional bits has more. Past the end they are zeros.
    #[inline(always)]
    pub fn fill(&mut self) {
        if self.held < 32 {
            let next = self
                .codes
                .get(self.at..self.at + 4)
                .map_or(0, |four| u32::from_be_bytes(four.try_into().unwrap()));
            self.window |= u64::from(next) << (32 - self.held);
            self.held += 32;
            self.at += 4;
        }
    }

    /// Consumes bits of the window.
    #[inline(always)]
    pub fn skip(&mut self, bits: u8) {
        self.window <<= bits;
        self.held -= u32::from(bits);
    }

    /// Consumes at most 15 bits of the window, and returns them (RECEIVE, F.2.2.4).
    #[inline(always)]
    pub fn receive(&mut self, bits: u8) -> u32 {
        let value = (self.window >> 1 >> (63 - bits)) as u32;
        self.skip(bits);
        value
    }

    /// Whether more bits were consumed than there are.
    #[inline(always)]
    pub fn is_exhausted(&self) -> bool {
        8 * self.at > self.length + self.held as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bits: &str) -> u64 {
        u64::from_str_radix(&format!("{bits:0<64}"), 2).unwrap()
    }

    #[test]
    fn codes_are_found_by_their_bits() {
        let (dc, ac) = (HuffmanTable::standard_dc(0).unwrap(), HuffmanTable::standard_ac(0).unwrap());
        let found = dc.decode(window("1110101011"));
        assert_eq!((found.length, found.symbol, found.total_bits), (4, 6, 10));
        // Table K.5: 15 zeros and a coefficient of 10 bits have the last code.
        let found = ac.decode(window("1111111111111110"));
        assert_eq!((found.length, found.symbol, found.advance), (16, 0xFA, 16));
        assert_eq!(ac.decode(window("1111111111111111")), Code::INVALID);
        assert_eq!(ac.decode(window("1010")).advance, END_OF_BLOCK);
        assert_eq!(ac.decode(window("11111111001")).advance, 16);
    }

    #[test]
    fn additional_bits_are_extended_by_a_sign() {
        for (bits, value) in [("000", -7), ("011", -4), ("100", 4), ("111", 7)] {
            assert_eq!(Code::new(2, 3).receive_extend(window(&format!("10{bits}"))), value);
        }
        assert_eq!(Code::new(2, 0).receive_extend(window("1011")), 0);
        assert_eq!(Code::new(16, 15).receive_extend(window("1111111111111111111111111111111")), 32767);
    }

    #[test]
    fn more_codes_than_there_can_be_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert!(HuffmanTable::new(&counts, &[0, 1]).is_some());
        counts[15] = 1;
        assert!(HuffmanTable::new(&counts, &[0, 1, 2]).is_none());
    }
}

//! Huffman codes (C.2, F.2.2.3), and the bits that they are read from.

/// What a code stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The code's bits; 0, in a table, where it is longer than [`LOOKUP`].
    pub length: u8,
    pub symbol: u8,
    /// The bits of the code and of the magnitude behind it, of which the symbol's low half is the size.
    pub bits: u8,
    /// How many AC coefficients on the next one is.
    pub advance: u8,
}

/// Behind the 64th coefficient, wherever the code stands.
const BLOCK_ENDS: u8 = 128;

impl Code {
    fn new(length: u8, symbol: u8) -> Self {
        let (zeros, size) = (symbol >> 4, symbol & 15);
        let advance = if size > 0 || zeros == 15 { zeros + 1 } else { BLOCK_ENDS };
        Self { length, symbol, bits: length + size, advance }
    }

    /// Bits that are no code at all end a block, and are as many as libjpeg takes for them.
    const NONE: Self = Self { length: 17, symbol: 0, bits: 17, advance: BLOCK_ENDS };

    /// Bits of the magnitude.
    #[inline(always)]
    pub fn size(self) -> u8 {
        self.symbol & 15
    }

    /// Its magnitude with the sign (F.2.2.1), if these are the next bits.
    #[inline(always)]
    pub fn value(self, window: u64) -> i32 {
        let size = self.size();
        // Two shifts, since one by 64 is none.
        let magnitude = ((window << self.length) >> 1 >> (63 - size)) as i32;
        let half = (1 << size) >> 1;
        if magnitude < half { magnitude + 1 - (1 << size) } else { magnitude }
    }
}

/// Codes by the first of their bits.
#[derive(Clone)]
pub struct Table {
    lookup: Box<[Code; 1 << LOOKUP]>,
    /// The longer ones, in order of their 16 bits, which are filled up with zeros.
    long: Vec<(u16, Code)>,
    /// The first 16 bits after the last code.
    end: u32,
    /// Whether every symbol can be the size of a DC coefficient's difference.
    pub fits_dc: bool,
}

/// Longer codes are rare.
const LOOKUP: u8 = 10;

impl Table {
    /// From the number of codes of 1, 2, ... 16 bits and their symbols; `None` if there cannot be as many.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            lookup: Box::new([Code::default(); 1 << LOOKUP]),
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
                if length <= LOOKUP {
                    let unused = 16 - LOOKUP;
                    table.lookup[(begin >> unused) as usize..(table.end >> unused) as usize].fill(code);
                } else {
                    table.long.push((begin as u16, code));
                }
            }
        }
        Some(table)
    }

    /// The code that these bits begin with.
    #[inline(always)]
    pub fn find(&self, window: u64) -> Code {
        let code = self.lookup[(window >> (64 - LOOKUP)) as usize];
        if code.length > 0 { code } else { self.find_long((window >> 48) as u16) }
    }

    #[cold]
    fn find_long(&self, bits: u16) -> Code {
        let behind = self.long.partition_point(|&(begin, _)| begin <= bits);
        match behind.checked_sub(1) {
            Some(last) if u32::from(bits) < self.end => self.long[last].1,
            _ => Code::NONE,
        }
    }

    /// The table of annex K.3 for the DC coefficients of luminance (0) or chrominance (1).
    pub fn usual_dc(number: usize) -> Option<Self> {
        Self::new(USUAL_DC.get(number)?, &USUAL_SIZES)
    }

    /// The table of annex K.3 for the AC coefficients of luminance (0) or chrominance (1).
    pub fn usual_ac(number: usize) -> Option<Self> {
        let (counts, symbols) = USUAL_AC.get(number)?;
        Self::new(counts, symbols)
    }
}

/// Tables K.3 and K.4.
const USUAL_DC: [[u8; 16]; 2] =
    [[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]];
const USUAL_SIZES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// Tables K.5 and K.6.
#[rustfmt::skip]
const USUAL_AC: [([u8; 16], [u8; 162]); 2] = [
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

/// The codes from one marker to the next.
#[derive(Default)]
pub struct Bits {
    /// Without the zeros that stand behind bytes 0xFF, but with [`AHEAD`] at the end, to be read ahead.
    codes: Vec<u8>,
    /// The codes' bits without those zeros.
    length: usize,
    at: usize,
    /// The next bits, highest first.
    pub window: u64,
    held: u32,
}

const AHEAD: usize = 4;

impl Bits {
    /// Goes on with those that `copy` leaves.
    pub fn refill(&mut self, copy: impl FnOnce(&mut Vec<u8>)) {
        copy(&mut self.codes);
        self.length = 8 * self.codes.len();
        self.codes.extend([0; AHEAD]);
        (self.at, self.window, self.held) = (0, 0, 0);
    }

    /// Sees to it that there are 32 bits at least: no code with its magnitude has more. Behind the last they are zeros.
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

    #[inline(always)]
    pub fn skip(&mut self, bits: u8) {
        self.window <<= bits;
        self.held -= u32::from(bits);
    }

    /// At most 15 of those that [`Self::fill`] saw to.
    #[inline(always)]
    pub fn take(&mut self, bits: u8) -> u32 {
        let value = (self.window >> 1 >> (63 - bits)) as u32;
        self.skip(bits);
        value
    }

    /// Whether more have been read than there are.
    #[inline(always)]
    pub fn is_beyond(&self) -> bool {
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
        let (dc, ac) = (Table::usual_dc(0).unwrap(), Table::usual_ac(0).unwrap());
        let found = dc.find(window("1110101011"));
        assert_eq!((found.length, found.symbol, found.bits), (4, 6, 10));
        // Table K.5: 15 zeros and a coefficient of 10 bits have the last code.
        let found = ac.find(window("1111111111111110"));
        assert_eq!((found.length, found.symbol, found.advance), (16, 0xFA, 16));
        assert_eq!(ac.find(window("1111111111111111")), Code::NONE);
        assert_eq!(ac.find(window("1010")).advance, BLOCK_ENDS);
        assert_eq!(ac.find(window("11111111001")).advance, 16);
    }

    #[test]
    fn magnitudes_have_a_sign() {
        for (bits, value) in [("000", -7), ("011", -4), ("100", 4), ("111", 7)] {
            assert_eq!(Code::new(2, 3).value(window(&format!("10{bits}"))), value);
        }
        assert_eq!(Code::new(2, 0).value(window("1011")), 0);
        assert_eq!(Code::new(16, 15).value(window("1111111111111111111111111111111")), 32767);
    }

    #[test]
    fn more_codes_than_there_can_be_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert!(Table::new(&counts, &[0, 1]).is_some());
        counts[15] = 1;
        assert!(Table::new(&counts, &[0, 1, 2]).is_none());
    }
}

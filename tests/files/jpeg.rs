//! A JPEG encoder that writes everything the standard allows, and some of what it forbids.
//!
//! Annexes and figures are those of ITU-T T.81.

use std::{array, f32::consts::PI, sync::LazyLock};

use image::{DynamicImage, ImageFormat, RgbImage};

use super::encode::encode;

/// What to write. See [`Jpeg::new`] for the defaults.
#[derive(Clone)]
pub struct Jpeg {
    pub width: usize,
    pub height: usize,
    pub colours: Colours,
    pub components: Vec<Component>,
    /// The frame header's marker: 0xC0 baseline, 0xC1 extended sequential, 0xC2 progressive.
    pub process: u8,
    pub scans: Vec<Scan>,
    /// MCUs between restart markers; 0 for none.
    pub restart_interval: u16,
    pub lines: Lines,
    pub huffman: Huffman,
    /// The quantisation step of all coefficients. Steps over 255 are written in two bytes; with the flag, smaller ones, too.
    pub step: u16,
    pub wide_steps: bool,
    /// Segments, or any other bytes, to insert at each [`Place`].
    pub between: [Vec<u8>; PLACES],
}

/// The colour space of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    Grey,
    YCbCr,
    Rgb,
    /// Inverted, as Photoshop stores it: 255 is no ink.
    Cmyk,
    Ycck,
}

#[derive(Clone, Copy)]
pub struct Component {
    pub id: u8,
    /// Sampling factors.
    pub columns: usize,
    pub rows: usize,
}

#[derive(Clone)]
pub struct Scan {
    /// Indices, in the scan's order.
    pub components: Vec<usize>,
    /// The first and the last coefficient of the band, in zig-zag order (Ss, Se).
    pub band: (u8, u8),
    /// Low bits that an earlier scan left out, and that this one leaves out (Ah, Al).
    pub high: u8,
    pub low: u8,
}

/// Where the number of lines is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    InFrame,
    /// In a DNL segment after the first scan.
    AfterScan,
    InBoth,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Huffman {
    /// The tables of annex K.3, in a segment before the frame header or after it.
    BeforeFrame,
    AfterFrame,
    /// The tables of annex K.3, not written.
    Missing,
}

#[derive(Clone, Copy)]
pub enum Place {
    Start,
    BeforeFrame,
    AfterFrame,
    BeforeScan,
    AfterScan,
}
pub const PLACES: usize = 5;

/// 8 by 8 numbers.
type Block = [i32; 64];

pub fn component(id: u8, columns: usize, rows: usize) -> Component {
    Component { id, columns, rows }
}

/// A sequential scan of these components.
pub fn scan(components: &[usize]) -> Scan {
    Scan { components: components.into(), band: (0, 63), high: 0, low: 0 }
}

/// A progressive scan.
pub fn part(components: &[usize], band: (u8, u8), high: u8, low: u8) -> Scan {
    Scan { components: components.into(), band, high, low }
}

pub fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a segment's length");
    [&[0xFF, marker], &length.to_be_bytes()[..], content].concat()
}

pub fn jfif() -> Vec<u8> {
    segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
}

pub fn adobe(transform: u8) -> Vec<u8> {
    segment(0xEE, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat())
}

/// The scans of a progressive file with this number of components, as libjpeg writes them: DC coefficients of all components,
/// then bands of AC coefficients, then refinements of each.
pub fn progression(components: usize) -> Vec<Scan> {
    let all: Vec<_> = (0..components).collect();
    let each = |band, high, low| all.iter().map(move |&index| part(&[index], band, high, low));
    let mut scans = vec![part(&all, (0, 0), 0, 1)];
    scans.extend(each((1, 5), 0, 2));
    scans.extend(each((6, 63), 0, 2));
    scans.extend(each((1, 63), 2, 1));
    scans.push(part(&all, (0, 0), 1, 0));
    scans.extend(each((1, 63), 1, 0));
    scans
}

impl Jpeg {
    /// A baseline JFIF file in one scan, with these sampling factors for luminance and both chrominances.
    pub fn new(width: usize, height: usize, luma: (usize, usize), chroma: (usize, usize)) -> Self {
        Self {
            width,
            height,
            colours: Colours::YCbCr,
            components: vec![
                component(1, luma.0, luma.1),
                component(2, chroma.0, chroma.1),
                component(3, chroma.0, chroma.1),
            ],
            process: 0xC0,
            scans: vec![scan(&[0, 1, 2])],
            restart_interval: 0,
            lines: Lines::InFrame,
            huffman: Huffman::AfterFrame,
            step: 6,
            wide_steps: false,
            between: array::from_fn(|place| if place == 0 { jfif() } else { Vec::new() }),
        }
    }

    /// With all components in the scans of [`progression`].
    pub fn progressive(mut self) -> Self {
        self.process = 0xC2;
        self.scans = progression(self.components.len());
        self
    }

    pub fn with(mut self, place: Place, bytes: &[u8]) -> Self {
        self.between[place as usize].extend(bytes);
        self
    }

    /// Blocks in an MCU of all components. The standard and libjpeg allow ten.
    pub fn blocks_in_mcu(&self) -> usize {
        self.components.iter().map(|component| component.columns * component.rows).sum()
    }

    fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().expect("components");
        (most(|component| component.columns), most(|component| component.rows))
    }

    fn mcus(&self) -> (usize, usize) {
        let (columns, rows) = self.most();
        (self.width.div_ceil(8 * columns), self.height.div_ceil(8 * rows))
    }

    /// The file.
    pub fn encode(&self) -> Vec<u8> {
        let put = |file: &mut Vec<u8>, place: Place| file.extend(&self.between[place as usize]);
        let tables = standard_tables();
        let mut file = vec![0xFF, 0xD8];
        put(&mut file, Place::Start);
        let wide = self.wide_steps || self.step > 255;
        let step = self.step.to_be_bytes();
        let steps = if wide { step.repeat(64) } else { vec![step[1]; 64] };
        file.extend(segment(0xDB, &[&[if wide { 0x10 } else { 0 }], &steps[..]].concat()));
        let codes = if self.process == 0xC2 { flat_tables() } else { tables.clone() };
        let huffman = codes.iter().flat_map(|table| segment(0xC4, &table.segment)).collect::<Vec<u8>>();
        if self.huffman == Huffman::BeforeFrame {
            file.extend(&huffman);
        }
        put(&mut file, Place::BeforeFrame);
        let height = if self.lines == Lines::AfterScan { 0 } else { self.height };
        let [height, width] = [height, self.width].map(|length| (length as u16).to_be_bytes());
        let mut frame = [&[8], &height[..], &width, &[self.components.len() as u8]].concat();
        for component in &self.components {
            frame.extend([component.id, (component.columns << 4 | component.rows) as u8, 0]);
        }
        file.extend(segment(self.process, &frame));
        put(&mut file, Place::AfterFrame);
        if self.huffman == Huffman::AfterFrame {
            file.extend(&huffman);
        }
        if self.restart_interval > 0 {
            file.extend(segment(0xDD, &self.restart_interval.to_be_bytes()));
        }
        put(&mut file, Place::BeforeScan);
        let planes: Vec<_> = (0..self.components.len()).map(|index| self.plane(index)).collect();
        for (number, scan) in self.scans.iter().enumerate() {
            let mut header = vec![scan.components.len() as u8];
            for &index in &scan.components {
                header.extend([self.components[index].id, if index == 0 { 0 } else { 0x11 }]);
            }
            header.extend([scan.band.0, scan.band.1, scan.high << 4 | scan.low]);
            file.extend(segment(0xDA, &header));
            Writer::new(&mut file, &codes).scan(self, scan, &planes);
            if number == 0 {
                if self.lines != Lines::InFrame {
                    file.extend(segment(0xDC, &(self.height as u16).to_be_bytes()));
                }
                put(&mut file, Place::AfterScan);
            }
        }
        file.extend([0xFF, 0xD9]);
        file
    }

    /// A component's quantised coefficients, padded to whole MCUs: the number of blocks across, and the blocks row by row.
    fn plane(&self, index: usize) -> (usize, Vec<Block>) {
        let Component { columns, rows, .. } = self.components[index];
        let (across, down) = (self.mcus().0 * columns, self.mcus().1 * rows);
        let most = self.most();
        let (x_step, y_step) = (most.0 as f32 / columns as f32, most.1 as f32 / rows as f32);
        let sample = |column: usize, row: usize| {
            let colour = picture((column as f32 + 0.5) * x_step, (row as f32 + 0.5) * y_step);
            self.colours.component(index, colour) - 128.0
        };
        let block = |at: usize| {
            let (left, top) = (8 * (at % across), 8 * (at / across));
            let samples = array::from_fn(|at| sample(left + at % 8, top + at / 8));
            let step = f32::from(self.step);
            forward_dct(samples).map(|coefficient| (coefficient / step).round() as i32)
        };
        (across, (0..across * down).map(block).collect())
    }
}

impl Colours {
    /// The value of a component, from red, green and blue.
    fn component(self, index: usize, [r, g, b]: [f32; 3]) -> f32 {
        let black = r.max(g).max(b).max(1.0);
        match (self, index) {
            (Colours::Rgb, 0..3) => [r, g, b][index],
            (Colours::Cmyk | Colours::Ycck, 3..) => black,
            (Colours::Cmyk, _) => [r, g, b][index] * 255.0 / black,
            (Colours::Ycck, _) => {
                let [r, g, b] = [r, g, b].map(|light| 255.0 - light * 255.0 / black);
                Colours::YCbCr.component(index, [r, g, b])
            }
            (_, 0) => 0.299 * r + 0.587 * g + 0.114 * b,
            (_, 1) => 128.0 - 0.168736 * r - 0.331264 * g + 0.5 * b,
            (_, 2) => 128.0 + 0.5 * r - 0.418688 * g - 0.081312 * b,
            // No colour space has such a component.
            _ => 90.0,
        }
    }
}

/// The endless picture that all files show: red, green and blue at a position in pixels. It has waves, an edge of colour and an
/// edge of brightness.
pub fn picture(x: f32, y: f32) -> [f32; 3] {
    let wave = |length: f32, phase: f32| ((x * 0.8 + y * 0.6) * 2.0 * PI / length + phase).sin();
    let light = if (x - 60.0).hypot(y - 45.0) < 30.0 { 50.0 } else { 0.0 };
    let colour = if x * 0.3 + y > 70.0 { 30.0 } else { -30.0 };
    [
        110.0 + 40.0 * wave(134.0, 0.0) + light + colour,
        110.0 + 40.0 * wave(182.0, 2.0) + light,
        110.0 + 40.0 * wave(106.0, 4.0) + light - colour,
    ]
}

/// The picture in pixels.
pub fn pixels(width: usize, height: usize) -> RgbImage {
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        image::Rgb(picture(x as f32 + 0.5, y as f32 + 0.5).map(|value| value.round() as u8))
    })
}

/// The forward DCT (A.3.3).
fn forward_dct(samples: [f32; 64]) -> [f32; 64] {
    let factor = |frequency: usize, at: usize| {
        let scale = if frequency == 0 { 0.125f32.sqrt() } else { 0.5 };
        scale * ((2 * at + 1) as f32 * frequency as f32 * PI / 16.0).cos()
    };
    let factors: [f32; 64] = array::from_fn(|at| factor(at / 8, at % 8));
    let pass = |from: [f32; 64]| -> [f32; 64] {
        // Transforms the columns, and transposes.
        array::from_fn(|at| {
            let (column, frequency) = (at / 8, at % 8);
            (0..8).map(|row| factors[8 * frequency + row] * from[8 * row + column]).sum()
        })
    };
    pass(pass(samples))
}

/// A Huffman table, and the segment that defines it.
#[derive(Clone)]
struct HuffmanTable {
    segment: Vec<u8>,
    /// The code and its length, by symbol.
    codes: Vec<(u32, u32)>,
}

impl HuffmanTable {
    /// From the content of a DHT segment with one table.
    fn new(segment: &[u8]) -> Self {
        let mut codes = vec![(0, 0); 256];
        let mut code = 0;
        let mut symbols = segment[17..].iter();
        for (length, &count) in (1..).zip(&segment[1..17]) {
            for &symbol in symbols.by_ref().take(count.into()) {
                codes[usize::from(symbol)] = (code, length);
                code += 1;
            }
            code <<= 1;
        }
        Self { segment: segment.into(), codes }
    }
}

/// The tables of annex K.3, as another encoder writes them: DC and AC of luminance, DC and AC of chrominance.
fn standard_tables() -> [HuffmanTable; 4] {
    let file = encode(&DynamicImage::from(RgbImage::new(8, 8)), ImageFormat::Jpeg);
    [0x00, 0x10, 0x01, 0x11].map(|kind| {
        let mut rest = &file[2..];
        loop {
            let (segment, others) = rest.split_at(2 + usize::from(u16::from_be_bytes([rest[2], rest[3]])));
            let mut tables = &segment[4..];
            while segment[1] == 0xC4 && !tables.is_empty() {
                let length = 17 + tables[1..17].iter().map(|&count| usize::from(count)).sum::<usize>();
                if tables[0] == kind {
                    return HuffmanTable::new(&tables[..length]);
                }
                tables = &tables[length..];
            }
            rest = others;
        }
    })
}

/// Standard DC tables, and AC tables with a code for every symbol, since progressive scans use other symbols.
fn flat_tables() -> [HuffmanTable; 4] {
    let [first, _, third, _] = standard_tables();
    let flat = |kind: u8| {
        let mut segment = vec![kind];
        segment.extend([0, 0, 0, 0, 0, 0, 0, 254, 2, 0, 0, 0, 0, 0, 0, 0]);
        segment.extend(0..=255);
        HuffmanTable::new(&segment)
    };
    [first, flat(0x10), third, flat(0x11)]
}

/// Writes entropy-coded data.
struct Writer<'a> {
    file: &'a mut Vec<u8>,
    tables: &'a [HuffmanTable; 4],
    bits: u32,
    held: u32,
    /// By component.
    predictions: [i32; 8],
    /// Blocks whose end has not been written (EOBRUN), their correction bits, and the table to write them with.
    ended: u32,
    corrections: Vec<u32>,
    table: usize,
}

impl<'a> Writer<'a> {
    fn new(file: &'a mut Vec<u8>, tables: &'a [HuffmanTable; 4]) -> Self {
        let (predictions, corrections) = ([0; 8], Vec::new());
        Self { file, tables, bits: 0, held: 0, predictions, ended: 0, corrections, table: 1 }
    }

    fn scan(mut self, jpeg: &Jpeg, scan: &Scan, planes: &[(usize, Vec<Block>)]) {
        let alone = scan.components.len() == 1;
        let size = |index: usize| {
            let (most, component) = (jpeg.most(), &jpeg.components[index]);
            let covered = |length: usize, own: usize, most: usize| (length * own).div_ceil(most).div_ceil(8);
            (covered(jpeg.width, component.columns, most.0), covered(jpeg.height, component.rows, most.1))
        };
        let (across, down) = if alone { size(scan.components[0]) } else { jpeg.mcus() };
        let interval = usize::from(jpeg.restart_interval);
        for mcu in 0..across * down {
            if interval > 0 && mcu > 0 && mcu % interval == 0 {
                self.end();
                self.file.extend([0xFF, 0xD0 + ((mcu / interval - 1) % 8) as u8]);
                self.predictions = [0; 8];
            }
            for &index in &scan.components {
                let Component { columns, rows, .. } = jpeg.components[index];
                let (columns, rows) = if alone { (1, 1) } else { (columns, rows) };
                let (left, top) = (mcu % across * columns, mcu / across * rows);
                for at in 0..columns * rows {
                    let (width, blocks) = &planes[index];
                    let block = &blocks[(top + at / columns) * width + left + at % columns];
                    self.block(jpeg.process == 0xC2, scan, index, block);
                }
            }
        }
        self.end();
    }

    fn block(&mut self, progressive: bool, scan: &Scan, index: usize, block: &Block) {
        let first_table = if index == 0 { 0 } else { 2 };
        self.table = first_table + 1;
        let Scan { band: (first, last), high, low, .. } = *scan;
        if first == 0 && high == 0 {
            let value = block[0] >> low;
            let difference = value - self.predictions[index];
            self.predictions[index] = value;
            let size = size_of(difference);
            self.symbol(first_table, size as u8);
            self.magnitude(difference, size);
        } else if first == 0 {
            self.put((block[0] >> low) as u32 & 1, 1);
        }
        let places = || first.max(1)..=last;
        let coefficient = |place: u8| block[zigzag(place)];
        match (progressive, high) {
            _ if last == 0 => {}
            (false, _) => {
                let mut zeros = 0;
                for place in places() {
                    self.run_and_value(&mut zeros, coefficient(place));
                }
                if zeros > 0 {
                    self.symbol(self.table, 0);
                }
            }
            (true, 0) => {
                let mut zeros = 0;
                for place in places() {
                    let value = coefficient(place);
                    // Rounds towards zero (the point transform of G.1.2.1).
                    let value = value.signum() * (value.abs() >> low);
                    if value != 0 {
                        self.end_blocks();
                    }
                    self.run_and_value(&mut zeros, value);
                }
                if zeros > 0 {
                    self.end_later(&[]);
                }
            }
            (true, _) => {
                let size = |place: u8| coefficient(place).abs() >> low;
                let last_new = places().rev().find(|&place| size(place) == 1).unwrap_or(0);
                let (mut zeros, mut corrections) = (0, Vec::new());
                for place in places() {
                    if size(place) == 0 {
                        zeros += 1;
                        continue;
                    }
                    while zeros > 15 && place <= last_new {
                        self.end_blocks();
                        self.symbol(self.table, 0xF0);
                        corrections.drain(..).for_each(|bit| self.put(bit, 1));
                        zeros -= 16;
                    }
                    if size(place) > 1 {
                        corrections.push(size(place) as u32 & 1);
                        continue;
                    }
                    self.end_blocks();
                    self.symbol(self.table, (zeros << 4 | 1) as u8);
                    self.put(u32::from(coefficient(place) > 0), 1);
                    corrections.drain(..).for_each(|bit| self.put(bit, 1));
                    zeros = 0;
                }
                if zeros > 0 || !corrections.is_empty() {
                    self.end_later(&corrections);
                }
            }
        }
    }

    fn run_and_value(&mut self, zeros: &mut u32, value: i32) {
        if value == 0 {
            *zeros += 1;
            return;
        }
        while *zeros > 15 {
            self.symbol(self.table, 0xF0);
            *zeros -= 16;
        }
        let size = size_of(value);
        self.symbol(self.table, (*zeros << 4 | size) as u8);
        self.magnitude(value, size);
        *zeros = 0;
    }

    fn end_later(&mut self, corrections: &[u32]) {
        self.ended += 1;
        self.corrections.extend(corrections);
        if self.ended == 0x7FFF {
            self.end_blocks();
        }
    }

    fn end_blocks(&mut self) {
        if self.ended > 0 {
            let size = self.ended.ilog2();
            self.symbol(self.table, (size << 4) as u8);
            self.put(self.ended - (1 << size), size);
            self.ended = 0;
        }
        for bit in std::mem::take(&mut self.corrections) {
            self.put(bit, 1);
        }
    }

    /// Pads the last byte with ones.
    fn end(&mut self) {
        self.end_blocks();
        self.put(0x7F, 7);
        (self.bits, self.held) = (0, 0);
    }

    fn symbol(&mut self, table: usize, symbol: u8) {
        let (code, length) = self.tables[table].codes[usize::from(symbol)];
        assert!(length > 0, "no code for {symbol:#x}");
        self.put(code, length);
    }

    /// The additional bits of a value (F.1.2.1.1).
    fn magnitude(&mut self, value: i32, size: u32) {
        let bits = if value < 0 { value - 1 } else { value };
        self.put(bits as u32 & ((1 << size) - 1), size);
    }

    fn put(&mut self, bits: u32, count: u32) {
        self.bits = self.bits << count | bits;
        self.held += count;
        while self.held >= 8 {
            self.held -= 8;
            let byte = (self.bits >> self.held) as u8;
            self.file.push(byte);
            if byte == 0xFF {
                self.file.push(0);
            }
        }
        self.bits &= (1 << self.held) - 1;
    }
}

/// The category of a value (SSSS): the number of its additional bits.
fn size_of(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

/// The index in a block, row by row, of a coefficient in zig-zag order (figure A.6).
fn zigzag(place: u8) -> usize {
    // One diagonal after another, in alternating directions.
    static ORDER: LazyLock<Vec<usize>> = LazyLock::new(|| {
        let mut order: Vec<usize> = (0..64).collect();
        order.sort_by_key(|at| {
            let (row, column) = (at / 8, at % 8);
            (row + column, if (row + column) % 2 == 0 { column } else { row })
        });
        order
    });
    ORDER[usize::from(place)]
}

//! The frame header (B.2.2): the picture's size, and of which components it is made.

use crate::{ColourSpace, Error};

/// How a frame is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// Baseline or extended sequential, with Huffman codes.
    Sequential,
    /// Progressive, with Huffman codes.
    Progressive,
    /// Lossless, hierarchical or arithmetic.
    Other,
}

pub struct Frame {
    pub progressive: bool,
    /// In pixels.
    pub width: usize,
    /// In pixels; 0 if it stands behind the first scan.
    pub height: usize,
    pub components: Vec<Component>,
    /// The largest sampling factors: MCUs have so many blocks of the finest component, across and down.
    pub most_columns: usize,
    pub most_rows: usize,
}

pub struct Component {
    pub id: u8,
    /// Sampling factors, 1 to 4: blocks in an MCU, across and down.
    pub columns: usize,
    pub rows: usize,
    /// The number of its quantisation table.
    pub table: usize,
}

impl Frame {
    pub fn read(process: Process, segment: &[u8]) -> Result<Self, Error> {
        const WRONG: Error = Error::Damaged("its frame header has another length than it says");
        let (&[depth, h1, h0, w1, w0, count], components) = segment.split_first_chunk::<6>().ok_or(WRONG)?;
        if process == Process::Other || depth != 8 {
            return Err(Error::Rare("it is not coded in 8 bits with Huffman codes"));
        }
        let [width, height] = [[w1, w0], [h1, h0]].map(|length| usize::from(u16::from_be_bytes(length)));
        if width == 0 || count == 0 {
            return Err(Error::Damaged("it has no pixels"));
        }
        let (components, []) = components.as_chunks::<3>() else { return Err(WRONG) };
        if components.len() != usize::from(count) {
            return Err(WRONG);
        }
        let components = components
            .iter()
            .map(|&[id, sampling, table]| {
                let (columns, rows) = (usize::from(sampling >> 4), usize::from(sampling & 15));
                if !(1..=4).contains(&columns) || !(1..=4).contains(&rows) {
                    return Err(Error::Damaged("a component has impossible sampling factors"));
                }
                // A component without others is neither finer nor coarser than those.
                let (columns, rows) = if count == 1 { (1, 1) } else { (columns, rows) };
                Ok(Component { id, columns, rows, table: table.into() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            progressive: process == Process::Progressive,
            width,
            height,
            most_columns: components.iter().map(|component| component.columns).max().unwrap_or(1),
            most_rows: components.iter().map(|component| component.rows).max().unwrap_or(1),
            components,
        })
    }

    /// Whether an eighth can be made of the blocks' means: each component has a block for each of its pixels, and only
    /// chrominance one for as many as two by two.
    pub fn means_suffice(&self, colour_space: ColourSpace) -> bool {
        self.components.iter().enumerate().all(|(index, component)| {
            let most = if colour_space == ColourSpace::YCbCr && index > 0 { 2 } else { 1 };
            most * component.columns >= self.most_columns && most * component.rows >= self.most_rows
        })
    }

    /// MCUs of a scan of several components, across and down.
    pub fn mcus(&self) -> (usize, usize) {
        (self.width.div_ceil(8 * self.most_columns), self.height.div_ceil(8 * self.most_rows))
    }

    /// The component's samples, across and down, where a block has `side` of them on each side and a pixel is what
    /// `least` of the finest component's blocks would be (A.1.1 for 8 and 8).
    pub fn samples(&self, component: &Component, side: usize) -> (usize, usize) {
        (
            (self.width * component.columns * side).div_ceil(8 * self.most_columns),
            (self.height * component.rows * side).div_ceil(8 * self.most_rows),
        )
    }
}

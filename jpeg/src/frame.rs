//! The frame header (B.2.2): the picture's size and components.

use crate::error::Error;

/// The coding process of a frame.
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
    /// In pixels; 0 if the number of lines follows the first scan (DNL).
    pub height: usize,
    pub components: Vec<Component>,
    /// The largest horizontal and vertical sampling factors (Hmax, Vmax).
    pub h_max: usize,
    pub v_max: usize,
}

pub struct Component {
    pub id: u8,
    /// Horizontal and vertical sampling factors (H, V), 1 to 4: blocks across and down in an MCU.
    pub h: usize,
    pub v: usize,
    /// The number of its quantisation table (Tq).
    pub quantisation_table: usize,
}

impl Frame {
    /// Reads the header's segment.
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
                let (h, v) = (usize::from(sampling >> 4), usize::from(sampling & 15));
                if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                    return Err(Error::Damaged("a component has impossible sampling factors"));
                }
                // For a single component the factors mean nothing (A.2.2).
                let (h, v) = if count == 1 { (1, 1) } else { (h, v) };
                Ok(Component { id, h, v, quantisation_table: table.into() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            progressive: process == Process::Progressive,
            width,
            height,
            h_max: components.iter().map(|component| component.h).max().unwrap_or(1),
            v_max: components.iter().map(|component| component.v).max().unwrap_or(1),
            components,
        })
    }

    /// MCUs across and down, in a scan of several components.
    pub fn mcus(&self) -> (usize, usize) {
        (self.width.div_ceil(8 * self.h_max), self.height.div_ceil(8 * self.v_max))
    }

    /// The component's samples across and down, if each of its blocks is decoded to `side` × `side` samples (A.1.1 for 8).
    pub fn samples(&self, component: &Component, side: usize) -> (usize, usize) {
        (
            (self.width * component.h * side).div_ceil(8 * self.h_max),
            (self.height * component.v * side).div_ceil(8 * self.v_max),
        )
    }
}

//! Blocks of coefficients → rows of pixels.

use crate::{
    colour::{ColourSpace, write_rgb},
    frame::{Component, Frame},
    idct,
    scan::Blocks,
    segments::Quantisation,
    upsample::{Scratch, Upsampling},
};

/// How much of a picture's size is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Whole,
    Half,
    Quarter,
    Eighth,
}

impl Scale {
    /// How many of the file's pixels become one, in each direction.
    pub fn reduction(self) -> u32 {
        match self {
            Scale::Whole => 1,
            Scale::Half => 2,
            Scale::Quarter => 4,
            Scale::Eighth => 8,
        }
    }
}

/// Pixels, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Red, green and blue of each pixel: `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// Paints a picture, one row of MCUs after another.
pub struct Painter {
    pub picture: Picture,
    colour_space: ColourSpace,
    planes: Vec<Plane>,
    /// Height of an MCU in pixels.
    mcu_height: usize,
    /// How many of an MCU's last rows of pixels need the samples below them (0 or 1).
    pending_rows: usize,
    /// Rows of MCUs and of pixels painted so far.
    mcus_done: usize,
    rows_done: usize,
    scratch: [Scratch; 4],
}

/// A component's samples in one row of MCUs.
struct Plane {
    /// Blocks are decoded to `side` × `side` samples.
    side: usize,
    /// Rows of blocks in an MCU.
    block_rows: usize,
    /// Rows of samples, and rows of pixels of the same height.
    vertical_ratio: (usize, usize),
    upsampling: Upsampling,
    /// Samples across and down in the whole picture.
    width: usize,
    height: usize,
    /// The last row of the MCUs above, then the rows of the current ones.
    samples: Vec<u8>,
    stride: usize,
}

impl Plane {
    fn new<const N: usize>(component: &Component, frame: &Frame, scale: Scale) -> Self {
        let min_side = 8 / scale.reduction() as usize;
        // Subsampled components are reduced less, if that spares upsampling them and more than their DC coefficients is known.
        let mut side = min_side;
        let is_coarse = |max: usize, own: usize, side: usize| (max * min_side).is_multiple_of(2 * own * side);
        while N > 1
            && side < 8
            && is_coarse(frame.h_max, component.h, side)
            && is_coarse(frame.v_max, component.v, side)
        {
            side *= 2;
        }
        let (columns, rows) = (component.h * side / min_side, component.v * side / min_side);
        let (width, height) = frame.samples(component, side);
        let stride = frame.mcus().0 * component.h * side;
        Self {
            side,
            block_rows: component.v,
            vertical_ratio: (rows, frame.v_max),
            upsampling: Upsampling::new((columns, rows), (frame.h_max, frame.v_max), width),
            width,
            height,
            samples: vec![0; (1 + component.v * side) * stride],
            stride,
        }
    }

    /// Decodes the blocks of row `mcu_row` of MCUs.
    fn fill<const N: usize>(&mut self, mcu_row: usize, blocks: &Blocks<N>, steps: &Quantisation) {
        let last = self.samples.len() - self.stride;
        self.samples.copy_within(last.., 0);
        let rows_of_blocks = self.samples[self.stride..].chunks_exact_mut(self.stride * self.side);
        for (row, samples) in rows_of_blocks.enumerate() {
            let blocks = blocks.row(mcu_row * self.block_rows + row);
            for (at, block) in (0..self.width).step_by(self.side).zip(blocks) {
                match block.as_slice().try_into() {
                    Ok(block) => idct::block(block, steps, self.side, &mut samples[at..], self.stride),
                    Err(_) => samples[at] = idct::mean(block[0], steps),
                }
            }
        }
    }

    /// Row `row` of the picture's samples, or the nearest one there is. `mcu_row` is the row of MCUs that is held.
    fn row(&self, mcu_row: usize, row: usize) -> &[u8] {
        let above = mcu_row * self.block_rows * self.side;
        let at = (1 + row.min(self.height - 1) - above) * self.stride;
        &self.samples[at..][..self.width]
    }

    /// At least `width` pixels of row `row` of the picture.
    fn pixels<'r>(&'r self, mcu_row: usize, row: usize, width: usize, scratch: &'r mut Scratch) -> &'r [u8] {
        let own = row * self.vertical_ratio.0 / self.vertical_ratio.1;
        let upper = row.is_multiple_of(2);
        let other = match self.upsampling.is_vertical() {
            true if upper => own.saturating_sub(1),
            true => own + 1,
            false => own,
        };
        self.upsampling.row(self.row(mcu_row, own), self.row(mcu_row, other), upper, width, scratch)
    }
}

impl Painter {
    pub fn new<const N: usize>(frame: &Frame, colour_space: ColourSpace, scale: Scale) -> Self {
        let reduction = scale.reduction() as usize;
        let (width, height) = (frame.width.div_ceil(reduction), frame.height.div_ceil(reduction));
        let planes: Vec<_> =
            frame.components.iter().map(|component| Plane::new::<N>(component, frame, scale)).collect();
        Self {
            picture: Picture { width: width as u32, height: height as u32, rgb: vec![0; 3 * width * height] },
            colour_space,
            pending_rows: planes.iter().any(|plane| plane.upsampling.is_vertical()).into(),
            planes,
            mcu_height: frame.v_max * 8 / reduction,
            mcus_done: 0,
            rows_done: 0,
            scratch: Default::default(),
        }
    }

    /// Paints the next row of MCUs. `blocks` have all rows of blocks, or only those of this row of MCUs. A component that no scan
    /// contained has no quantisation table and only zero coefficients.
    pub fn paint<const N: usize>(&mut self, blocks: &[Blocks<N>], quantisation: &[Option<Quantisation>]) {
        let (width, height) = (self.picture.width as usize, self.picture.height as usize);
        for ((plane, blocks), steps) in self.planes.iter_mut().zip(blocks).zip(quantisation) {
            plane.fill(self.mcus_done, blocks, steps.as_ref().unwrap_or(&[0; 64]));
        }
        let end = (self.mcus_done + 1) * self.mcu_height;
        let end = if end >= height { height } else { end - self.pending_rows };
        let rgb = &mut self.picture.rgb[3 * width * self.rows_done..3 * width * end];
        for (row, rgb) in (self.rows_done..end).zip(rgb.chunks_exact_mut(3 * width)) {
            let mut components: [&[u8]; 4] = [&[]; 4];
            for ((component, plane), scratch) in
                components.iter_mut().zip(&self.planes).zip(&mut self.scratch)
            {
                *component = plane.pixels(self.mcus_done, row, width, scratch);
            }
            write_rgb(self.colour_space, components, rgb);
        }
        self.rows_done = end;
        self.mcus_done += 1;
    }
}

//! Blocks of coefficients → rows of pixels.

use crate::{
    ColourSpace, Picture, Scale,
    colour::write_rgb,
    frame::{Component, Frame},
    idct,
    scan::Blocks,
    segments::Quantisation,
    upsample::{Scratch, Upsampling},
};

/// Makes a picture, one row of MCUs after the other.
pub struct Painter {
    pub picture: Picture,
    colour_space: ColourSpace,
    planes: Vec<Plane>,
    /// Rows of pixels in an MCU.
    mcu_height: usize,
    /// Of its last rows, as many wait for the samples below them.
    waiting: usize,
    /// Rows of MCUs and of pixels that are done.
    mcus_done: usize,
    rows_done: usize,
    scratch: [Scratch; 4],
}

/// The samples of a component: those of a row of MCUs.
struct Plane {
    /// Blocks have so many rows of as many samples.
    side: usize,
    /// Rows of blocks in an MCU.
    block_rows: usize,
    /// So many rows of samples are as high as so many rows of pixels.
    share: (usize, usize),
    upsampling: Upsampling,
    /// Samples across and down in the whole picture.
    width: usize,
    height: usize,
    /// The last row of the MCUs above, then the rows of these.
    samples: Vec<u8>,
    stride: usize,
}

impl Plane {
    fn new<const N: usize>(component: &Component, frame: &Frame, scale: Scale) -> Self {
        let least = 8 / scale.reduction() as usize;
        let (most_columns, most_rows) = (frame.most_columns, frame.most_rows);
        // Coarser components are reduced less where that spares bringing them to the picture's size, and there is more
        // of them than means.
        let mut side = least;
        let is_coarse = |most: usize, own: usize, side: usize| (most * least).is_multiple_of(2 * own * side);
        while N > 1
            && side < 8
            && is_coarse(most_columns, component.columns, side)
            && is_coarse(most_rows, component.rows, side)
        {
            side *= 2;
        }
        let (columns, rows) = (component.columns * side / least, component.rows * side / least);
        let (width, height) = frame.samples(component, side);
        let stride = frame.mcus().0 * component.columns * side;
        Self {
            side,
            block_rows: component.rows,
            share: (rows, most_rows),
            upsampling: Upsampling::new((columns, rows), (most_columns, most_rows), width),
            width,
            height,
            samples: vec![0; (1 + component.rows * side) * stride],
            stride,
        }
    }

    /// Of the row of MCUs of that number. Without `steps` there is nothing to multiply by them.
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

    /// The row of samples of that number, of which the last row of MCUs is the one here; the nearest there is.
    fn row(&self, mcu_row: usize, row: usize) -> &[u8] {
        let above = mcu_row * self.block_rows * self.side;
        let at = (1 + row.min(self.height - 1) - above) * self.stride;
        &self.samples[at..][..self.width]
    }

    /// As many pixels of the row of that number.
    fn pixels<'r>(&'r self, mcu_row: usize, row: usize, width: usize, scratch: &'r mut Scratch) -> &'r [u8] {
        let own = row * self.share.0 / self.share.1;
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
            waiting: planes.iter().any(|plane| plane.upsampling.is_vertical()).into(),
            planes,
            mcu_height: frame.most_rows * 8 / reduction,
            mcus_done: 0,
            rows_done: 0,
            scratch: Default::default(),
        }
    }

    /// Goes on with the next row of MCUs in `blocks`, which have all rows, or only this. A component that has had no
    /// scan has no quantisation.
    pub fn paint<const N: usize>(&mut self, blocks: &[Blocks<N>], quantisation: &[Option<Quantisation>]) {
        let (width, height) = (self.picture.width as usize, self.picture.height as usize);
        for ((plane, blocks), steps) in self.planes.iter_mut().zip(blocks).zip(quantisation) {
            plane.fill(self.mcus_done, blocks, steps.as_ref().unwrap_or(&[0; 64]));
        }
        let end = (self.mcus_done + 1) * self.mcu_height;
        let end = if end >= height { height } else { end - self.waiting };
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

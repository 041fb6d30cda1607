//! Convolutions as one matrix product.
//!
//! # How
//!
//! Each output is the sum over all channels of weights times the pixels in the window: a row of weights times a column of
//! pixels. The columns for eight neighbouring outputs are gathered (*im2col*) into a panel as the loop of `tile` expects
//! it. A few panels, as many as a cache holds, are multiplied with all weights before the next ones are gathered: the weights
//! do not fit into that cache and so are read less often. A window of one pixel is a plain product; its panels are copied.

use std::mem::MaybeUninit;

use crate::{
    epilogue::Output,
    lanes::F32x4,
    tile::{COLUMNS, ROWS, Tile, multiply},
    window::Window,
};

/// Numbers in the panels that are gathered at once: 128 KB, which leaves room for weights in a cache of half a megabyte.
const GATHERED: usize = 32 * 1024;

/// An index outside every picture.
const OUTSIDE: usize = usize::MAX / 2;

pub struct Im2col {
    window: Window,
    /// Length of each sum: input channels × pixels in the window.
    steps: usize,
    outputs: usize,
    /// Packed: `[blocks, steps, ROWS]`, where a block has [`ROWS`] output channels.
    weights: Vec<f32>,
    /// One for each output channel, filled up with zeros to whole blocks.
    bias: Vec<f32>,
}

impl Im2col {
    pub fn new(
        inputs: usize,
        window: Window,
        bias: &[f32],
        mut weigh: impl FnMut(usize, &mut [f32]),
    ) -> Self {
        let outputs = bias.len();
        let steps = inputs * window.area();
        let blocks = outputs.div_ceil(ROWS);
        let mut packed = vec![0.0; blocks * steps * ROWS];
        let mut weights = vec![0.0; steps];
        for output in 0..outputs {
            weigh(output, &mut weights);
            let block = &mut packed[output / ROWS * steps * ROWS..][..steps * ROWS];
            for (step, &weight) in block.chunks_exact_mut(ROWS).zip(&weights) {
                step[output % ROWS] = weight;
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(blocks * ROWS, 0.0);
        Self { window, steps, outputs, weights: packed, bias }
    }

    pub fn run(&self, input: &[f32], size: [usize; 2], mut output: Output) {
        let Some([rows, columns]) = self.window.output_size(size) else { return };
        let pixels = rows * columns;
        let panel = self.steps * COLUMNS;
        let tiles = pixels.div_ceil(COLUMNS);
        let together = (GATHERED / panel).clamp(1, tiles);
        let mut panels = vec![0.0; together * panel];
        let is_plain = self.window.area() == 1 && rows * columns == size[0] * size[1];
        let mut product = MaybeUninit::<Tile>::uninit();
        for begin in (0..tiles).step_by(together) {
            let tiles = begin..tiles.min(begin + together);
            for (tile, panel) in tiles.clone().zip(panels.chunks_exact_mut(panel)) {
                if is_plain {
                    copy(input, pixels, tile * COLUMNS, panel);
                } else {
                    self.gather(input, size, columns, tile * COLUMNS..pixels, panel);
                }
            }
            for (block, weights) in self.weights.chunks_exact(self.steps * ROWS).enumerate() {
                for (tile, panel) in tiles.clone().zip(panels.chunks_exact(panel)) {
                    // SAFETY: both panels have `steps` steps; `multiply` writes the whole product.
                    let product = unsafe {
                        multiply::<false>(product.as_mut_ptr(), self.steps, weights.as_ptr(), panel.as_ptr());
                        product.assume_init_ref()
                    };
                    let first = tile * COLUMNS;
                    for (row, sums) in product.iter().enumerate().take(self.outputs - block * ROWS) {
                        let channel = block * ROWS + row;
                        let at = channel * pixels + first;
                        for (vector, sums) in sums.iter().enumerate() {
                            let sums = sums.plus(F32x4::splat(self.bias[channel]));
                            if first + vector * 4 + 4 <= pixels {
                                output.put_four(at + vector * 4, sums);
                            } else {
                                for (lane, sum) in sums.to_array().into_iter().enumerate() {
                                    if first + vector * 4 + lane < pixels {
                                        output.put(at + vector * 4 + lane, sum);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Gathers the pixels for the first eight of `outputs` into `panel` `[steps, COLUMNS]`. `columns`: those of the output.
    fn gather(
        &self,
        input: &[f32],
        [height, width]: [usize; 2],
        columns: usize,
        outputs: std::ops::Range<usize>,
        panel: &mut [f32],
    ) {
        let Window { size, stride, before, .. } = self.window;
        let area = self.window.area();
        for in_window in 0..area {
            let mut indices = [OUTSIDE; COLUMNS];
            for (index, output) in indices.iter_mut().zip(outputs.clone()) {
                let row = (output / columns * stride[0] + in_window / size[1]).wrapping_sub(before[0]);
                let column = (output % columns * stride[1] + in_window % size[1]).wrapping_sub(before[1]);
                if row < height && column < width {
                    *index = row * width + column;
                }
            }
            let steps = panel.as_chunks_mut::<COLUMNS>().0.iter_mut().skip(in_window).step_by(area);
            for (step, picture) in steps.zip(input.chunks_exact(height * width)) {
                *step = indices.map(|index| picture.get(index).copied().unwrap_or(0.0));
            }
        }
    }
}

/// Copies eight pixels of each channel, from `first` on, with zeros past the last.
fn copy(input: &[f32], pixels: usize, first: usize, panel: &mut [f32]) {
    let count = COLUMNS.min(pixels - first);
    for (step, picture) in panel.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(input.chunks_exact(pixels)) {
        match picture[first..].first_chunk::<COLUMNS>() {
            Some(eight) => *step = *eight,
            None => {
                *step = [0.0; COLUMNS];
                step[..count].copy_from_slice(&picture[first..]);
            }
        }
    }
}

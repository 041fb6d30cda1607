//! Depthwise convolutions: each output channel is computed from one input channel.
//!
//! # How
//!
//! Nothing is summed over channels, so this is no matrix product. Instead, eight neighbouring outputs of a row are computed at
//! once, for each weight from eight neighbouring pixels. For that, a channel is copied into a border of zeros. If the stride is
//! `s > 1` columns, the pixels that belong together are `s` apart; so the columns are sorted into `s` *phases*, by their
//! remainder modulo `s`, which makes them neighbours again.

use crate::{epilogue::Output, lanes::F32x4, window::Window};

/// Outputs of a row that are computed at once.
const TOGETHER: usize = 8;

pub struct Depthwise {
    window: Window,
    /// `[channels, rows, columns]` of the window.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Depthwise {
    pub fn new(window: Window, bias: &[f32], mut weigh: impl FnMut(usize, &mut [f32])) -> Self {
        let mut weights = vec![0.0; bias.len() * window.area()];
        weights
            .chunks_exact_mut(window.area())
            .enumerate()
            .for_each(|(channel, weights)| weigh(channel, weights));
        Self { window, weights, bias: bias.to_vec() }
    }

    pub fn run(&self, input: &[f32], size: [usize; 2], mut output: Output) {
        let Some([rows, columns]) = self.window.output_size(size) else { return };
        let Window { size: [height, width], stride, .. } = self.window;
        let mut bordered = Bordered::new(self.window, size, columns);
        // For each weight, where the pixel that it is multiplied with for the first output lies.
        let offsets: Vec<usize> = (0..height)
            .flat_map(|row| (0..width).map(move |column| (row, column)))
            .map(|(row, column)| bordered.index(row, column))
            .collect();
        let channels = input.chunks_exact(size[0] * size[1]).zip(self.weights.chunks_exact(height * width));
        for (channel, ((picture, weights), &bias)) in channels.zip(&self.bias).enumerate() {
            bordered.copy(picture);
            for row in 0..rows {
                let line = &bordered.values[row * stride[0] * bordered.line()..];
                for first in (0..columns).step_by(TOGETHER) {
                    let mut sums = [F32x4::splat(bias); 2];
                    for (&offset, weight) in offsets.iter().zip(weights) {
                        let pixels = &line[offset + first..][..TOGETHER];
                        // SAFETY: the slice has eight.
                        let pixels =
                            unsafe { [F32x4::load(pixels.as_ptr()), F32x4::load(pixels.as_ptr().add(4))] };
                        let weight = F32x4::splat(*weight);
                        for (sum, pixels) in sums.iter_mut().zip(pixels) {
                            *sum = sum.plus(weight.times(pixels));
                        }
                    }
                    let at = (channel * rows + row) * columns;
                    for (vector, sum) in sums.into_iter().enumerate() {
                        let first = first + vector * 4;
                        if first + 4 <= columns {
                            output.put_four(at + first, sum);
                        } else {
                            for (column, sum) in (first..columns).zip(sum.to_array()) {
                                output.put(at + column, sum);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A channel with its padding: `[rows, phases, columns]`, where phase `p` holds every column whose number is `p` modulo the
/// stride.
struct Bordered {
    values: Vec<f32>,
    before: [usize; 2],
    width: usize,
    phases: usize,
    /// Columns of each phase.
    columns: usize,
}

impl Bordered {
    /// `columns`: those of the output.
    fn new(window: Window, [height, width]: [usize; 2], columns: usize) -> Self {
        let phases = window.stride[1];
        // Eight are read at a time, also past the last output.
        let columns = columns.next_multiple_of(TOGETHER) + window.size[1].div_ceil(phases);
        let columns = columns.max((window.before[1] + width).div_ceil(phases));
        let rows = window.before[0] + height + window.after[0];
        let values = vec![0.0; rows * phases * columns];
        Self { values, before: window.before, width, phases, columns }
    }

    /// Numbers in a row.
    fn line(&self) -> usize {
        self.phases * self.columns
    }

    /// The index in `values` of a pixel of the padded channel.
    fn index(&self, row: usize, column: usize) -> usize {
        row * self.line() + column % self.phases * self.columns + column / self.phases
    }

    /// Replaces the channel inside the padding.
    fn copy(&mut self, picture: &[f32]) {
        for (row, from) in picture.chunks_exact(self.width).enumerate() {
            if self.phases == 1 {
                let at = self.index(self.before[0] + row, self.before[1]);
                self.values[at..][..self.width].copy_from_slice(from);
            } else {
                for (column, &pixel) in from.iter().enumerate() {
                    let at = self.index(self.before[0] + row, self.before[1] + column);
                    self.values[at] = pixel;
                }
            }
        }
    }
}

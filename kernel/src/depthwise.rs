//! Convolutions of each channel by itself.
//!
//! # How
//!
//! There is nothing to sum over channels, so this is no matrix product: four results that lie side by side are computed at once,
//! from as many pixels side by side for each weight. For that a channel is copied into a border of zeros; and where the window
//! moves by more than one column, its columns are sorted by their remainder, so that those which belong together lie
//! side by side again.

use crate::{
    convolution::{Results, Window},
    lanes::F32x4,
};

/// Results of a row that are computed together.
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

    pub fn run(&self, input: &[f32], size: [usize; 2], mut results: Results) {
        let Some([rows, columns]) = self.window.results(size) else { return };
        let Window { size: [height, width], stride, .. } = self.window;
        let mut bordered = Bordered::new(self.window, size, columns);
        // Where the pixels of each weight begin, for the first result.
        let begins: Vec<usize> = (0..height)
            .flat_map(|row| (0..width).map(move |column| (row, column)))
            .map(|(row, column)| bordered.place(row, column))
            .collect();
        let channels = input.chunks_exact(size[0] * size[1]).zip(self.weights.chunks_exact(height * width));
        for (channel, ((picture, weights), &bias)) in channels.zip(&self.bias).enumerate() {
            bordered.copy(picture);
            for row in 0..rows {
                let line = &bordered.values[row * stride[0] * bordered.line()..];
                for first in (0..columns).step_by(TOGETHER) {
                    let mut sums = [F32x4::splat(bias); 2];
                    for (&begin, weight) in begins.iter().zip(weights) {
                        let pixels = &line[begin + first..][..TOGETHER];
                        // SAFETY: eight there are.
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
                            results.put_four(at + first, sum);
                        } else {
                            for (column, sum) in (first..columns).zip(sum.to_array()) {
                                results.put(at + column, sum);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A channel in its border: `[rows, phases, columns]`, where a phase is of the columns with one remainder.
struct Bordered {
    values: Vec<f32>,
    before: [usize; 2],
    width: usize,
    phases: usize,
    /// Of each phase.
    columns: usize,
}

impl Bordered {
    /// `columns`: of the results.
    fn new(window: Window, [height, width]: [usize; 2], columns: usize) -> Self {
        let phases = window.stride[1];
        // Eight are read at a time, also behind the last result.
        let columns = columns.next_multiple_of(TOGETHER) + window.size[1].div_ceil(phases);
        let columns = columns.max((window.before[1] + width).div_ceil(phases));
        let rows = window.before[0] + height + window.after[0];
        let values = vec![0.0; rows * phases * columns];
        Self { values, before: window.before, width, phases, columns }
    }

    /// Numbers of a row.
    fn line(&self) -> usize {
        self.phases * self.columns
    }

    /// Where in the values a pixel of the bordered channel stands.
    fn place(&self, row: usize, column: usize) -> usize {
        row * self.line() + column % self.phases * self.columns + column / self.phases
    }

    /// Replaces the channel. The border stays as it is.
    fn copy(&mut self, picture: &[f32]) {
        for (row, from) in picture.chunks_exact(self.width).enumerate() {
            if self.phases == 1 {
                let at = self.place(self.before[0] + row, self.before[1]);
                self.values[at..][..self.width].copy_from_slice(from);
            } else {
                for (column, &pixel) in from.iter().enumerate() {
                    let at = self.place(self.before[0] + row, self.before[1] + column);
                    self.values[at] = pixel;
                }
            }
        }
    }
}

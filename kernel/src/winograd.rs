//! 3 × 3 convolutions with fewer multiplications.
//!
//! # How
//!
//! The picture is cut into *patches* of 4 × 4 that overlap by two; each patch yields 2 × 2 outputs. Patches and weights are
//! *transformed*; for patches that takes additions only. Then the convolution is an elementwise product, summed over the
//! channels, and the sum is transformed back. That is 16 multiplications for four outputs instead of 36. Each of the 16
//! positions in a patch is a matrix product of its own, over channels. These run in the same loop as all others (`tile`), for
//! eight patches at a time, so that patches, products and outputs stay in the fastest caches.
//!
//! The method is Winograd's F(2 × 2, 3 × 3): S. Winograd, *Arithmetic Complexity of Computations*, 1980; for networks
//! A. Lavin and S. Gray, *Fast Algorithms for Convolutional Neural Networks*, 2016, whose matrices are used here. Larger
//! patches need even fewer multiplications, but lose accuracy.

use std::{array, mem::MaybeUninit};

use crate::{
    epilogue::Output,
    lanes::F32x4,
    tile::{COLUMNS, ROWS, Tile, VECTORS, multiply},
};

/// Numbers in a patch.
const POSITIONS: usize = 16;

/// A 3 × 3 convolution with stride 1 and padding 1 (`Window::THREE`): its output has the picture's size.
pub struct Winograd {
    inputs: usize,
    outputs: usize,
    /// Transformed and packed: `[blocks, POSITIONS, inputs, ROWS]`, where a block has [`ROWS`] output channels.
    weights: Vec<f32>,
    /// One for each output channel, filled up with zeros to whole blocks.
    bias: Vec<f32>,
}

impl Winograd {
    pub fn new(inputs: usize, bias: &[f32], mut weigh: impl FnMut(usize, &mut [f32])) -> Self {
        let outputs = bias.len();
        let blocks = outputs.div_ceil(ROWS);
        let mut packed = vec![0.0; blocks * POSITIONS * inputs * ROWS];
        let mut weights = vec![0.0; 9 * inputs];
        for output in 0..outputs {
            weigh(output, &mut weights);
            let (block, row) = (output / ROWS, output % ROWS);
            for (input, weights) in weights.as_chunks::<9>().0.iter().enumerate() {
                for (position, weight) in transform_weights(weights).into_iter().enumerate() {
                    packed[((block * POSITIONS + position) * inputs + input) * ROWS + row] = weight;
                }
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(blocks * ROWS, 0.0);
        Self { inputs, outputs, weights: packed, bias }
    }

    pub fn run(&self, input: &[f32], [height, width]: [usize; 2], output: Output) {
        let bordered = Bordered::new(input, [height, width]);
        let patches = bordered.rows * bordered.columns;
        let mut transformer = Transformer { output, height, width, patches, columns: bordered.columns };
        // `[POSITIONS, inputs, COLUMNS]`: a panel for `multiply` at each position.
        let mut transformed = vec![0.0; POSITIONS * self.inputs * COLUMNS];
        let mut products: [MaybeUninit<Tile>; POSITIONS] = [const { MaybeUninit::uninit() }; POSITIONS];
        for first in (0..patches).step_by(COLUMNS) {
            bordered.transform(first, self.inputs, &mut transformed);
            for block in 0..self.bias.len() / ROWS {
                for (position, product) in products.iter_mut().enumerate() {
                    let weights = &self.weights[(block * POSITIONS + position) * self.inputs * ROWS..];
                    let patches = &transformed[position * self.inputs * COLUMNS..][..self.inputs * COLUMNS];
                    // SAFETY: both panels have `inputs` steps.
                    unsafe {
                        multiply::<false>(
                            product.as_mut_ptr(),
                            self.inputs,
                            weights[..self.inputs * ROWS].as_ptr(),
                            patches.as_ptr(),
                        );
                    }
                }
                for row in 0..ROWS.min(self.outputs - block * ROWS) {
                    for vector in 0..VECTORS {
                        // SAFETY: `multiply` has written them all.
                        let sums = products
                            .each_ref()
                            .map(|product| unsafe { product.assume_init_ref() }[row][vector]);
                        let channel = block * ROWS + row;
                        transformer.put(channel, first + vector * 4, sums, self.bias[channel]);
                    }
                }
            }
        }
    }
}

/// A picture with a border of zeros, large enough for whole patches: `[channels, 2 × rows + 2, 2 × columns + 2]`.
struct Bordered {
    values: Vec<f32>,
    /// Rows and columns of patches.
    rows: usize,
    columns: usize,
}

impl Bordered {
    fn new(picture: &[f32], [height, width]: [usize; 2]) -> Self {
        let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
        let mut bordered = Self { values: Vec::new(), rows, columns };
        let channels = picture.len() / (height * width);
        bordered.values.resize(channels * bordered.area(), 0.0);
        for (channel, values) in
            bordered.values.chunks_exact_mut((2 * rows + 2) * (2 * columns + 2)).enumerate()
        {
            for row in 0..height {
                let from = &picture[(channel * height + row) * width..][..width];
                values[(row + 1) * (2 * columns + 2) + 1..][..width].copy_from_slice(from);
            }
        }
        bordered
    }

    fn stride(&self) -> usize {
        2 * self.columns + 2
    }

    fn area(&self) -> usize {
        (2 * self.rows + 2) * self.stride()
    }

    /// Transforms the patches from `first` on, one for each column. Past the last patch, that one is repeated.
    fn transform(&self, first: usize, channels: usize, transformed: &mut [f32]) {
        for vector in 0..VECTORS {
            let corners: [usize; 4] = array::from_fn(|lane| {
                let patch = (first + vector * 4 + lane).min(self.rows * self.columns - 1);
                patch / self.columns * 2 * self.stride() + patch % self.columns * 2
            });
            for channel in 0..channels {
                let values = &self.values[channel * self.area()..][..self.area()];
                let patches: [[F32x4; 4]; 4] = array::from_fn(|row| {
                    F32x4::transpose(corners.map(|corner| {
                        let four = &values[corner + row * self.stride()..][..4];
                        // SAFETY: the slice has four.
                        unsafe { F32x4::load(four.as_ptr()) }
                    }))
                });
                for (position, value) in transform_patch(patches).into_iter().flatten().enumerate() {
                    let at = (position * channels + channel) * COLUMNS + vector * 4;
                    let to = &mut transformed[at..][..4];
                    // SAFETY: the slice has four.
                    unsafe { value.store(to.as_mut_ptr()) };
                }
            }
        }
    }
}

/// Transforms sums back into outputs.
struct Transformer<'a> {
    output: Output<'a>,
    height: usize,
    width: usize,
    patches: usize,
    /// Columns of patches.
    columns: usize,
}

impl Transformer<'_> {
    /// Transforms the sums of four patches, from `first` on, and writes the outputs for a channel.
    #[inline(always)]
    fn put(&mut self, channel: usize, first: usize, sums: [F32x4; POSITIONS], bias: f32) {
        let bias = F32x4::splat(bias);
        let sums: [[F32x4; 4]; 4] = array::from_fn(|row| array::from_fn(|column| sums[row * 4 + column]));
        let outputs = transform_sums(sums).map(|row| row.map(|value| value.plus(bias)));
        let (row, column) = (first / self.columns * 2, first % self.columns * 2);
        for (below, [left, right]) in outputs.into_iter().enumerate() {
            if column + 8 <= self.width && first + 4 <= self.patches {
                // The four patches are neighbours in one row.
                if row + below < self.height {
                    let at = (channel * self.height + row + below) * self.width + column;
                    let [begin, end] = F32x4::interleave(left, right);
                    self.output.put_four(at, begin);
                    self.output.put_four(at + 4, end);
                }
            } else {
                let (left, right) = (left.to_array(), right.to_array());
                for lane in 0..4.min(self.patches.saturating_sub(first)) {
                    let patch = first + lane;
                    let (row, column) = (patch / self.columns * 2 + below, patch % self.columns * 2);
                    for (column, value) in [(column, left[lane]), (column + 1, right[lane])] {
                        if row < self.height && column < self.width {
                            self.output.put((channel * self.height + row) * self.width + column, value);
                        }
                    }
                }
            }
        }
    }
}

/// `G g Gᵀ` (the weights).
fn transform_weights(weights: &[f32; 9]) -> [f32; POSITIONS] {
    let along = |[a, b, c]: [f32; 3]| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let rows: [[f32; 4]; 3] = array::from_fn(|row| along(array::from_fn(|column| weights[row * 3 + column])));
    let columns: [[f32; 4]; 4] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|position| columns[position % 4][position / 4])
}

/// `Bᵀ d B` (a patch).
#[inline(always)]
fn transform_patch(patch: [[F32x4; 4]; 4]) -> [[F32x4; 4]; 4] {
    let along = |[a, b, c, d]: [F32x4; 4]| [a.minus(c), b.plus(c), c.minus(b), b.minus(d)];
    let rows = patch.map(along);
    let columns: [[F32x4; 4]; 4] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|row| array::from_fn(|column| columns[column][row]))
}

/// `Aᵀ m A` (the sums).
#[inline(always)]
fn transform_sums(sums: [[F32x4; 4]; 4]) -> [[F32x4; 2]; 2] {
    let along = |[a, b, c, d]: [F32x4; 4]| [a.plus(b).plus(c), b.minus(c).minus(d)];
    let rows = sums.map(along);
    let columns: [[F32x4; 2]; 2] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|row| array::from_fn(|column| columns[column][row]))
}

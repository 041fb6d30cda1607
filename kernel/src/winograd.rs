//! Convolutions of 3 × 3 with fewer multiplications.
//!
//! # How
//!
//! The picture is cut into *patches* of 4 × 4 that overlap by two; each patch yields 2 × 2 numbers of the result. Patches and
//! weights are *transformed*, which takes additions only; then a convolution is a product number by number, summed over the
//! channels; and the sum is transformed back. That is 16 multiplications for four results instead of 36. Each of the 16
//! positions in a patch is a matrix product of its own, over channels; those run in the same loop as all others
//! ([`crate::matmul`]), for eight patches at a time, so that patches, products and results stay in the fastest caches.
//!
//! The method is Winograd's F(2 × 2, 3 × 3): S. Winograd, *Arithmetic Complexity of Computations*, 1980; for networks
//! A. Lavin and S. Gray, *Fast Algorithms for Convolutional Neural Networks*, 2016, whose matrices are used here. Its larger
//! relatives multiply less still, but round worse.

use std::{array, mem::MaybeUninit};

use crate::{
    convolution::Results,
    lanes::F32x4,
    matmul::{COLUMNS, ROWS, Tile, VECTORS, multiply},
};

/// Numbers of a patch.
const POSITIONS: usize = 16;

/// A convolution of 3 × 3 in steps of one pixel ([`Window::THREE`](crate::Window)): since the picture has a border of
/// zeros, one pixel wide, the result has its size.
pub struct Winograd {
    inputs: usize,
    outputs: usize,
    /// Transformed and packed: `[blocks, POSITIONS, inputs, ROWS]`, where a block is of [`ROWS`] output channels.
    weights: Vec<f32>,
    /// One for each row of the blocks.
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

    pub fn run(&self, input: &[f32], [height, width]: [usize; 2], results: Results) {
        let bordered = Bordered::new(input, [height, width]);
        let patches = bordered.rows * bordered.columns;
        let mut transformer = Transformer { results, height, width, patches, columns: bordered.columns };
        // `[POSITIONS, inputs, COLUMNS]`, as `multiply` wants its columns.
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
                        // SAFETY: `multiply` has written all of them.
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
    /// Of patches.
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

    /// Writes the patches from `first` on, transformed, one in each column. Behind the last patch it is repeated.
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
                        // SAFETY: four there are.
                        unsafe { F32x4::load(four.as_ptr()) }
                    }))
                });
                for (position, value) in transform_patch(patches).into_iter().flatten().enumerate() {
                    let at = (position * channels + channel) * COLUMNS + vector * 4;
                    let to = &mut transformed[at..][..4];
                    // SAFETY: four there are.
                    unsafe { value.store(to.as_mut_ptr()) };
                }
            }
        }
    }
}

/// Makes results of the sums.
struct Transformer<'a> {
    results: Results<'a>,
    height: usize,
    width: usize,
    patches: usize,
    /// Of patches.
    columns: usize,
}

impl Transformer<'_> {
    /// Transforms the sums of four patches back and writes what they yield for a channel.
    #[inline(always)]
    fn put(&mut self, channel: usize, first: usize, sums: [F32x4; POSITIONS], bias: f32) {
        let bias = F32x4::splat(bias);
        let sums: [[F32x4; 4]; 4] = array::from_fn(|row| array::from_fn(|column| sums[row * 4 + column]));
        let results = transform_sums(sums).map(|row| row.map(|value| value.plus(bias)));
        let (row, column) = (first / self.columns * 2, first % self.columns * 2);
        for (below, [left, right]) in results.into_iter().enumerate() {
            if column + 8 <= self.width && first + 4 <= self.patches {
                // Side by side in the picture.
                if row + below < self.height {
                    let at = (channel * self.height + row + below) * self.width + column;
                    let [begin, end] = F32x4::interleave(left, right);
                    self.results.put_four(at, begin);
                    self.results.put_four(at + 4, end);
                }
            } else {
                let (left, right) = (left.to_array(), right.to_array());
                for lane in 0..4.min(self.patches.saturating_sub(first)) {
                    let patch = first + lane;
                    let (row, column) = (patch / self.columns * 2 + below, patch % self.columns * 2);
                    for (column, value) in [(column, left[lane]), (column + 1, right[lane])] {
                        if row < self.height && column < self.width {
                            self.results.put((channel * self.height + row) * self.width + column, value);
                        }
                    }
                }
            }
        }
    }
}

/// `G g Gᵀ`.
fn transform_weights(weights: &[f32; 9]) -> [f32; POSITIONS] {
    let along = |[a, b, c]: [f32; 3]| [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c];
    let rows: [[f32; 4]; 3] = array::from_fn(|row| along(array::from_fn(|column| weights[row * 3 + column])));
    let columns: [[f32; 4]; 4] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|position| columns[position % 4][position / 4])
}

/// `Bᵀ d B`.
#[inline(always)]
fn transform_patch(patch: [[F32x4; 4]; 4]) -> [[F32x4; 4]; 4] {
    let along = |[a, b, c, d]: [F32x4; 4]| [a.minus(c), b.plus(c), c.minus(b), b.minus(d)];
    let rows = patch.map(along);
    let columns: [[F32x4; 4]; 4] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|row| array::from_fn(|column| columns[column][row]))
}

/// `Aᵀ m A`.
#[inline(always)]
fn transform_sums(sums: [[F32x4; 4]; 4]) -> [[F32x4; 2]; 2] {
    let along = |[a, b, c, d]: [F32x4; 4]| [a.plus(b).plus(c), b.minus(c).minus(d)];
    let rows = sums.map(along);
    let columns: [[F32x4; 2]; 2] = array::from_fn(|column| along(rows.map(|row| row[column])));
    array::from_fn(|row| array::from_fn(|column| columns[column][row]))
}

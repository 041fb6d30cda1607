//! The inverse discrete cosine transform (A.3.3): 64 coefficients → 8 × 8 samples, or 4 × 4, 2 × 2 or one, each the mean of
//! the samples that it stands for.
//!
//! In fixed point, by the method of Loeffler, Ligtenberg and Moschytz ("Practical Fast 1-D DCT Algorithms with 11
//! Multiplications", 1989): first all columns at once, then all rows. Constants have 13 fraction bits, numbers between
//! the passes have two, and sums are rounded where libjpeg's accurate transform rounds them, so the samples are identical.
//! Values too large for that, which only damaged files contain, wrap.
//!
//! The mean of two neighbours is again a weighted sum of coefficients, since cos a + cos b = 2 cos ((a + b) / 2) cos
//! ((a − b) / 2). So is the mean of four. Coefficients whose weight is zero are left out.

use crate::{
    lanes::{I16x8, I32x4},
    segments::Quantisation,
};

const FRACTION_BITS: i32 = 13;

/// In fixed point, with 13 fraction bits.
const fn fixed(value: f64) -> i16 {
    let scaled = value * (1 << FRACTION_BITS) as f64;
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i16
}

/// One sum for each of eight columns.
type Sums = [I32x4; 2];

#[inline(always)]
fn add(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline(always)]
fn sub(a: Sums, b: Sums) -> Sums {
    [a[0] - b[0], a[1] - b[1]]
}

/// `a * x + b * y`, with 13 fraction bits.
#[inline(always)]
fn dot([x, y]: [I16x8; 2], a: i16, b: i16) -> Sums {
    x.interleave(y).map(|pairs| pairs.dot(a, b))
}

/// `x`, with `16 - DROPPED` fraction bits.
#[inline(always)]
fn shifted<const DROPPED: i32>(x: I16x8) -> Sums {
    I16x8::splat(0).interleave(x).map(|pairs| pairs.pairs().shift::<DROPPED>())
}

/// Drops the last `BITS` bits, rounding.
#[inline(always)]
fn rounded<const BITS: i32>(sums: Sums) -> I16x8 {
    I32x4::narrow(sums.map(|sum| (sum + I32x4::splat(1 << (BITS - 1))).shift::<BITS>()))
}

/// Eight samples from eight coefficients, for each of eight columns. The last `BITS` bits of the sums are dropped.
#[inline(always)]
fn eight<const BITS: i32>(x: [I16x8; 8]) -> [I16x8; 8] {
    const TURN: i16 = fixed(0.541196100);
    let (a, b) = (shifted::<3>(x[0] + x[4]), shifted::<3>(x[0] - x[4]));
    let c = dot([x[2], x[6]], TURN + fixed(0.765366865), TURN);
    let d = dot([x[2], x[6]], TURN, TURN - fixed(1.847759065));
    let even = [add(a, c), add(b, d), sub(b, d), sub(a, c)];

    const BOTH: i16 = fixed(1.175875602);
    let crossed = [x[7] + x[3], x[5] + x[1]];
    let p = dot(crossed, BOTH - fixed(1.961570560), BOTH);
    let q = dot(crossed, BOTH, BOTH - fixed(0.390180644));
    const OUTER: i16 = fixed(0.899976223);
    const INNER: i16 = fixed(2.562915447);
    let odd = [
        add(dot([x[1], x[7]], fixed(1.501321110) - OUTER, -OUTER), q),
        add(dot([x[3], x[5]], fixed(3.072711026) - INNER, -INNER), p),
        add(dot([x[3], x[5]], -INNER, fixed(2.053119869) - INNER), q),
        add(dot([x[1], x[7]], -OUTER, fixed(0.298631336) - OUTER), p),
    ];
    [
        rounded::<BITS>(add(even[0], odd[0])),
        rounded::<BITS>(add(even[1], odd[1])),
        rounded::<BITS>(add(even[2], odd[2])),
        rounded::<BITS>(add(even[3], odd[3])),
        rounded::<BITS>(sub(even[3], odd[3])),
        rounded::<BITS>(sub(even[2], odd[2])),
        rounded::<BITS>(sub(even[1], odd[1])),
        rounded::<BITS>(sub(even[0], odd[0])),
    ]
}

/// Four means, each of two neighbouring samples.
#[inline(always)]
fn four<const BITS: i32>(x: [I16x8; 8]) -> [I16x8; 4] {
    let a = shifted::<2>(x[0]);
    let c = dot([x[2], x[6]], fixed(1.847759065), -fixed(0.765366865));
    let outer = add(
        dot([x[1], x[3]], fixed(2.562915447), fixed(0.899976223)),
        dot([x[5], x[7]], -fixed(0.601344887), -fixed(0.509795579)),
    );
    let inner = add(
        dot([x[1], x[3]], fixed(1.061594337), -fixed(2.172734803)),
        dot([x[5], x[7]], fixed(1.451774981), -fixed(0.211164243)),
    );
    let (b, d) = (add(a, c), sub(a, c));
    [add(b, outer), add(d, inner), sub(d, inner), sub(b, outer)].map(rounded::<BITS>)
}

/// Two means, each of four neighbouring samples.
#[inline(always)]
fn two<const BITS: i32>(x: [I16x8; 8]) -> [I16x8; 2] {
    let a = shifted::<1>(x[0]);
    let odd = add(
        dot([x[1], x[3]], fixed(3.624509785), -fixed(1.272758580)),
        dot([x[5], x[7]], fixed(0.850430095), -fixed(0.720959822)),
    );
    [add(a, odd), sub(a, odd)].map(rounded::<BITS>)
}

/// Transposes an 8 × 8 matrix; missing rows are 0.
#[inline(always)]
fn transposed<const ROWS: usize>(rows: [I16x8; ROWS]) -> [I16x8; 8] {
    let mut all = [I16x8::splat(0); 8];
    all[..ROWS].copy_from_slice(&rows);
    // A number's index has three bits for its row and three for its column; each round rotates them by one.
    for _ in 0..3 {
        let [a, b, c, d, e, f, g, h] = all;
        let [[a, b], [c, d], [e, f], [g, h]] =
            [a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h)];
        all = [a, b, c, d, e, f, g, h];
    }
    all
}

/// Dequantises a block, transforms it and writes `SIDE` × `SIDE` samples, in rows `stride` apart.
#[inline(always)]
fn write<const SIDE: usize>(
    block: &[i16; 64],
    steps: &Quantisation,
    columns: impl Fn([I16x8; 8]) -> [I16x8; SIDE],
    rows: impl Fn([I16x8; 8]) -> [I16x8; SIDE],
    samples: &mut [u8],
    stride: usize,
) {
    let coefficients = std::array::from_fn(|row| {
        I16x8::from(block.as_chunks::<8>().0[row]) * I16x8::from(steps.as_chunks::<8>().0[row])
    });
    let rows = transposed(rows(transposed(columns(coefficients))));
    for (row, samples) in rows.into_iter().zip(samples.chunks_mut(stride)).take(SIDE) {
        // The level shift (A.3.1).
        samples[..SIDE].copy_from_slice(&(row + I16x8::splat(128)).to_bytes()[..SIDE]);
    }
}

/// Transforms a block into `side` × `side` samples (8, 4, 2 or 1), in rows `stride` apart.
pub fn block(block: &[i16; 64], steps: &Quantisation, side: usize, samples: &mut [u8], stride: usize) {
    if side == 1 || block[1..].iter().fold(0, |any, &coefficient| any | coefficient) == 0 {
        let sample = mean(block[0], steps);
        samples.chunks_mut(stride).take(side).for_each(|samples| samples[..side].fill(sample));
        return;
    }
    match side {
        8 => write(block, steps, eight::<11>, eight::<18>, samples, stride),
        4 => write(block, steps, four::<12>, four::<19>, samples, stride),
        _ => write(block, steps, two::<13>, two::<20>, samples, stride),
    }
}

/// The mean of a block's samples, from its DC coefficient.
#[inline(always)]
pub fn mean(dc: i16, steps: &Quantisation) -> u8 {
    let eightfold = i32::from(dc) * i32::from(steps[0]);
    (((eightfold + 4) >> 3) + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    /// The definition (A.3.3), in floating point.
    fn sample_at(coefficients: &[f64; 64], row: usize, column: usize) -> f64 {
        let wave = |frequency: usize, at: usize| {
            let scale = if frequency == 0 { 0.125f64.sqrt() } else { 0.5 };
            scale * ((2 * at + 1) as f64 * frequency as f64 * PI / 16.0).cos()
        };
        (0..64).map(|at| coefficients[at] * wave(at / 8, row) * wave(at % 8, column)).sum::<f64>() + 128.0
    }

    #[test]
    fn samples_and_their_means_agree_with_the_definition() {
        let mut state = 1u32;
        for _ in 0..200 {
            let coefficients: [i16; 64] = std::array::from_fn(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Small, so that few samples are clamped: the mean of clamped samples is another one.
                let most = if at == 0 { 50 } else { 6 / (1 + at as i16 / 8 + at as i16 % 8) };
                (state >> 16) as i16 % (most + 1)
            });
            let steps = std::array::from_fn(|at| 8 + at as u16 % 3);
            let dequantised = std::array::from_fn(|at| f64::from(coefficients[at]) * f64::from(steps[at]));
            for side in [8, 4, 2, 1] {
                let mut samples = [0; 8 * 10];
                block(&coefficients, &steps, side, &mut samples, 10);
                let square = 8 / side;
                for at in 0..side * side {
                    let (row, column) = (at / side, at % side);
                    let inside = |at: usize| (row * square + at / square, column * square + at % square);
                    let sum: f64 = (0..square * square)
                        .map(|at| sample_at(&dequantised, inside(at).0, inside(at).1))
                        .sum();
                    let expected = (sum / (square * square) as f64).clamp(0.0, 255.0);
                    let found = f64::from(samples[10 * row + column]);
                    assert!(
                        (found - expected).abs() < 1.0,
                        "{side}, {row}, {column}: {found}, not {expected}"
                    );
                }
            }
        }
    }
}

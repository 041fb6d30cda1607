//! Which slice is faster on this device.

use std::hint::black_box;

use tract_linalg::mmm::FusedKerSpec;

use crate::{
    matmul::kernel,
    tile::{COLUMNS, ROWS, Slice, set_slice},
};

/// Length of the sums: typical of the network, and short enough that both packed panels fit into the fastest cache.
const STEPS: usize = 256;
/// Tiles computed between two readings of the clock: half a millisecond's work on a fast processor.
const TILES: usize = 256;
/// Timings of each slice; the clocks of some browsers advance only once a millisecond.
const ROUNDS: usize = 8;
/// Eight rows are chosen if they take less than this share of the time of four; a smaller gain may be noise.
const MARGIN: f64 = 0.95;

/// Times both slices in turns, and uses the faster one from then on. Takes about 10 ms, more on slow devices. `now` is a
/// clock in any unit. Best called after a first inference, when the browser has begun to optimise the kernel.
pub fn choose_slice(now: impl Fn() -> f64) -> Slice {
    let (a, b) = (vec![0.5f32; STEPS * ROWS], vec![0.25f32; STEPS * COLUMNS]);
    let product = [
        FusedKerSpec::Clear,
        FusedKerSpec::AddMatMul { k: STEPS, pa: a.as_ptr().cast(), pb: b.as_ptr().cast(), packing: 0 },
        FusedKerSpec::Done,
    ];
    let time = |slice| {
        set_slice(slice);
        let start = now();
        for _ in 0..TILES {
            // SAFETY: the panels have `STEPS` steps.
            black_box(unsafe { kernel(black_box(&product)) });
        }
        now() - start
    };
    let (mut four, mut eight) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        four += time(Slice::FourRows);
        eight += time(Slice::EightRows);
    }
    let chosen = if eight < four * MARGIN { Slice::EightRows } else { Slice::FourRows };
    set_slice(chosen);
    chosen
}

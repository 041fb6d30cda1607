use std::{
    hint::black_box,
    sync::atomic::{AtomicU8, Ordering},
};

use tract_linalg::mmm::FusedKerSpec;

use crate::matmul::{COLUMNS, ROWS, kernel};

/// How many of a tile's rows are computed at once. The packing does not depend on it: it can change at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Slice {
    /// Eight variables for the sums: right for sixteen vector registers.
    FourRows,
    /// Sixteen: may be right for thirty-two.
    EightRows,
}

static SLICE: AtomicU8 = AtomicU8::new(Slice::FourRows as u8);

/// What is used now; [`Slice::FourRows`] at first.
#[inline(always)]
pub fn slice() -> Slice {
    if SLICE.load(Ordering::Relaxed) == Slice::EightRows as u8 { Slice::EightRows } else { Slice::FourRows }
}

pub fn set_slice(slice: Slice) {
    SLICE.store(slice as u8, Ordering::Relaxed);
}

/// As long a sum as the network's typical one; both packed panels fit into the fastest cache.
const STEPS: usize = 256;
/// Tiles between two looks at the clock: half a millisecond's work on a fast processor.
const TILES: usize = 256;
/// Looks at the clock for each; some browsers' clocks tick but once in a millisecond.
const ROUNDS: usize = 8;
/// How much less time eight rows must take to be chosen: less may be chance.
const MARGIN: f64 = 0.95;

/// Tries both, in turns, and uses the faster from then on. Takes some 10 ms, more on slow devices; `now` is a clock in any
/// unit. Best called after a first inference, when the browser has begun to compile the kernel for speed.
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
            // SAFETY: the panels are as long as the sum says.
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

//! A tile of a product, and the loop that computes it.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::lanes::F32x4;

/// Rows of a tile.
pub const ROWS: usize = 16;
/// Columns of a tile.
pub const COLUMNS: usize = 8;
/// Vectors in a row of a tile.
pub(crate) const VECTORS: usize = COLUMNS / 4;

/// `[ROWS, COLUMNS]` numbers.
pub(crate) type Tile = [[F32x4; VECTORS]; ROWS];

/// How many rows of a tile are computed at once. Packing does not depend on it, so it can change at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Slice {
    /// Eight variables hold the sums: fits into sixteen vector registers.
    FourRows,
    /// Sixteen variables hold the sums: may be faster with 32 vector registers.
    EightRows,
}

static SLICE: AtomicU8 = AtomicU8::new(Slice::FourRows as u8);

/// The slice in use; [`Slice::FourRows`] at first.
#[inline(always)]
pub fn slice() -> Slice {
    if SLICE.load(Ordering::Relaxed) == Slice::EightRows as u8 { Slice::EightRows } else { Slice::FourRows }
}

/// Sets the slice for the whole program.
pub fn set_slice(slice: Slice) {
    SLICE.store(slice as u8, Ordering::Relaxed);
}

/// `tile = a × b`, or `tile += a × b` if `ACCUMULATE`. `a` is packed as `[k, ROWS]`, `b` as `[k, COLUMNS]`.
///
/// # Safety
///
/// `a` and `b` are that long. `tile` can be written, and is initialised if `ACCUMULATE`.
#[inline(always)]
pub(crate) unsafe fn multiply<const ACCUMULATE: bool>(
    tile: *mut Tile,
    k: usize,
    a: *const f32,
    b: *const f32,
) {
    // SAFETY: the caller's.
    unsafe {
        match slice() {
            Slice::FourRows => multiply_slices::<4, ACCUMULATE>(tile, k, a, b),
            Slice::EightRows => multiply_slices::<8, ACCUMULATE>(tile, k, a, b),
        }
    }
}

#[inline(always)]
unsafe fn multiply_slices<const SLICE: usize, const ACCUMULATE: bool>(
    tile: *mut Tile,
    k: usize,
    a: *const f32,
    b: *const f32,
) {
    let slices = tile.cast::<[[F32x4; VECTORS]; SLICE]>();
    for index in 0..ROWS / SLICE {
        // SAFETY: the caller's; the slice is inside the tile and the panel.
        unsafe { multiply_slice::<SLICE, ACCUMULATE>(slices.add(index), k, a.add(index * SLICE), b) };
    }
}

/// Not inlined, because compilers assign registers function by function and this one should have them all. For the same
/// reason its loop is not unrolled.
#[inline(never)]
unsafe fn multiply_slice<const SLICE: usize, const ACCUMULATE: bool>(
    slice: *mut [[F32x4; VECTORS]; SLICE],
    k: usize,
    mut a: *const f32,
    mut b: *const f32,
) {
    // SAFETY: the caller's; the slice is read only to accumulate, and is initialised then.
    unsafe {
        let mut sums = if ACCUMULATE { *slice } else { [[F32x4::splat(0.0); VECTORS]; SLICE] };
        for _ in 0..k {
            let columns: [F32x4; VECTORS] = [F32x4::load(b), F32x4::load(b.add(4))];
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = F32x4::load_splat(a.add(row));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = sum.plus(factor.times(column));
                }
            }
            a = a.add(ROWS);
            b = b.add(COLUMNS);
        }
        *slice = sums;
    }
}

//! The matrix-multiply kernel for tract: computes one tile of the product and applies the operations fused to it.

use std::mem::MaybeUninit;

use tract_linalg::{
    isa::Arch,
    mmm::{DynKernel, FusedKerSpec, FusedSpec, MatMatMul, OutputStoreKer},
    pack::Packing,
};

use crate::{
    lanes::F32x4,
    tile::{COLUMNS, ROWS, Tile, VECTORS, multiply},
};

/// The kernel's name in tract's registry.
pub const NAME: &str = "clothing_wasm_f32_16x8";

const FLOAT: isize = size_of::<f32>() as isize;

/// The kernel behind tract's interface.
pub fn matmul() -> Box<dyn MatMatMul> {
    let mut kernel = DynKernel::<ROWS, COLUMNS, f32>::new(
        NAME,
        kernel,
        f32::packing(ROWS).align(16),
        f32::packing(COLUMNS).align(16),
    )
    .with_can_fuse(can_fuse);
    kernel.arch = Some(Arch::Wasm32Simd128);
    kernel.row_major_store = true;
    kernel.mmm()
}

/// Everything but the scaling of integers.
fn can_fuse(operation: &FusedSpec) -> bool {
    !matches!(operation, FusedSpec::QScale(..) | FusedSpec::RoundingShiftRight(..) | FusedSpec::ShiftLeft(..))
}

/// Computes one tile: applies `operations` in order, up to [`FusedKerSpec::Done`]. Returns 0, or 1 for an operation that it
/// does not support.
///
/// # Safety
///
/// tract's contract: the operations end with `Done`, and the panels, rows, columns and tiles that they point to are as long as
/// the operation and the kernel's tile size require.
pub unsafe fn kernel(operations: &[FusedKerSpec<f32>]) -> isize {
    let mut tile = MaybeUninit::<Tile>::uninit();
    // Nearly always the tile is cleared and a product is added to it. Writing the zeros separately took a third of the whole time.
    let operations = match operations {
        [FusedKerSpec::Clear, FusedKerSpec::AddMatMul { k, pa, pb, packing: _ }, rest @ ..] => {
            // SAFETY: the caller's; `multiply` writes the whole tile.
            unsafe { multiply::<false>(tile.as_mut_ptr(), *k, pa.cast(), pb.cast()) };
            rest
        }
        _ => {
            tile.write([[F32x4::splat(0.0); VECTORS]; ROWS]);
            operations
        }
    };
    // SAFETY: both arms have written it.
    let tile = unsafe { tile.assume_init_mut() };
    for operation in operations {
        // SAFETY: the caller's.
        unsafe {
            match *operation {
                FusedKerSpec::Done => return 0,
                FusedKerSpec::Clear => *tile = [[F32x4::splat(0.0); VECTORS]; ROWS],
                FusedKerSpec::LoadTile(_, rows) => {
                    each(tile, |_, row, column| F32x4::load(rows.add(row * COLUMNS + column)))
                }

                FusedKerSpec::ScalarMin(x) => with_scalar(tile, x, F32x4::min),
                FusedKerSpec::ScalarMax(x) => with_scalar(tile, x, F32x4::max),
                FusedKerSpec::ScalarAdd(x) => with_scalar(tile, x, F32x4::plus),
                FusedKerSpec::ScalarMul(x) => with_scalar(tile, x, F32x4::times),
                FusedKerSpec::ScalarSub(x) => with_scalar(tile, x, |value, x| x.minus(value)),
                FusedKerSpec::ScalarSubF(x) => with_scalar(tile, x, F32x4::minus),
                FusedKerSpec::LeakyRelu(slope) => {
                    with_scalar(tile, slope, |value, slope| value.if_positive_else(value.times(slope)))
                }

                FusedKerSpec::PerRowMin(rows) => with_rows(tile, rows, F32x4::min),
                FusedKerSpec::PerRowMax(rows) => with_rows(tile, rows, F32x4::max),
                FusedKerSpec::PerRowAdd(rows) => with_rows(tile, rows, F32x4::plus),
                FusedKerSpec::PerRowMul(rows) => with_rows(tile, rows, F32x4::times),
                FusedKerSpec::PerRowSub(rows) => with_rows(tile, rows, |value, row| row.minus(value)),
                FusedKerSpec::PerRowSubF(rows) => with_rows(tile, rows, F32x4::minus),

                FusedKerSpec::PerColMin(columns) => with_columns(tile, columns, F32x4::min),
                FusedKerSpec::PerColMax(columns) => with_columns(tile, columns, F32x4::max),
                FusedKerSpec::PerColAdd(columns) => with_columns(tile, columns, F32x4::plus),
                FusedKerSpec::PerColMul(columns) => with_columns(tile, columns, F32x4::times),
                FusedKerSpec::PerColSub(columns) => {
                    with_columns(tile, columns, |value, column| column.minus(value))
                }
                FusedKerSpec::PerColSubF(columns) => with_columns(tile, columns, F32x4::minus),

                FusedKerSpec::AddRowColProducts(rows, columns) => each(tile, |value, row, column| {
                    value.plus(F32x4::load_splat(rows.add(row)).times(F32x4::load(columns.add(column))))
                }),
                FusedKerSpec::AddUnicast(from) => add_stored(tile, &from),
                FusedKerSpec::Store(to) => store(tile, &to),
                FusedKerSpec::AddMatMul { k, pa, pb, packing: _ } => {
                    multiply::<true>(tile, k, pa.cast(), pb.cast())
                }

                FusedKerSpec::QScale(..)
                | FusedKerSpec::RoundingShiftRight(..)
                | FusedKerSpec::ShiftLeft(..) => return 1,
            }
        }
    }
    1
}

/// Replaces each vector by `f(vector, row, first column)`.
#[inline(always)]
fn each(tile: &mut Tile, f: impl Fn(F32x4, usize, usize) -> F32x4) {
    for (row, vectors) in tile.iter_mut().enumerate() {
        for (vector, value) in vectors.iter_mut().enumerate() {
            *value = f(*value, row, vector * 4);
        }
    }
}

#[inline(always)]
fn with_scalar(tile: &mut Tile, scalar: f32, f: impl Fn(F32x4, F32x4) -> F32x4) {
    let scalar = F32x4::splat(scalar);
    each(tile, |value, _, _| f(value, scalar));
}

#[inline(always)]
unsafe fn with_rows(tile: &mut Tile, rows: *const f32, f: impl Fn(F32x4, F32x4) -> F32x4) {
    // SAFETY: the caller's.
    each(tile, |value, row, _| f(value, unsafe { F32x4::load_splat(rows.add(row)) }));
}

#[inline(always)]
unsafe fn with_columns(tile: &mut Tile, columns: *const f32, f: impl Fn(F32x4, F32x4) -> F32x4) {
    // SAFETY: the caller's.
    each(tile, |value, _, column| f(value, unsafe { F32x4::load(columns.add(column)) }));
}

/// The address of a number of the tile in strided memory.
#[inline(always)]
unsafe fn address(memory: &OutputStoreKer, row: usize, column: usize) -> *mut f32 {
    // SAFETY: the caller's.
    unsafe {
        memory
            .ptr
            .offset(row as isize * memory.row_byte_stride + column as isize * memory.col_byte_stride)
            .cast()
    }
}

unsafe fn add_stored(tile: &mut Tile, from: &OutputStoreKer) {
    // SAFETY: the caller's.
    unsafe {
        if from.col_byte_stride == FLOAT {
            each(tile, |value, row, column| value.plus(F32x4::load(address(from, row, column))));
        } else if from.row_byte_stride == FLOAT {
            for (block, rows) in tile.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                for vector in 0..VECTORS {
                    let columns =
                        [0, 1, 2, 3].map(|ix| F32x4::load(address(from, block * 4, vector * 4 + ix)));
                    for (row, stored) in rows.iter_mut().zip(F32x4::transpose(columns)) {
                        row[vector] = row[vector].plus(stored);
                    }
                }
            }
        } else {
            each(tile, |value, row, column| {
                value.plus(F32x4::from_array([0, 1, 2, 3].map(|ix| *address(from, row, column + ix))))
            });
        }
    }
}

unsafe fn store(tile: &Tile, to: &OutputStoreKer) {
    // SAFETY: the caller's.
    unsafe {
        if to.col_byte_stride == FLOAT {
            for (row, vectors) in tile.iter().enumerate() {
                for (vector, value) in vectors.iter().enumerate() {
                    value.store(address(to, row, vector * 4));
                }
            }
        } else if to.row_byte_stride == FLOAT {
            for (block, rows) in tile.as_chunks::<4>().0.iter().enumerate() {
                for vector in 0..VECTORS {
                    let columns = F32x4::transpose(rows.map(|row| row[vector]));
                    for (ix, column) in columns.into_iter().enumerate() {
                        column.store(address(to, block * 4, vector * 4 + ix));
                    }
                }
            }
        } else {
            for (row, vectors) in tile.iter().enumerate() {
                for (vector, value) in vectors.iter().enumerate() {
                    for (ix, lane) in value.to_array().into_iter().enumerate() {
                        *address(to, row, vector * 4 + ix) = lane;
                    }
                }
            }
        }
    }
}

//! Our entries in tract's registries.

use std::hint::black_box;

use tract_data::prelude::DatumType;
use tract_linalg::{
    isa::{Arch, IsaSet},
    mmm::{Query, Suitable},
    mmm_routines::MmmRoutine,
    mmm_tiers::MmmTier,
};

use crate::matmul::{NAME, matmul};

inventory::submit! { MmmRoutine { make: matmul } }

inventory::submit! {
    MmmTier {
        arch: Some(Arch::Wasm32Simd128),
        precedence: 10, // tract's own has 1
        name: "clothing",
        applies: |_| true,
        preferred,
    }
}

/// Our kernel for products of float matrices. A matrix times a single vector is limited by memory, which tract's own kernels
/// handle well.
fn preferred(_: &IsaSet, sum: DatumType, query: &Query, _: &[Suitable]) -> Option<&'static str> {
    (sum == DatumType::F32 && query.n != Some(1)).then_some(NAME)
}

/// Refers to the entries, so that the linker keeps them.
pub fn keep() {
    black_box(preferred as *const ());
}

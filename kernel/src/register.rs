//! The entries in tract's registries.

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

/// Ours for matrices of floats. A matrix times a single vector is limited by memory, and tract's kernels do that well.
fn preferred(_: &IsaSet, sum: DatumType, query: &Query, _: &[Suitable]) -> Option<&'static str> {
    (sum == DatumType::F32 && query.n != Some(1)).then_some(NAME)
}

pub fn keep() {
    black_box(preferred as *const ());
}

//! The network's inner loops for WebAssembly's 128-bit SIMD, plugged into tract through its public registries.
//!
//! # What a tile is
//!
//! A convolution is computed as a product of matrices, `C = A × B`, where `A` holds the weights and `B` the picture's
//! patches (or the other way round). tract cuts `C` into *tiles* and hands them to a *kernel* one by one. For its tile
//! of 16 × 8 numbers the kernel reads 16 rows of `A` and 8 columns of `B`, which tract has *packed*: the 16 numbers
//! that belong to one step of the sum lie side by side, and so do the 8. Each step multiplies every one of the 16
//! with every one of the 8 and adds the products to the tile: many multiplications for few loads, as long as the
//! tile stays in the processor's registers.
//!
//! # Why not tract's own kernel
//!
//! tract's kernel for WebAssembly keeps a whole tile of 8 × 8 in sixteen vector variables. x86-64 has just sixteen vector
//! registers under the instructions that browsers emit, and the factors and products need some too: so the compiler
//! *spills*, that is, it stores variables in memory and reloads them in each step. Our kernel walks its tile in slices of
//! 4 × 8, which are eight variables; with two for the columns, one for the row and one for the product there is
//! room to spare. The slices share the 8 columns, which stay in the fastest cache. ARM64 has 32 vector
//! registers; there, slices of 8 rows, which load the columns half as often, may be faster. [`choose_slice`] finds
//! out by trying.
//!
//! What follows a product in the network (a bias, a ReLU, a sum with an earlier result) is *fused*: applied to the tile
//! before it is stored.
//!
//! # Whole convolutions
//!
//! tract finds out that a convolution is a product, packs its weights and fuses what follows, all by rewriting the network step
//! by step. That took half of the time in which the network is made ready, and a quarter more memory. So a convolution is an
//! operator of ours, [`Convolution`], which packs its weights once:
//! - in windows of 3 × 3 it multiplies less (`winograd`): these are half of the network's arithmetic, and the loop above is
//!   where seven tenths of its time went. That takes a fifth to a quarter off the whole;
//! - in others it is one product (`im2col`);
//! - where each channel stays by itself it is none (`depthwise`): a hundredth of the arithmetic, of which tract's way made a
//!   tenth of the time.
//!
//! # How the kernel is plugged in
//!
//! What else there is of products in a network, such as convolutions in a few groups, stays tract's, with our kernel. tract collects
//! kernels and *tiers*, opinions on which kernel to run for what, from all crates of a program. Ours has a higher precedence
//! than tract's for WebAssembly. Nothing here runs natively but the tests.

mod convolution;
mod depthwise;
mod im2col;
mod lanes;
mod matmul;
mod slice;
mod winograd;

pub use convolution::{Channels, Convolution, Finish, Window};
pub use matmul::{COLUMNS, ROWS, matmul};
pub use slice::{Slice, choose_slice, set_slice, slice};

#[cfg(target_arch = "wasm32")]
mod register;

/// Sees to it that the registry entries are in the program: linkers drop what nothing refers to.
pub fn install() {
    #[cfg(target_arch = "wasm32")]
    register::keep();
}

//! The network's inner loops for WebAssembly's 128-bit SIMD, plugged into tract through its public registries.
//!
//! # What a tile is
//!
//! A convolution is computed as a product of matrices, `C = A × B`, where `A` holds the weights and `B` the picture's
//! patches (or the other way round). tract cuts `C` into *tiles* and hands them to a *kernel* one by one. For a tile
//! of 16 × 8 numbers the kernel reads 16 rows of `A` and 8 columns of `B`. tract has *packed* them: the 16 numbers
//! for one step of the sum lie side by side, and so do the 8. Each step multiplies each of the 16 by each of the 8
//! and adds the products to the tile: many multiplications for few loads, as long as the tile stays in the
//! processor's registers.
//!
//! # Why not tract's own kernel
//!
//! tract's kernel for WebAssembly keeps a whole tile of 8 × 8 in sixteen vector variables. With the instructions that
//! browsers emit, x86-64 has only sixteen vector registers, and factors and products need some too. So the compiler
//! *spills*: it stores variables in memory and reloads them in each step. Our kernel goes through its tile in slices of
//! 4 × 8, which take eight variables; with two for the columns, one for the row and one for the product there is
//! room to spare. The slices share the 8 columns, which stay in the fastest cache. ARM64 has 32 vector registers; there,
//! slices of 8 rows load the columns half as often and may be faster. [`choose_slice`] times both.
//!
//! Operations that follow a product in the network (a bias, a ReLU, a sum with an earlier result) are *fused*: applied to
//! the tile before it is stored.
//!
//! # Whole convolutions
//!
//! tract turns convolutions into products, packs their weights and fuses what follows by rewriting the network step by
//! step. That took half of the time it takes to prepare the network, and a quarter more memory. So convolutions are
//! operators of our own, [`Convolution`], which pack their weights once. There are three methods:
//! - `winograd`, for windows of 3 × 3: fewer multiplications. These convolutions are half of the network's arithmetic, and
//!   the method makes the whole network faster by a fifth to a quarter;
//! - `im2col`, for other windows: one matrix product;
//! - `depthwise`, where each channel is convolved by itself: a hundredth of the arithmetic, but a tenth of the time the way
//!   tract computes it.
//!
//! # How the kernel is plugged in
//!
//! Other products in a network, such as convolutions in a few groups, are left to tract, which runs them with our kernel. tract
//! collects kernels, and *tiers* that say which kernel to prefer, from all crates of a program. Our tier has a higher
//! precedence than tract's own for WebAssembly. Natively only the convolutions are used; tract runs its own kernels.

mod convolution;
mod depthwise;
mod epilogue;
mod im2col;
mod lanes;
mod matmul;
mod tile;
mod tune;
mod window;
mod winograd;

pub use convolution::{Channels, Convolution};
pub use epilogue::Epilogue;
pub use matmul::matmul;
pub use tile::{COLUMNS, ROWS, Slice, set_slice, slice};
pub use tune::choose_slice;
pub use window::Window;

#[cfg(target_arch = "wasm32")]
mod register;

/// Keeps our registry entries in the program: linkers drop code that nothing refers to.
pub fn install() {
    #[cfg(target_arch = "wasm32")]
    register::keep();
}

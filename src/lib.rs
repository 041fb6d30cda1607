//! Tells what garment is on a photo, on the device that holds the photo.
//!
//! - [`photo`]: bytes → upright RGB pixels.
//! - [`classifier`]: pixels → [`classifier::Prediction`], by an ONNX network that describes itself.
//! - [`engine`]: the Web Worker that runs the classifier, and the page's side of it.
//! - `app`: the page (WebAssembly only).
//!
//! Each module knows only those above it. The first two know nothing of the browser and serve the
//! native command line `classify` as well.

pub mod classifier;
pub mod engine;
pub mod photo;

#[cfg(target_arch = "wasm32")]
pub mod app;

//! Tells what garment is on a photo, on the device that holds the photo.
//!
//! - `csv`: writing CSV.
//! - [`photo`]: bytes → upright RGB pixels.
//! - [`classifier`]: pixels → [`classifier::Prediction`], by an ONNX network that describes itself.
//! - [`clean`]: finding wrong labels among labelled photos, and what a person decides about them.
//! - [`engine`]: the Web Worker that runs the classifier, and the page's side of it.
//! - [`offline`]: whether the page works without a connection.
//! - [`words`]: sentences that a person reads or hears.
//! - [`embed`]: what the page in another site's frame and that site say to each other.
//! - `app`: the page (WebAssembly only).
//!
//! The feature `inference` brings decoders and network, the feature `page` the page: the page's own
//! WebAssembly is built without the former, so that it paints before the worker's has come.
//!
//! Each module knows only those above it. The first three know nothing of the browser; `photo` and `classifier`
//! serve the native command line `classify` as well.

pub mod classifier;
pub mod clean;
mod csv;
pub mod embed;
pub mod engine;
pub mod offline;
pub mod photo;
pub mod words;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod app;

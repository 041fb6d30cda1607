//! The network: an ONNX file → class scores, run by tract.
//!
//! [`network`] checks a file and runs it. [`contract`] says which operators may be used and how; [`graph`] reads them, by the
//! functions in [`operators`], which add to the model through a [`reader`]. In browsers, convolutions are our own, and
//! [`fusion`] joins them with what follows.

mod contract;
mod fusion;
mod graph;
mod network;
mod operators;
mod reader;

pub use network::{Network, NetworkOutput, parse, read};

//! Tests of the built page in real browsers.
//!
//! `make browser` builds what is needed and runs them. By hand: `cargo test --profile tests --test browser`, with these
//! environment variables (defaults in brackets):
//!
//! - `DIST`: the built bundle (`dist`),
//! - `SERVER`: Static Web Server (installed by `tools/setup.sh server`),
//! - `CHROMIUM` and `CHROMEDRIVER`: the browser and its driver (found by `tools/setup.sh browser`),
//! - `FIREFOX` and `GECKODRIVER`: the same for Firefox (`tools/setup.sh firefox`),
//! - `ORACLE`: onnxruntime's answers to photos, one JSON object a line; without it, they are not compared,
//! - `SCREENSHOTS`: a folder for screenshots of every state of the page; without it, none are taken,
//! - `PICTURES`: the folder that `make pictures` prepares; without it, the documentation's pictures are not taken,
//! - `MUTATED`, `PHOTOS`, `CLEANED`: how many damaged photos are tried, how many photos are answered in a row, and how many
//!   are cleaned.

mod accessible;
mod addresses;
mod answers;
mod clean;
mod drops;
mod endurance;
mod engine;
#[path = "../files/mod.rs"]
mod files;
mod first;
mod harness;
mod headers;
#[path = "../files/kinds.rs"]
mod kinds;
mod list;
mod looks;
mod offline;
mod pages;
mod parity;
mod pictures;
mod robust;
mod shown;
#[path = "../files/tiny_model.rs"]
mod tiny_model;
mod translated;
mod widget;

use files::encode;

//! The built page in a real browser, as its visitors have it.
//!
//! `make browser` builds what is needed and runs this. By hand: `cargo test --profile tests --test browser`, where
//!
//! - `DIST` names the built bundle (`dist`),
//! - `SERVER` names Static Web Server (what `tools/setup.sh server` installed),
//! - `CHROMIUM` and `CHROMEDRIVER` name the browser and its driver (what `tools/setup.sh browser` found),
//! - `FIREFOX` and `GECKODRIVER` likewise (`tools/setup.sh firefox`),
//! - `ORACLE` names onnxruntime's answers to photos, one JSON object a line, to compare with,
//! - `SCREENSHOTS` names a folder for pictures of every state of the page, `PICTURES` one with what `make pictures` shows,
//! - `MUTATED` and `PHOTOS` say how many mutated photos and how many photos in a row are tried, `CLEANED` how many
//!   photos are cleaned.

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

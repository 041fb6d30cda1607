//! Sentences that a person reads or hears, the same on the page, for screen readers and on the command line.

mod answer;
mod cleaning;
mod demo;
mod failures;
mod files;
mod model;
mod model_errors;
mod offline;
mod photo_errors;
mod photos;

pub use answer::{answer, percent};
pub use cleaning::*;
pub use demo::*;
pub use failures::{Explained, told};
pub use files::*;
pub use model::*;
pub use model_errors::fault;
pub use offline::{announce_offline, offline};
pub use photos::*;

/// So many things of that name, in the plural where that is due.
pub fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number}\u{a0}{}", if number == 1 { one } else { several })
}

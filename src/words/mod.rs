//! Sentences that a person reads or hears, the same on the page, for screen readers and on the command line.

mod answer;

pub use answer::{answer, percent};

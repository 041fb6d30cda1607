//! A file's bytes → the upright photo as RGB pixels.
//!
//! [`sniff`] tells the format by the first bytes, [`decode`] does the rest. A file name is never asked:
//! phones and messengers name files wrongly.

#[cfg(feature = "inference")]
mod decode;
mod error;
mod sniff;

#[cfg(feature = "inference")]
pub use decode::{Limits, decode};
pub use error::Error;
pub use sniff::{Format, Kind, SNIFF_BYTES, sniff};

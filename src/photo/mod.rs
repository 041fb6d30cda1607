//! A file's bytes → the upright photo as RGB pixels.
//!
//! [`sniff`] tells the format by the first bytes, [`decode`] does the rest. A file name is never asked:
//! phones and messengers name files wrongly.

#[cfg(feature = "inference")]
mod decode;
mod error;
mod limits;
mod sniff;

#[cfg(feature = "inference")]
pub use decode::decode;
pub use error::Error;
pub use limits::Limits;
pub use sniff::{Format, Kind, SNIFF_BYTES, largest_extent, sniff};

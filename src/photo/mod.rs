//! A file's bytes → the upright photo as RGB pixels.
//!
//! [`sniff`] tells the format by the first bytes, [`decode`] does the rest; [`decode_reduced`]
//! is content with less than all pixels. A file name is never asked:
//! phones and messengers name files wrongly.

#[cfg(feature = "inference")]
mod decode;
mod error;
#[cfg(feature = "inference")]
mod jpeg;
mod limits;
#[cfg(feature = "inference")]
mod reduce;
mod sniff;

#[cfg(feature = "inference")]
pub use decode::decode;
pub use error::Error;
pub use limits::Limits;
#[cfg(feature = "inference")]
pub use reduce::{Least, Photo, decode_reduced};
pub use sniff::{Format, Kind, SNIFF_BYTES, largest_extent, sniff};

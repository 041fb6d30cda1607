//! A file's bytes → the upright photo as RGB pixels.
//!
//! [`sniff`] tells the format by the first bytes, [`decode`] does the rest; [`decode_reduced`]
//! is content with less than all pixels. Neither asks for the file's name:
//! phones and messengers name files wrongly.

#[cfg(feature = "inference")]
mod decode;
mod error;
mod limits;
#[cfg(feature = "inference")]
mod means;
mod name;
#[cfg(feature = "inference")]
mod reduce;
mod sniff;

#[cfg(feature = "inference")]
pub use decode::decode;
pub use error::Error;
pub use limits::Limits;
pub use name::{is_photo_name, sort_key};
#[cfg(feature = "inference")]
pub use reduce::{Least, Photo, decode_reduced};
pub use sniff::{Format, Kind, SNIFF_BYTES, largest_extent, sniff};

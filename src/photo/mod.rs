//! A file's bytes → the upright photo as RGB pixels.
//!
//! [`sniff`] tells the format by the first bytes, [`decode`] does the rest; [`decode_reduced`]
//! is content with less than all pixels. Neither asks for the file's name:
//! phones and messengers name files wrongly.

#[cfg(all(feature = "inference", not(target_arch = "wasm32")))]
mod avif;
#[cfg(feature = "inference")]
mod bmp;
#[cfg(feature = "inference")]
mod decode;
mod error;
#[cfg(feature = "inference")]
mod exif;
#[cfg(feature = "inference")]
mod gif;
#[cfg(feature = "inference")]
mod jpeg;
mod limits;
mod name;
#[cfg(feature = "inference")]
mod png;
#[cfg(feature = "inference")]
mod preview;
#[cfg(feature = "inference")]
mod reduce;
mod sniff;
#[cfg(feature = "inference")]
mod webp;

#[cfg(feature = "inference")]
pub use decode::decode;
#[cfg(feature = "inference")]
use decode::over_white;
pub use error::Error;
pub use limits::Limits;
pub use name::{is_photo_name, sort_key};
#[cfg(feature = "inference")]
pub use preview::preview;
#[cfg(feature = "inference")]
pub use reduce::{Least, Photo, decode_reduced};
pub use sniff::{Format, Kind, SNIFF_BYTES, largest_extent, sniff};

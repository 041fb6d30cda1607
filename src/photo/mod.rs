//! A file's bytes → the upright photo as RGB pixels, and what is done with these: resizing and measuring.
//!
//! [`sniff`] tells the [`Format`] by the first bytes, [`decode`] does the rest. A file's name is never asked: phones and
//! messengers name files wrongly. All that differs between formats outside their decoders is a row of one table, in `format`.

#[cfg(all(feature = "inference", not(target_arch = "wasm32")))]
mod avif;
#[cfg(feature = "inference")]
mod bmp;
#[cfg(feature = "inference")]
mod decode;
mod error;
#[cfg(feature = "inference")]
mod exif;
mod fit;
mod format;
#[cfg(feature = "inference")]
mod gif;
#[cfg(feature = "inference")]
mod jpeg;
mod limits;
#[cfg(feature = "inference")]
mod measure;
mod measurements;
mod name;
#[cfg(feature = "inference")]
mod pixels;
#[cfg(feature = "inference")]
mod png;
#[cfg(feature = "inference")]
mod preview;
#[cfg(feature = "inference")]
mod reduce;
#[cfg(feature = "inference")]
mod resize;
mod sniff;
#[cfg(feature = "inference")]
mod webp;

#[cfg(feature = "inference")]
pub use decode::{accept, decode, decode_as, decode_reduced};
pub use error::Error;
pub use fit::{Filter, Fit, Placement, Resize};
pub use format::{ACCEPTED, Format, READ, READ_BY_BROWSERS, ReadBy};
pub use limits::Limits;
pub use measurements::{Fingerprint, Measurements};
pub use name::{is_photo_name, sort_key};
#[cfg(feature = "inference")]
pub use pixels::Photo;
#[cfg(feature = "inference")]
pub use preview::preview;
#[cfg(feature = "inference")]
pub use reduce::MinSize;
#[cfg(feature = "inference")]
pub use resize::to_square;
pub use sniff::{SNIFF_BYTES, largest_extent, sniff};

//! Why a file cannot be decoded.

use std::fmt;

/// Why a file cannot be decoded. The reason is part of a sentence: "it ends before the picture".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A valid variety of JPEG that is not supported, because hardly anything writes it.
    Rare(&'static str),
    /// A violation of the standard before any of the picture.
    Damaged(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Error::Rare(reason) | Error::Damaged(reason)) = self;
        f.write_str(reason)
    }
}

impl std::error::Error for Error {}

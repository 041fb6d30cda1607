//! Files on the command line.

use std::io::{Error, ErrorKind};

/// A folder was named that holds no photo.
pub const EMPTY_FOLDER: &str = "There are no photos in this folder.";

/// A decoder panicked over a picture.
pub const DECODER_PANICKED: &str = "This picture is damaged in a way that its decoder cannot cope with.";

/// Why a file or folder could not be read; what is rare in the system's own words.
pub fn unreadable(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "There is no such file or folder.".into(),
        ErrorKind::PermissionDenied => "Permission to read it is denied.".into(),
        _ => error.to_string(),
    }
}

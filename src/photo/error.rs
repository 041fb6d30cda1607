use serde::{Deserialize, Serialize};

/// Why a file was not accepted as a photo. Each variant can say its cause and what the person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Error {
    /// The file has no bytes.
    Empty,
    /// The file is larger than `limit` bytes.
    TooManyBytes { bytes: u64, limit: u64 },
    /// The picture is wider times higher than `limit` pixels; nothing was allocated for it.
    TooManyPixels { width: u32, height: u32, limit: u64 },
    /// A picture or document of a kind that is known but not decoded, such as "HEIC".
    Unsupported { kind: String },
    /// Not a picture of any known kind.
    NotAPhoto,
    /// Starts like a picture of a known kind but cannot be decoded; `detail` is the decoder's reason.
    Damaged { kind: String, detail: String },
}

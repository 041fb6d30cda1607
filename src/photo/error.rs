use super::Format;

/// Why a file was not accepted as a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file has no bytes.
    Empty,
    /// The file is larger than `limit` bytes.
    TooManyBytes { bytes: u64, limit: u64 },
    /// The picture has more than `limit` pixels. It was refused before memory was allocated for them.
    TooManyPixels { width: u32, height: u32, limit: u64 },
    /// A file of a known format that is not decoded here.
    Unsupported(Format),
    /// A rare variant of its format, such as a JPEG with 12 bits per colour; `detail` is the decoder's reason.
    Rare { format: Format, detail: String },
    /// A file of no known format.
    NotAPhoto,
    /// Starts like a picture of this format but cannot be decoded; `detail` is the decoder's reason.
    Damaged { format: Format, detail: String },
}

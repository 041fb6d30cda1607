use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a file was not accepted as a photo. Each variant can say its [cause](Error::cause) and, as the
/// [remedy](Error::remedy), what the person can do; its `Display` says both.
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

impl Error {
    /// What happened, in one sentence for people.
    pub fn cause(&self) -> String {
        match self {
            Error::Empty => "This file is empty.".into(),
            Error::TooManyBytes { bytes, limit } => {
                format!(
                    "This file has {} MB; at most {} MB can be read.",
                    bytes.div_ceil(1_000_000),
                    limit / 1_000_000
                )
            }
            Error::TooManyPixels { width, height, limit } => format!(
                "This picture is {width} × {height} pixels, that is {} megapixels; at most {} can be read.",
                (u64::from(*width) * u64::from(*height)).div_ceil(1_000_000),
                limit / 1_000_000
            ),
            Error::Unsupported { kind } => match kind.as_str() {
                "video" => "This is a video, not a photo.".into(),
                "web page" => "This is a web page, not a photo.".into(),
                "PDF" => "This is a PDF document, not a photo.".into(),
                "ZIP" => "This is a ZIP archive or an office document, not a photo.".into(),
                "HEIC" => {
                    "This is a HEIC photo, the format that iPhones use, which cannot be read here.".into()
                }
                "SVG" => "This is an SVG drawing, which cannot be read here.".into(),
                "camera raw" => "This is a camera's raw file, which cannot be read here.".into(),
                kind => format!("This is a {kind} picture, which cannot be read here."),
            },
            Error::NotAPhoto => "This file is not a photo.".into(),
            Error::Damaged { kind, .. } => {
                format!("This {kind} picture is damaged or a part of it is missing.")
            }
        }
    }

    /// What the person can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Error::Empty => "It may not have finished downloading: fetch it again.",
            Error::TooManyBytes { .. } | Error::TooManyPixels { .. } => {
                "Make a smaller copy of it, or take a screenshot of it, and use that."
            }
            Error::Unsupported { kind } => match kind.as_str() {
                "HEIC" => {
                    "Share or export it as JPEG; for new photos to be JPEG, set Settings > Camera > Formats > Most Compatible on the iPhone."
                }
                "camera raw" => {
                    "Export it as JPEG with the camera's or the phone's photo program, and use that."
                }
                "PDF" => "Take a screenshot of the garment in it, and use that.",
                "video" => "Pause it where the garment is seen best, take a screenshot, and use that.",
                "web page" => "Open it, save the picture itself rather than the page, and use that.",
                "ZIP" => "Take the photos out of it first, and use those.",
                _ => "Open it in a picture viewer, save it as JPEG or PNG, and use that.",
            },
            Error::NotAPhoto => "Choose a picture: JPEG, PNG, WebP, GIF or BMP.",
            Error::Damaged { .. } => "Fetch or copy it again, or take a screenshot of it, and use that.",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause(), self.remedy())
    }
}

impl std::error::Error for Error {}

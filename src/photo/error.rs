use std::fmt;

use super::Format;

/// Why a file was not accepted as a photo. [`cause`](Error::cause) says what happened, [`remedy`](Error::remedy) what the
/// person can do; `Display` says both.
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
            Error::Unsupported(format) => match format {
                Format::Avif => "This is an AVIF picture, which cannot be read here.".into(),
                Format::Heic => {
                    "This is a HEIC photo, the format that iPhones use, which cannot be read here.".into()
                }
                Format::Ico => "This is an icon (ICO), which cannot be read here.".into(),
                Format::Svg => "This is an SVG drawing, which cannot be read here.".into(),
                Format::CameraRaw => "This is a camera's raw file, which cannot be read here.".into(),
                Format::Pdf => "This is a PDF document, not a photo.".into(),
                Format::Zip => "This is a ZIP archive or an office document, not a photo.".into(),
                Format::Video => "This is a video, not a photo.".into(),
                Format::WebPage => "This is a web page, not a photo.".into(),
                other => format!("This is a {other} picture, which cannot be read here."),
            },
            Error::Rare { format, .. } => {
                format!("This {format} picture is of a rare variety, which cannot be read here.")
            }
            Error::NotAPhoto => "This file is not a photo.".into(),
            Error::Damaged { format, .. } => {
                format!("This {format} picture is damaged or a part of it is missing.")
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
            Error::Unsupported(Format::Heic) => {
                "Share or export it as JPEG; for new photos to be JPEG, set Settings > Camera > Formats > Most Compatible on the iPhone."
            }
            Error::Unsupported(Format::CameraRaw) => {
                "Export it as JPEG with the camera's or the phone's photo program, and use that."
            }
            Error::Unsupported(Format::Pdf) => "Take a screenshot of the garment in it, and use that.",
            Error::Unsupported(Format::Zip) => "Take the photos out of it first, and use those.",
            Error::Unsupported(Format::Video) => {
                "Pause it where the garment is seen best, take a screenshot, and use that."
            }
            Error::Unsupported(Format::WebPage) => {
                "Open it, save the picture itself rather than the page, and use that."
            }
            Error::Unsupported(_) | Error::Rare { .. } => {
                "Open it in a picture viewer, save it as JPEG or PNG, and use that."
            }
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

use std::fmt;

use super::{Format, Kind};

/// Why a file was not accepted as a photo. Each variant can say its [cause](Error::cause) and, as the
/// [remedy](Error::remedy), what the person can do; its `Display` says both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file has no bytes.
    Empty,
    /// The file is larger than `limit` bytes.
    TooManyBytes { bytes: u64, limit: u64 },
    /// The picture is wider times higher than `limit` pixels; nothing was allocated for it.
    TooManyPixels { width: u32, height: u32, limit: u64 },
    /// A picture or document of a kind that is known but not decoded.
    Unsupported(Kind),
    /// A picture in a variant of its format that hardly anything writes, such as JPEG with 12 bits a colour; `detail`
    /// is the decoder's reason.
    Rare { format: Format, detail: String },
    /// Not a picture of any known kind.
    NotAPhoto,
    /// Starts like a picture of a known kind but cannot be decoded; `detail` is the decoder's reason.
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
            Error::Unsupported(kind) => match kind {
                Kind::Avif => "This is an AVIF picture, which cannot be read here.",
                Kind::Heic => "This is a HEIC photo, the format that iPhones use, which cannot be read here.",
                Kind::JpegXl => "This is a JPEG XL picture, which cannot be read here.",
                Kind::Jpeg2000 => "This is a JPEG 2000 picture, which cannot be read here.",
                Kind::Tiff => "This is a TIFF picture, which cannot be read here.",
                Kind::Ico => "This is an icon (ICO), which cannot be read here.",
                Kind::Photoshop => "This is a Photoshop picture, which cannot be read here.",
                Kind::Svg => "This is an SVG drawing, which cannot be read here.",
                Kind::CameraRaw => "This is a camera's raw file, which cannot be read here.",
                Kind::Pdf => "This is a PDF document, not a photo.",
                Kind::Zip => "This is a ZIP archive or an office document, not a photo.",
                Kind::Video => "This is a video, not a photo.",
                Kind::WebPage => "This is a web page, not a photo.",
            }
            .into(),
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
            Error::Unsupported(Kind::Heic) => {
                "Share or export it as JPEG; for new photos to be JPEG, set Settings > Camera > Formats > Most Compatible on the iPhone."
            }
            Error::Unsupported(Kind::CameraRaw) => {
                "Export it as JPEG with the camera's or the phone's photo program, and use that."
            }
            Error::Unsupported(Kind::Pdf) => "Take a screenshot of the garment in it, and use that.",
            Error::Unsupported(Kind::Zip) => "Take the photos out of it first, and use those.",
            Error::Unsupported(Kind::Video) => {
                "Pause it where the garment is seen best, take a screenshot, and use that."
            }
            Error::Unsupported(Kind::WebPage) => {
                "Open it, save the picture itself rather than the page, and use that."
            }
            Error::Unsupported(
                Kind::Avif
                | Kind::JpegXl
                | Kind::Jpeg2000
                | Kind::Tiff
                | Kind::Ico
                | Kind::Photoshop
                | Kind::Svg,
            )
            | Error::Rare { .. } => "Open it in a picture viewer, save it as JPEG or PNG, and use that.",
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

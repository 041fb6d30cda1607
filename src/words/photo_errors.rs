//! Why a photo has no answer.

use std::borrow::Cow;

use super::Explained;
use crate::{
    classifier::{ClassifyError, InferenceError},
    photo::{self, Format},
};

impl Explained for photo::Error {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => "This file is empty.".into(),
            Self::TooManyBytes { bytes, limit } => format!(
                "This file has {} MB; at most {} MB can be read.",
                bytes.div_ceil(1_000_000),
                limit / 1_000_000
            )
            .into(),
            Self::TooManyPixels { width, height, limit } => format!(
                "This picture is {width} × {height} pixels, that is {} megapixels; at most {} can be read.",
                (u64::from(*width) * u64::from(*height)).div_ceil(1_000_000),
                limit / 1_000_000
            )
            .into(),
            Self::Unsupported(format) => match format {
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
                other => format!("This is a {other} picture, which cannot be read here.").into(),
            },
            Self::Rare { format, .. } => {
                format!("This {format} picture is of a rare variety, which cannot be read here.").into()
            }
            Self::NotAPhoto => "This file is not a photo.".into(),
            Self::Damaged { format, .. } => {
                format!("This {format} picture is damaged or a part of it is missing.").into()
            }
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self {
            Self::Empty => "It may not have finished downloading: fetch it again.",
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => {
                "Make a smaller copy of it, or take a screenshot of it, and use that."
            }
            Self::Unsupported(Format::Heic) => {
                "Share or export it as JPEG; for new photos to be JPEG, set Settings > Camera > Formats > Most Compatible on the iPhone."
            }
            Self::Unsupported(Format::CameraRaw) => {
                "Export it as JPEG with the camera's or the phone's photo program, and use that."
            }
            Self::Unsupported(Format::Pdf) => "Take a screenshot of the garment in it, and use that.",
            Self::Unsupported(Format::Zip) => "Take the photos out of it first, and use those.",
            Self::Unsupported(Format::Video) => {
                "Pause it where the garment is seen best, take a screenshot, and use that."
            }
            Self::Unsupported(Format::WebPage) => {
                "Open it, save the picture itself rather than the page, and use that."
            }
            Self::Unsupported(_) | Self::Rare { .. } => {
                "Open it in a picture viewer, save it as JPEG or PNG, and use that."
            }
            Self::NotAPhoto => "Choose a picture: JPEG, PNG, WebP, GIF or BMP.",
            Self::Damaged { .. } => "Fetch or copy it again, or take a screenshot of it, and use that.",
        };
        remedy.into()
    }
}

impl Explained for ClassifyError {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Photo(error) => error.cause(),
            Self::Inference(error) => error.cause(),
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Self::Photo(error) => error.remedy(),
            Self::Inference(error) => error.remedy(),
        }
    }
}

impl Explained for InferenceError {
    fn cause(&self) -> Cow<'_, str> {
        let reason = match self {
            Self::NoPixels => "the photo has no pixels",
            Self::NotANumber => "its output is not a number",
            Self::Failed { detail } => detail,
        };
        format!("The network failed on this photo ({reason}).").into()
    }

    fn remedy(&self) -> Cow<'_, str> {
        "Try another photo.".into()
    }
}

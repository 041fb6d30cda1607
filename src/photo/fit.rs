use serde::{Deserialize, Serialize};

/// How a photo becomes a square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    pub fit: Fit,
    pub filter: Filter,
}

/// What is done with a photo that is not square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The whole photo, centred; the rest is filled with the mean colour of its outermost ring of pixels.
    Pad,
    /// The largest centred square.
    Crop,
    /// The whole photo, distorted to a square.
    Stretch,
}

/// Antialiased resampling filter, as Pillow defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    Bilinear,
    Bicubic,
    Lanczos,
}

/// The photo's rectangle in units of the square's side: a padded photo lies within 0 to 1, a cropped one reaches beyond.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

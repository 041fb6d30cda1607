use serde::{Deserialize, Serialize};

use super::{Group, ModelInfo};

/// What the network says of one photo. This is the JSON of the downloads, the command line and the embed event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Identifier of the most probable label.
    pub label: String,
    /// Its display name.
    pub name: String,
    /// Its calibrated probability, 0 to 1.
    pub probability: f32,
    /// Whether the answer is a garment and its probability reaches the model's threshold.
    pub recognised: bool,
    /// All other labels, most probable first.
    pub alternatives: Vec<Alternative>,
    /// Version of the model that answered.
    pub model: String,
    /// How long it took.
    pub milliseconds: Milliseconds,
    /// Width of the upright photo in pixels.
    pub width: u32,
    /// Height of the upright photo in pixels.
    pub height: u32,
}

/// A label that was not the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    pub label: String,
    /// Calibrated probability, 0 to 1.
    pub probability: f32,
}

/// Durations in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Milliseconds {
    /// Bytes to upright pixels.
    pub decode: f64,
    /// Pixels to probabilities, preprocessing included.
    pub infer: f64,
}

/// How a prediction is to be put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A garment, sure enough.
    Garment,
    /// Most like a garment, but under its threshold.
    Unsure,
    /// The network sees no garment.
    NoGarment,
}

impl Prediction {
    /// The verdict, by the group of the best label in `model`.
    pub fn verdict(&self, model: &ModelInfo) -> Verdict {
        match model.label(&self.label).map(|label| label.group) {
            _ if self.recognised => Verdict::Garment,
            Some(Group::None) => Verdict::NoGarment,
            _ => Verdict::Unsure,
        }
    }
}

/// Where on the photo the network found evidence for a label: its class map, from the head applied before pooling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
    /// Columns and rows of the grid.
    pub width: usize,
    pub height: usize,
    /// Row-major evidence scaled to 0 (none) to 1 (the strongest cell).
    pub values: Vec<f32>,
    /// Where the photo lies on the grid.
    pub placement: Placement,
}

/// The photo's rectangle in units of the network's square input: a padded photo lies inside 0..1,
/// a cropped one reaches beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// All that one inference yields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub prediction: Prediction,
    /// Evidence for `prediction.label`.
    pub class_map: ClassMap,
}

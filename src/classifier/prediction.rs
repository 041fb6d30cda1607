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
    /// Where no garment is recognised, the family that is, such as tops: one of its garments it is, but not surely which.
    pub family: Option<KnownFamily>,
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

/// A family that the network is sure of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownFamily {
    /// Its identifier.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Sum of its labels' calibrated probabilities, 0 to 1.
    pub probability: f32,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A garment, sure enough.
    Garment,
    /// A garment of a family that is sure, but not which.
    Family,
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
            _ if self.family.is_some() => Verdict::Family,
            Some(Group::None) => Verdict::NoGarment,
            _ => Verdict::Unsure,
        }
    }

    /// The answer where only these labels can be, and what is no garment: the others' probability is shared out
    /// among them. The answer as it is, if there are none of these.
    pub fn among(self, ids: &[String], model: &ModelInfo) -> Self {
        let is_garment = |id: &str| model.label(id).is_some_and(|label| label.group != Group::None);
        let mut all = std::iter::once(&self.label).chain(self.alternatives.iter().map(|other| &other.label));
        if !all.any(|id| ids.contains(id) && is_garment(id)) {
            return self;
        }
        let best = Alternative { label: self.label, probability: self.probability };
        let mut left: Vec<_> = std::iter::once(best)
            .chain(self.alternatives)
            .filter(|other| ids.contains(&other.label) || !is_garment(&other.label))
            .collect();
        let sum: f32 = left.iter().map(|other| other.probability).sum();
        for other in &mut left {
            // All may be too improbable for a number.
            other.probability = if sum > 0.0 { other.probability / sum } else { 0.0 };
        }
        let family = model.known_family(left.iter().map(|other| (&*other.label, other.probability)));
        let Alternative { label, probability } = left.remove(0);
        let known = model.label(&label);
        let recognised = known.is_some_and(|label| model.recognises(label, probability));
        Self {
            name: known.map_or_else(|| label.clone(), |label| label.name.clone()),
            recognised,
            family: family.filter(|_| !recognised),
            label,
            probability,
            alternatives: left,
            ..self
        }
    }
}

/// Where on the photo the network found evidence for a label: its class map, from the head applied before pooling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
    /// Columns and rows of the grid.
    pub width: usize,
    pub height: usize,
    /// Row-major, 0 to 1: the map's values divided by the largest of them, those below 0 (evidence against
    /// the label) made 0. If none is above 0, all are 0.
    pub values: Vec<f32>,
    /// Where the photo lies on the grid.
    pub placement: Placement,
}

#[cfg(feature = "inference")]
impl ClassMap {
    /// Scales a row-major map of `[rows, columns]`.
    pub(super) fn new(values: &[f32], [height, width]: [usize; 2], placement: Placement) -> Self {
        let largest = values.iter().copied().fold(0.0, f32::max);
        let scale = |value: f32| if largest > 0.0 { value.max(0.0) / largest } else { 0.0 };
        Self { width, height, values: values.iter().map(|&value| scale(value)).collect(), placement }
    }
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
    /// A picture to show in the file's place, as a data URL: the photo upright, where the browser might not turn it.
    pub preview: Option<String>,
}

impl Answer {
    /// See [`Prediction::among`]. A map of a label that is no longer the best is emptied.
    pub fn among(mut self, ids: &[String], model: &ModelInfo) -> Self {
        let best = self.prediction.label.clone();
        self.prediction = self.prediction.among(ids, model);
        if self.prediction.label != best {
            self.class_map.values.fill(0.0);
        }
        self
    }
}

#[cfg(all(test, feature = "inference"))]
mod tests {
    use super::*;

    #[test]
    fn class_maps_run_from_no_evidence_to_the_strongest() {
        let placement = Placement { x: 0.0, y: 0.25, width: 1.0, height: 0.5 };
        let map = |values: &[f32]| ClassMap::new(values, [2, 3], placement);
        assert_eq!(map(&[-4.0, 0.0, 1.0, 2.0, 4.0, 3.0]).values, [0.0, 0.0, 0.25, 0.5, 1.0, 0.75]);
        assert_eq!((map(&[0.0; 6]).height, map(&[0.0; 6]).width), (2, 3));
        assert_eq!(map(&[-1.0; 6]).values, [0.0; 6]);
    }
}

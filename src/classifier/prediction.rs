use serde::{Deserialize, Serialize};

use super::{Family, Group, ModelInfo};
use crate::photo::Placement;

/// What the network says about one photo. As JSON, this is what downloads, the command line and the embed event contain.
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
    /// If no garment is recognised: the family that is, such as tops. The garment is surely one of the family.
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

impl KnownFamily {
    /// The most probable family among labels, given by identifier with their calibrated probabilities, if it has several of them
    /// and reaches the model's threshold.
    pub(super) fn among<'a>(labels: impl Iterator<Item = (&'a str, f32)>, model: &ModelInfo) -> Option<Self> {
        let threshold = model.thresholds.family?;
        let mut families: Vec<(&Family, f32, usize)> = Vec::new();
        for (id, probability) in labels {
            let Some(family) = model.family(id) else { continue };
            match families.iter_mut().find(|(other, ..)| other.id == family.id) {
                Some((_, sum, labels)) => (*sum, *labels) = (*sum + probability, *labels + 1),
                None => families.push((family, probability, 1)),
            }
        }
        let several = families.into_iter().filter(|&(.., labels)| labels > 1);
        let (family, probability, _) = several.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b))?;
        (probability >= threshold).then(|| Self {
            id: family.id.clone(),
            name: family.name.clone(),
            probability,
        })
    }
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

/// The kind of answer that a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A garment is recognised.
    Garment,
    /// A family is recognised, but not which of its garments.
    Family,
    /// A garment is most probable, but below its threshold.
    Unsure,
    /// What is most probable is not a garment.
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

    /// The prediction if only the labels with these identifiers, and those that are not garments, come into question: their
    /// probabilities are scaled to sum up to 1. Unchanged if the model has no garments with these identifiers.
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
            // All of them may be 0, as rounded.
            other.probability = if sum > 0.0 { other.probability / sum } else { 0.0 };
        }
        let family = KnownFamily::among(left.iter().map(|other| (&*other.label, other.probability)), model);
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

/// Where on the photo the network found evidence for a label: the network's last layer applied to each place instead of their
/// mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
    /// Columns of the grid.
    pub width: usize,
    /// Rows of the grid.
    pub height: usize,
    /// Row by row, 0 to 1: the network's values divided by the largest, with 0 for those below 0 (evidence against the label). If
    /// none is above 0, all are 0.
    pub values: Vec<f32>,
    /// Where the photo lies on the grid, in units of its sides.
    pub placement: Placement,
}

#[cfg(feature = "inference")]
impl ClassMap {
    /// Scales a map of `[rows, columns]`, row by row.
    pub(super) fn new(values: &[f32], [height, width]: [usize; 2], placement: Placement) -> Self {
        let largest = values.iter().copied().fold(0.0, f32::max);
        let scale = |value: f32| if largest > 0.0 { value.max(0.0) / largest } else { 0.0 };
        Self { width, height, values: values.iter().map(|&value| scale(value)).collect(), placement }
    }
}

/// All that is found out about one photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub prediction: Prediction,
    /// Evidence for `prediction.label`.
    pub class_map: ClassMap,
    /// A picture to show instead of the file, as a data URL: the upright photo, if browsers might not turn the file.
    pub preview: Option<String>,
}

impl Answer {
    /// See [`Prediction::among`]. If another label is the best then, the class map is emptied.
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

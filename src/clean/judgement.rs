use std::cmp::Ordering;

use crate::{classifier::Prediction, photo::Measurements};

/// Lower probabilities count as this, so that no loss is infinite.
const LEAST: f32 = 1e-12;

/// How far one photo has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It has no answer yet.
    Waiting,
    Judged(Judgement),
    /// There is no answer, for this reason, in words.
    Refused(String),
}

/// What the network says about a photo and about the label that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Identifier of the most probable label.
    pub predicted: String,
    /// Its calibrated probability, 0 to 1.
    pub probability: f32,
    /// Calibrated probability of the photo's own label, 0 to 1; `None` if the network does not know it.
    pub own: Option<f32>,
    /// What was measured on the photo.
    pub measurements: Option<Measurements>,
    /// A picture to show instead of the file, see [`Answer::preview`](crate::classifier::Answer::preview).
    pub preview: Option<String>,
    /// The largest probability among all labels but the photo's own.
    best_other: f32,
}

impl Judgement {
    /// Judges a photo that has that label.
    pub fn of(prediction: &Prediction, label: &str, measurements: Option<Measurements>) -> Self {
        let others = prediction.alternatives.iter().map(|other| (&*other.label, other.probability));
        let (mut own, mut best_other) = (None, 0f32);
        for (other, probability) in
            std::iter::once((&*prediction.label, prediction.probability)).chain(others)
        {
            if other == label {
                own = Some(probability);
            } else {
                best_other = best_other.max(probability);
            }
        }
        Self {
            predicted: prediction.label.clone(),
            probability: prediction.probability,
            own,
            measurements,
            preview: None,
            best_other,
        }
    }

    /// Cross-entropy `-ln p`, at least 0, where `p` is the probability of the photo's own label; as in training.
    pub fn loss(&self) -> Option<f32> {
        self.own.map(|own| -own.max(LEAST).ln())
    }

    /// The probability of the photo's own label less that of the best other, -1 to 1.
    pub fn margin(&self) -> Option<f32> {
        self.own.map(|own| own - self.best_other)
    }

    /// Whether the network finds another label more probable than the photo's own.
    pub fn disagrees(&self) -> bool {
        self.margin().is_none_or(|margin| margin < 0.0)
    }
}

/// The order in which photos are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Highest loss first.
    Loss,
    /// Lowest margin first.
    Margin,
    /// First those where the network disagrees with the label, the surest first; then the others, the least sure first.
    Disagreement,
    /// Least sharp first.
    Blur,
    /// Near-duplicates first, group by group: groups with several labels, then groups with one. Within a group, highest loss first.
    NearDuplicates,
}

impl Order {
    /// Which of two photos comes first. A judgement does not know the photo's near-duplicates, so [`Order::NearDuplicates`] compares
    /// by loss.
    pub fn compare(self, a: &Judgement, b: &Judgement) -> Ordering {
        let key = |judgement: &Judgement| match self {
            Self::Blur => judgement.measurements.map_or(f32::INFINITY, |measured| measured.sharpness),
            // Labels that the network does not know come last: it says nothing about them.
            _ if judgement.own.is_none() => f32::INFINITY,
            Self::Loss | Self::NearDuplicates => judgement.own.unwrap_or(1.0),
            Self::Margin => judgement.margin().unwrap_or(1.0),
            Self::Disagreement if judgement.disagrees() => -judgement.probability,
            Self::Disagreement => judgement.probability,
        };
        key(a).total_cmp(&key(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Alternative, Milliseconds};

    fn prediction(probabilities: &[(&str, f32)]) -> Prediction {
        let (label, probability) = probabilities[0];
        let others = probabilities[1..].iter();
        Prediction {
            label: label.into(),
            name: label.to_uppercase(),
            probability,
            recognised: true,
            family: None,
            alternatives: others
                .map(|&(label, probability)| Alternative { label: label.into(), probability })
                .collect(),
            model: "test".into(),
            milliseconds: Milliseconds { decode: 0.0, infer: 0.0 },
            width: 1,
            height: 1,
        }
    }

    fn judge(label: &str, probabilities: &[(&str, f32)]) -> Judgement {
        Judgement::of(&prediction(probabilities), label, None)
    }

    #[test]
    fn loss_and_margin_are_those_of_their_definition() {
        let right = judge("a", &[("a", 0.7), ("b", 0.2), ("c", 0.1)]);
        assert!((right.loss().unwrap() - 0.356_674_94).abs() < 1e-6);
        assert!((right.margin().unwrap() - 0.5).abs() < 1e-6);
        assert!(!right.disagrees());

        let wrong = judge("c", &[("a", 0.7), ("b", 0.2), ("c", 0.1)]);
        assert!((wrong.loss().unwrap() - std::f32::consts::LN_10).abs() < 1e-6);
        assert!((wrong.margin().unwrap() + 0.6).abs() < 1e-6);
        assert!(wrong.disagrees());

        let impossible = judge("b", &[("a", 1.0), ("b", 0.0)]).loss().unwrap();
        assert!((27.0..28.0).contains(&impossible), "{impossible}");
        assert_eq!(judge("glove", &[("a", 1.0), ("b", 0.0)]).loss(), None);
    }

    #[test]
    fn each_order_begins_with_what_it_is_named_for() {
        let doubtful = judge("a", &[("b", 0.48), ("a", 0.46), ("c", 0.06)]);
        let unlikely = judge("c", &[("a", 0.5), ("b", 0.49), ("c", 0.01)]);
        let contradicted = judge("b", &[("a", 0.9), ("b", 0.05), ("c", 0.05)]);
        let agreed = judge("a", &[("a", 0.9), ("b", 0.1)]);
        let unknown = judge("glove", &[("a", 0.9), ("b", 0.1)]);
        let all = [&agreed, &unknown, &doubtful, &contradicted, &unlikely];
        for (order, expected) in [
            (Order::Loss, [&unlikely, &contradicted, &doubtful, &agreed, &unknown]),
            (Order::Margin, [&contradicted, &unlikely, &doubtful, &agreed, &unknown]),
            (Order::Disagreement, [&contradicted, &unlikely, &doubtful, &agreed, &unknown]),
        ] {
            let mut ranked = all;
            ranked.sort_by(|a, b| order.compare(a, b));
            assert_eq!(ranked, expected, "{order:?}");
        }
    }

    #[test]
    fn blurred_photos_come_first_whatever_the_network_says() {
        let measured = |sharpness: f32| -> Measurements {
            serde_json::from_value(serde_json::json!({ "sharpness": sharpness, "fingerprint": vec![0; 8] }))
                .unwrap()
        };
        let judge = |label, measured| Judgement::of(&prediction(&[("a", 0.9), ("b", 0.1)]), label, measured);
        let (plain, blurred) = (judge("b", Some(measured(90.0))), judge("glove", Some(measured(3.5))));
        let (sharp, unmeasured) = (judge("a", Some(measured(500.0))), judge("a", None));
        let mut ranked = [&unmeasured, &sharp, &plain, &blurred];
        ranked.sort_by(|a, b| Order::Blur.compare(a, b));
        assert_eq!(ranked, [&blurred, &plain, &sharp, &unmeasured]);
    }
}

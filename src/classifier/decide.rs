use super::{Alternative, KnownFamily, Milliseconds, ModelInfo, Prediction};

/// What logits, one for each label, mean for an upright photo of that width and height.
pub fn prediction(
    info: &ModelInfo,
    logits: &[f32],
    (width, height): (u32, u32),
    milliseconds: Milliseconds,
) -> Prediction {
    let probabilities = softmax(logits, info.temperature);
    let mut ranked = ranking(logits).into_iter().map(|ix| (&info.labels[ix], probabilities[ix]));
    let family =
        KnownFamily::among(ranked.clone().map(|(label, probability)| (&*label.id, probability)), info);
    let (best, probability) = ranked.next().expect("a model has labels");
    let recognised = info.recognises(best, probability);
    Prediction {
        label: best.id.clone(),
        name: best.name.clone(),
        probability,
        recognised,
        family: family.filter(|_| !recognised),
        alternatives: ranked
            .map(|(label, probability)| Alternative { label: label.id.clone(), probability })
            .collect(),
        model: info.version.clone(),
        milliseconds,
        width,
        height,
    }
}

/// The index of the most probable label; of equal ones, the first.
pub fn best(logits: &[f32]) -> usize {
    ranking(logits)[0]
}

/// `exp(z/T) / Σ exp(z/T)`. The largest logit is subtracted from all before, so that nothing overflows.
fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f64> = logits
        .iter()
        .map(|&logit| ((f64::from(logit) - f64::from(largest)) / f64::from(temperature)).exp())
        .collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| (exponential / sum) as f32).collect()
}

/// Indices of labels from the most probable to the least; of equal ones, the first comes first. Logits are compared, since
/// probabilities that round to 0 no longer differ.
fn ranking(logits: &[f32]) -> Vec<usize> {
    let mut ranking: Vec<usize> = (0..logits.len()).collect();
    ranking.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    ranking
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classifier::{Answer, ClassMap, Family, Group, Label, Thresholds, Verdict},
        photo::{Filter, Fit, Placement, Resize},
    };

    fn info() -> ModelInfo {
        let label = |id: &str, group| Label {
            id: id.into(),
            name: id.to_uppercase(),
            phrase: None,
            group,
            recall: None,
        };
        let lower = Family { id: "lower".into(), name: "Lower".into(), phrase: None };
        ModelInfo {
            version: "test".into(),
            labels: vec![
                label("dress", Group::Core),
                label("skirt", Group::Garment),
                label("not-clothing", Group::None),
            ],
            input_size: 8,
            resize: Resize { fit: Fit::Pad, filter: Filter::Bilinear },
            mean: [0.5; 3],
            std: [0.5; 3],
            temperature: 2.0,
            thresholds: Thresholds { core: Some(0.5), garment: Some(0.8), family: Some(0.75) },
            families: vec![Some(lower.clone()), Some(lower), None],
            training_data: "sha256:00".into(),
            license: "MIT".into(),
            metrics: None,
            metrics_familiar: None,
        }
    }

    fn answer(logits: &[f32]) -> Answer {
        let milliseconds = Milliseconds { decode: 21.0, infer: 38.0 };
        let prediction = prediction(&info(), logits, (30, 40), milliseconds);
        let placement = Placement { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
        let class_map = ClassMap { width: 1, height: 1, values: vec![best(logits) as f32], placement };
        Answer { prediction, class_map, preview: None }
    }

    /// Logits that give these probabilities at the test model's temperature.
    fn logits(probabilities: [f32; 3]) -> [f32; 3] {
        probabilities.map(|probability| probability.ln() * 2.0 + 7.0)
    }

    #[test]
    fn probabilities_are_tempered() {
        let prediction = answer(&[2.0 * 3f32.ln(), 0.0, 0.0]).prediction;
        assert!((prediction.probability - 0.6).abs() < 1e-6);
        assert!((prediction.alternatives[0].probability - 0.2).abs() < 1e-6);
    }

    #[test]
    fn huge_logits_do_not_overflow() {
        let prediction = answer(&[1e30, -1e30, 3e38]).prediction;
        assert_eq!((prediction.label.as_str(), prediction.probability), ("not-clothing", 1.0));
        assert!(prediction.alternatives.iter().all(|other| other.probability == 0.0));
    }

    #[test]
    fn all_others_follow_most_probable_first() {
        let prediction = answer(&logits([0.2, 0.1, 0.7])).prediction;
        let order: Vec<_> = prediction.alternatives.iter().map(|other| other.label.as_str()).collect();
        assert_eq!((prediction.label.as_str(), order), ("not-clothing", vec!["dress", "skirt"]));
        let sum = prediction.probability
            + prediction.alternatives.iter().map(|other| other.probability).sum::<f32>();
        assert!((sum - 1.0).abs() < 1e-6);
    }

    #[test]
    fn equals_are_in_the_models_order() {
        let answer = answer(&[1.0, 1.0, 1.0]);
        assert_eq!(answer.prediction.label, "dress");
        assert_eq!(answer.prediction.alternatives[0].label, "skirt");
        assert_eq!(answer.class_map.values, [0.0]);
    }

    #[test]
    fn a_choice_shares_out_what_the_others_had_and_leaves_room_for_no_garment() {
        let among = |probabilities, ids: &[&str]| {
            let ids: Vec<_> = ids.iter().map(|id| id.to_string()).collect();
            answer(&logits(probabilities)).among(&ids, &info())
        };
        let chosen = among([0.6, 0.3, 0.1], &["skirt", "cape"]);
        let Prediction { label, name, probability, recognised, alternatives, .. } = chosen.prediction;
        assert_eq!((label.as_str(), name.as_str(), recognised), ("skirt", "SKIRT", false));
        assert!((probability - 0.75).abs() < 1e-6 && (alternatives[0].probability - 0.25).abs() < 1e-6);
        assert_eq!((alternatives.len(), alternatives[0].label.as_str()), (1, "not-clothing"));
        assert_eq!(chosen.class_map.values, [0.0], "the map was that of another label");

        let sure = among([0.6, 0.37, 0.03], &["skirt"]).prediction;
        assert!(sure.recognised && (sure.probability - 0.925).abs() < 1e-6);
        assert_eq!(among([0.1, 0.1, 0.8], &["dress"]).prediction.label, "not-clothing");
        for ids in [&[][..], &["cape"], &["not-clothing"]] {
            assert_eq!(among([0.6, 0.3, 0.1], ids), answer(&logits([0.6, 0.3, 0.1])), "{ids:?}");
        }
        assert_eq!(among([1.0, 0.0, 0.0], &["skirt"]).prediction.probability, 0.0, "and it is a number");
    }

    #[test]
    fn a_garment_is_recognised_from_its_groups_threshold_on_else_perhaps_its_family() {
        for (probabilities, label, verdict) in [
            ([0.51, 0.29, 0.2], "dress", Verdict::Garment),
            ([0.49, 0.31, 0.2], "dress", Verdict::Family),
            ([0.49, 0.25, 0.26], "dress", Verdict::Unsure),
            ([0.1, 0.81, 0.09], "skirt", Verdict::Garment),
            ([0.1, 0.79, 0.11], "skirt", Verdict::Family),
            ([0.01, 0.73, 0.26], "skirt", Verdict::Unsure),
            ([0.38, 0.38, 0.24], "dress", Verdict::Family),
            ([0.01, 0.01, 0.98], "not-clothing", Verdict::NoGarment),
        ] {
            let prediction = answer(&logits(probabilities)).prediction;
            assert_eq!((&*prediction.label, prediction.verdict(&info())), (label, verdict));
            assert_eq!(prediction.recognised, verdict == Verdict::Garment);
            if let Some(family) = prediction.family {
                assert_eq!((&*family.id, &*family.name), ("lower", "Lower"));
                assert!((family.probability - probabilities[0] - probabilities[1]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn where_a_choice_leaves_one_of_a_family_there_is_no_family() {
        let prediction = answer(&logits([0.49, 0.31, 0.2])).prediction;
        assert!(prediction.clone().among(&["dress".into(), "skirt".into()], &info()).family.is_some());
        let only = prediction.among(&["skirt".into()], &info());
        assert_eq!((only.verdict(&info()), only.family), (Verdict::Unsure, None));
    }
}

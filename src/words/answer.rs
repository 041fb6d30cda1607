use crate::{
    classifier::{Group, Label, ModelInfo, Prediction, Verdict},
    engine::Said,
};

/// Under this probability a guess helps nobody.
const LEAST_GUESS: f32 = 0.05;

/// A share, 0 to 1, as a person reads it: "94 %", never a certainty that the network does not have.
pub fn percent(share: f32) -> String {
    match (share * 100.0).round() as u32 {
        0 => "under 1\u{a0}%".into(),
        100 => "over 99\u{a0}%".into(),
        whole => format!("{whole}\u{a0}%"),
    }
}

/// Puts a prediction of `model` into words.
pub fn answer(prediction: &Prediction, model: &ModelInfo) -> Said {
    let phrase = |id: &str| model.label(id).map_or_else(|| id.to_string(), Label::phrase);
    let sure = percent(prediction.probability);
    let verdict = prediction.verdict(model);
    let (headline, detail) = match verdict {
        Verdict::Garment => (prediction.name.clone(), format!("{sure} sure")),
        Verdict::Family => of_family(prediction, model),
        Verdict::Unsure => {
            ("Not sure".into(), format!("Looks most like {} ({sure})", phrase(&prediction.label)))
        }
        Verdict::NoGarment => {
            let detail = match shares(prediction).find(|(id, _)| is_garment(model, id)) {
                Some((id, probability)) if probability >= LEAST_GUESS => {
                    format!("The nearest guess would be {} ({})", phrase(id), percent(probability))
                }
                _ => "Show the garment whole and large in the photo".into(),
            };
            ("No garment recognised".into(), detail)
        }
    };
    let line = format!("{headline}, {}", in_sentence(&detail));
    Said { verdict, headline, detail, line }
}

/// "A top: sweatshirt or long-sleeved top". Without a second guess worth naming, "A top, most like a sweatshirt".
fn of_family(prediction: &Prediction, model: &ModelInfo) -> (String, String) {
    let Some(known) = &prediction.family else { return Default::default() };
    let mut members = shares(prediction).filter_map(|(id, share)| {
        let family = model.family(id).filter(|family| family.id == known.id)?;
        Some((model.label(id)?, family, share))
    });
    let first = members.next();
    let second = members.next().filter(|(.., share)| *share >= LEAST_GUESS);
    let headline = match (first, second) {
        (Some((first, family, _)), Some((second, ..))) => {
            let kind = capitalised(&family.phrase());
            format!("{kind}: {} or {}", in_sentence(&first.name), in_sentence(&second.name))
        }
        (Some((only, family, _)), None) => {
            format!("{}, most like {}", capitalised(&family.phrase()), only.phrase())
        }
        (None, _) => known.name.clone(),
    };
    (headline, format!("{} sure of the kind, not of the garment", percent(known.probability)))
}

/// All labels' ids with their probabilities, most probable first.
fn shares(prediction: &Prediction) -> impl Iterator<Item = (&str, f32)> {
    let others = prediction.alternatives.iter().map(|other| (&*other.label, other.probability));
    std::iter::once((&*prediction.label, prediction.probability)).chain(others)
}

fn is_garment(model: &ModelInfo, id: &str) -> bool {
    model.label(id).is_some_and(|label| label.group != Group::None)
}

fn capitalised(phrase: &str) -> String {
    let mut characters = phrase.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A name or phrase inside a sentence: "polo shirt", but "T-shirt".
fn in_sentence(name: &str) -> String {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(characters).collect()
        }
        _ => name.into(),
    }
}

#[cfg(all(test, feature = "inference"))]
mod tests {
    use super::*;
    use crate::{
        classifier::{Alternative, Family, KnownFamily, Milliseconds, Thresholds},
        photo::{Filter, Fit, Resize},
    };

    fn model() -> ModelInfo {
        let family =
            |id: &str, phrase: &str| Family { id: id.into(), name: id.into(), phrase: Some(phrase.into()) };
        let label = |id: &str, name: &str, group| Label {
            id: id.into(),
            name: name.into(),
            phrase: None,
            group,
            recall: None,
        };
        let (top, feet) = (family("top", "a top"), family("feet", "footwear"));
        ModelInfo {
            version: "test".into(),
            labels: vec![
                label("t-shirt", "T-shirt", Group::Core),
                label("longsleeve", "Long-sleeved top", Group::Garment),
                label("socks", "Socks", Group::Core),
                label("shoes", "Shoes", Group::Core),
                label("none", "No garment", Group::None),
            ],
            input_size: 8,
            resize: Resize { fit: Fit::Pad, filter: Filter::Bilinear },
            mean: [0.5; 3],
            std: [0.5; 3],
            temperature: 1.0,
            thresholds: Thresholds { core: Some(0.6), garment: Some(0.6), family: Some(0.7) },
            families: vec![Some(top.clone()), Some(top), Some(feet.clone()), Some(feet), None],
            training_data: String::new(),
            license: String::new(),
            metrics: None,
            metrics_familiar: None,
        }
    }

    fn said(shares: &[(&str, f32)], family: Option<(&str, f32)>) -> String {
        let model = model();
        let (label, probability) = shares[0];
        let known = model.label(label).unwrap();
        let prediction = Prediction {
            label: label.into(),
            name: known.name.clone(),
            probability,
            recognised: model.recognises(known, probability),
            family: family.map(|(id, probability)| KnownFamily {
                id: id.into(),
                name: id.into(),
                probability,
            }),
            alternatives: shares[1..]
                .iter()
                .map(|&(label, probability)| Alternative { label: label.into(), probability })
                .collect(),
            model: model.version.clone(),
            milliseconds: Milliseconds { decode: 0.0, infer: 0.0 },
            width: 1,
            height: 1,
        };
        answer(&prediction, &model).line.replace('\u{a0}', " ")
    }

    #[test]
    fn every_verdict_has_its_words() {
        let top = Some(("top", 0.93));
        for (shares, family, line) in [
            (&[("t-shirt", 0.94), ("shoes", 0.06)][..], None, "T-shirt, 94 % sure"),
            (
                &[("longsleeve", 0.5), ("t-shirt", 0.43), ("shoes", 0.07)],
                top,
                "A top: long-sleeved top or T-shirt, 93 % sure of the kind, not of the garment",
            ),
            (
                &[("none", 0.36), ("socks", 0.34), ("shoes", 0.3)],
                Some(("feet", 0.64)),
                "Footwear: socks or shoes, 64 % sure of the kind, not of the garment",
            ),
            (
                &[("t-shirt", 0.59), ("shoes", 0.3), ("longsleeve", 0.04)],
                top,
                "A top, most like t-shirt, 93 % sure of the kind, not of the garment",
            ),
            (&[("shoes", 0.4), ("t-shirt", 0.3)], None, "Not sure, looks most like shoes (40 %)"),
            (
                &[("none", 0.8), ("socks", 0.2)],
                None,
                "No garment recognised, the nearest guess would be socks (20 %)",
            ),
            (
                &[("none", 0.97), ("socks", 0.03)],
                None,
                "No garment recognised, show the garment whole and large in the photo",
            ),
        ] {
            assert_eq!(said(shares, family), line);
        }
    }

    #[test]
    fn shares_are_read_as_whole_percents_short_of_certainty() {
        let shares = [0.0, 0.004, 0.006, 0.5, 0.944, 0.994, 0.996, 1.0].map(percent);
        let shares = shares.map(|words| words.replace('\u{a0}', " "));
        let expected = ["under 1 %", "under 1 %", "1 %", "50 %", "94 %", "99 %", "over 99 %", "over 99 %"];
        assert_eq!(shares, expected);
    }
}

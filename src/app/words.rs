//! How answers and states are put into words, the same for the eye and for the ear.

use crate::{
    classifier::{Group, ModelInfo, Prediction, Verdict},
    engine::{EngineState, ItemState},
};

/// A share as a person reads it: "94 %", never a certainty that the network does not have.
pub fn percent(share: f32) -> String {
    match (share * 100.0).round() as u32 {
        0 => "under 1\u{a0}%".into(),
        100 => "over 99\u{a0}%".into(),
        whole => format!("{whole}\u{a0}%"),
    }
}

/// Under this probability a guess helps nobody.
const LEAST_GUESS: f32 = 0.05;

/// The answer's two lines.
pub struct Answer {
    pub headline: String,
    pub detail: String,
}

/// Puts a prediction into words.
pub fn answer(prediction: &Prediction, model: &ModelInfo) -> Answer {
    let phrase = |id: &str| model.label(id).map_or_else(|| id.to_string(), |label| label.phrase());
    let sure = percent(prediction.probability);
    match prediction.verdict(model) {
        Verdict::Garment => Answer { headline: prediction.name.clone(), detail: format!("{sure} sure") },
        Verdict::Unsure => Answer {
            headline: "Not sure".into(),
            detail: format!("Looks most like {} ({sure})", phrase(&prediction.label)),
        },
        Verdict::NoGarment => Answer {
            headline: "No garment recognised".into(),
            detail: match nearest_garment(prediction, model) {
                Some((id, probability)) if probability >= LEAST_GUESS => {
                    format!("The nearest guess would be {} ({})", phrase(&id), percent(probability))
                }
                _ => "Show the garment whole and large in the photo".into(),
            },
        },
    }
}

fn nearest_garment(prediction: &Prediction, model: &ModelInfo) -> Option<(String, f32)> {
    prediction
        .alternatives
        .iter()
        .find(|other| model.label(&other.label).is_some_and(|label| label.group != Group::None))
        .map(|other| (other.label.clone(), other.probability))
}

/// What a screen reader hears of one photo, if there is something to say.
pub fn announce_item(file_name: &str, state: &ItemState, model: &ModelInfo) -> Option<String> {
    match state {
        ItemState::Waiting => None,
        ItemState::Working => Some(format!("Looking at {file_name}.")),
        ItemState::Done(done) => {
            let Answer { headline, detail } = answer(&done.prediction, model);
            Some(format!("{file_name}: {headline}, {detail}."))
        }
        ItemState::Refused(refusal) => Some(format!("{file_name}: {} {}", refusal.cause(), refusal.remedy())),
    }
}

/// What a screen reader hears of the engine; progress is left to the progress bar.
pub fn announce_engine(state: &EngineState) -> Option<String> {
    match state {
        EngineState::Loading { .. } => None,
        EngineState::Ready(_) => Some("Ready to recognise photos.".into()),
        EngineState::Failed(_) => None, // an alert of its own
    }
}

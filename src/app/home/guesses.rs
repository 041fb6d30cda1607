use leptos::prelude::*;

use crate::{
    app::components::bars::{Bar, Bars},
    classifier::{ModelInfo, Prediction},
};

/// How many labels are shown beside the best.
const SHOWN: usize = 3;

/// The best label and the next ones as bars with figures.
#[component]
pub fn Guesses(prediction: Prediction, model: ModelInfo) -> impl IntoView {
    let best = (prediction.label, prediction.probability);
    let others =
        prediction.alternatives.into_iter().take(SHOWN).map(|other| (other.label, other.probability));
    let bars = std::iter::once(best)
        .chain(others)
        .map(|(id, share)| {
            let name = model.label(&id).map_or_else(|| id.clone(), |label| label.name.clone());
            Bar { id, name, share }
        })
        .collect();
    view! { <Bars class="guesses" label="Best guesses" bars/> }
}

use leptos::prelude::*;

use crate::{
    app::words::percent,
    classifier::{ModelInfo, Prediction},
};

/// How many labels are shown beside the best.
const SHOWN: usize = 3;

/// The best label and the next ones as bars with figures.
#[component]
pub fn Guesses(prediction: Prediction, model: ModelInfo) -> impl IntoView {
    let name = move |id: &str| model.label(id).map_or_else(|| id.to_string(), |label| label.name.clone());
    let best = (prediction.label, prediction.probability);
    let others =
        prediction.alternatives.into_iter().take(SHOWN).map(|other| (other.label, other.probability));
    let rows: Vec<_> = std::iter::once(best)
        .chain(others)
        .map(|(id, probability)| {
            view! {
                <li data-guess=id.clone()>
                    <span class="guess-name">{name(&id)}</span>
                    <span class="guess-figure">{percent(probability)}</span>
                    <span class="bar" aria-hidden="true">
                        <span style:width=format!("{:.1}%", probability * 100.0)></span>
                    </span>
                </li>
            }
        })
        .collect();
    view! { <ol class="guesses" aria-label="Best guesses">{rows}</ol> }
}

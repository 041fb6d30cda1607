use leptos::prelude::*;

use crate::words::percent;

/// A label with its share, 0 to 1.
pub struct Bar {
    pub id: String,
    pub name: String,
    pub share: f32,
}

/// Labels as bars with figures.
#[component]
pub fn Bars(
    /// Beside "bars".
    class: &'static str,
    /// What a screen reader calls the list.
    label: &'static str,
    bars: Vec<Bar>,
) -> impl IntoView {
    let rows: Vec<_> = bars
        .into_iter()
        .map(|Bar { id, name, share }| {
            view! {
                <li data-label=id>
                    <span class="bar-name" prop:textContent=name></span>
                    <span class="bar-figure" prop:textContent=percent(share)></span>
                    <span class="bar" aria-hidden="true">
                        <span style:width=format!("{:.1}%", share * 100.0)></span>
                    </span>
                </li>
            }
        })
        .collect();
    view! { <ol class=format!("bars {class}") aria-label=label>{rows}</ol> }
}

use leptos::prelude::*;

use super::photo_card::PhotoCard;
use crate::{
    app::{
        components::icon::Download,
        save::save,
        session::{Item, Session},
    },
    classifier::{
        Label,
        report::{self, Row},
    },
    engine::ItemState,
    words::{self, Explained},
};

/// The picked photos; a pile of them has its progress and its downloads.
#[component]
pub fn PhotoList() -> impl IntoView {
    let session = Session::expect();
    let several = Memo::new(move |_| session.photos.len() > 1);
    view! {
        <section class="photos" aria-label="Your photos">
            {move || several.get().then(|| view! { <Toolbar/> })}
            <ul class="cards">
                <For each=move || session.photos.items() key=|item| item.id let:item>
                    <PhotoCard item/>
                </For>
            </ul>
        </section>
    }
}

#[component]
fn Toolbar() -> impl IntoView {
    let session = Session::expect();
    let progress = Memo::new(move |_| session.photos.progress());
    let count = move || {
        let (done, all) = progress.get();
        words::answered(done, all)
    };
    let none_done = move || progress.get().0 == 0;
    view! {
        <div class="toolbar">
            <p class="count" prop:textContent=count></p>
            <div class="downloads">
                <button class="button small" disabled=none_done on:click=move |_| {
                    save("garments.csv", &report::csv(&rows(session), &labels(session)));
                }>
                    <Download/>"CSV"
                </button>
                <button class="button small" disabled=none_done on:click=move |_| {
                    save("garments.json", &report::json(&rows(session)));
                }>
                    <Download/>"JSON"
                </button>
                <button class="button small" on:click=move |_| session.clear()>"Remove all"</button>
            </div>
        </div>
    }
}

/// The model's labels, a column each.
fn labels(session: Session) -> Vec<Label> {
    untrack(|| session.network.model()).map(|model| model.labels).unwrap_or_default()
}

/// What is known so far, in the list's order.
fn rows(session: Session) -> Vec<Row> {
    let row = |item: Item| {
        let outcome = match item.state.get_untracked() {
            ItemState::Done(answered) => Ok(answered.answer.prediction),
            ItemState::Refused(refusal) => Err(refusal.cause().into_owned()),
            ItemState::Waiting | ItemState::Working => return None,
        };
        Some(Row { file: item.file_name, outcome })
    };
    untrack(|| session.photos.items()).into_iter().filter_map(row).collect()
}

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use super::{icon::Download, photo_card::PhotoCard};
use crate::{
    app::session::{Item, Session},
    classifier::{
        Label,
        report::{self, Row},
    },
    engine::ItemState,
};

/// The picked photos; a pile of them has its progress and its downloads.
#[component]
pub fn PhotoList() -> impl IntoView {
    let session = Session::expect();
    let several = Memo::new(move |_| session.items.with(|items| items.len() > 1));
    view! {
        <section class="photos" aria-label="Your photos">
            {move || several.get().then(|| view! { <Toolbar/> })}
            <ul class="cards">
                <For each=move || session.items.get() key=|item| item.id let:item>
                    <PhotoCard item/>
                </For>
            </ul>
        </section>
    }
}

#[component]
fn Toolbar() -> impl IntoView {
    let session = Session::expect();
    let progress = Memo::new(move |_| session.progress());
    let count = move || match progress.get() {
        (done, all) if done == all => format!("{all} photos"),
        (done, all) => format!("{done} of {all} photos answered"),
    };
    let none_done = move || progress.get().0 == 0;
    view! {
        <div class="toolbar">
            <p class="count">{count}</p>
            <div class="downloads">
                <button class="button small" disabled=none_done on:click=move |_| {
                    // The mark at the start makes spreadsheets read it as UTF-8.
                    let table = report::csv(&rows(session), &labels(session));
                    save("garments.csv", "text/csv", &format!("\u{feff}{table}"));
                }>
                    <Download/>"CSV"
                </button>
                <button class="button small" disabled=none_done on:click=move |_| {
                    save("garments.json", "application/json", &report::json(&rows(session)));
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
    untrack(|| session.model()).map(|model| model.labels).unwrap_or_default()
}

/// What is known so far, in the list's order.
fn rows(session: Session) -> Vec<Row> {
    let row = |item: Item| {
        let outcome = match item.state.get_untracked() {
            ItemState::Done(answer) => Ok(answer.prediction),
            ItemState::Refused(refusal) => Err(refusal.cause()),
            ItemState::Waiting | ItemState::Working => return None,
        };
        Some(Row { file: item.file_name, outcome })
    };
    session.items.get_untracked().into_iter().filter_map(row).collect()
}

fn save(file_name: &str, kind: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let link: HtmlAnchorElement =
        document().create_element("a").expect("documents make elements").unchecked_into();
    link.set_href(&url);
    link.set_download(file_name);
    link.click();
    // The browser reads the blob after this turn.
    set_timeout(
        move || {
            let _ = Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(60),
    );
}

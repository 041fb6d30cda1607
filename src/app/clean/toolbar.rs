use leptos::prelude::*;

use super::state::Cleaning;
use crate::{
    app::session::Session,
    clean::{Action, Order, Subset},
    words,
};

/// What photos can be ordered by, each with its name in the list of choices.
const ORDERS: [(&str, Order); 5] = [
    ("loss", Order::Loss),
    ("margin", Order::Margin),
    ("disagreement", Order::Disagreement),
    ("blur", Order::Blur),
    ("twins", Order::NearDuplicates),
];

/// The filter of that name in the list of choices: a label's is its index.
fn filter_of(name: &str) -> Subset {
    match name {
        "all" => Subset::All,
        "decided" => Subset::Decided,
        "refused" => Subset::Refused,
        label => Subset::Label(label.parse().unwrap_or_default()),
    }
}

/// How far the answers are, which photos are shown, and which first.
#[component]
pub fn Toolbar() -> impl IntoView {
    let cleaning = Cleaning::expect();
    let progress = Memo::new(move |_| {
        let progress = |name: &str, (done, all)| words::looked_at(name, done, all);
        cleaning.read(|review| progress(&review.folder().name, review.progress())).unwrap_or_default()
    });
    let late = Memo::new(move |_| cleaning.read(|review| review.late()).unwrap_or(0));
    let labels = Memo::new(move |_| {
        let model = Session::expect().network.model();
        cleaning.read(|review| words::label_names(review.folder(), model.as_ref())).unwrap_or_default()
    });
    let filtered = move |event| {
        let filter = filter_of(&event_target_value(&event));
        cleaning.change(|review| review.show(filter, review.order()));
    };
    let ordered = move |event| {
        let name = event_target_value(&event);
        if let Some(&(_, order)) = ORDERS.iter().find(|(other, _)| *other == name) {
            cleaning.change(|review| review.show(review.subset(), order));
        }
    };
    // What is chosen is the review's: another folder begins with all photos.
    let shown = Memo::new(move |_| {
        cleaning.read(|review| (review.subset(), review.order())).unwrap_or((Subset::All, Order::Loss))
    });
    let is_subset = move |subset| move || shown.get().0 == subset;
    let of_labels = move || {
        let option = |(index, name): (usize, String)| {
            let is_chosen = is_subset(Subset::Label(index));
            view! { <option value=index prop:selected=is_chosen prop:textContent=name></option> }
        };
        labels.get().into_iter().enumerate().map(option).collect_view()
    };
    let orders = ORDERS.map(|(name, order)| {
        let is_chosen = move || shown.get().1 == order;
        view! { <option value=name prop:selected=is_chosen>{words::order(order)}</option> }
    });
    view! {
        <div class="toolbar">
            <p class="count" prop:textContent=move || progress.get()></p>
            <div class="downloads">
                <button class="button small" id="rank" hidden=move || late.get() == 0
                    prop:textContent=move || words::rank_again(late.get()) on:click=move |_| cleaning.act(Action::Rank)></button>
                <select id="filter" class="button small" aria-label="Which photos" on:change=filtered>
                    <option value="all" prop:selected=is_subset(Subset::All)>"All photos"</option>
                    {of_labels}
                    <option value="decided" prop:selected=is_subset(Subset::Decided)>"Decided"</option>
                    <option value="refused" prop:selected=is_subset(Subset::Refused)>"Not readable"</option>
                </select>
                <select id="order" class="button small" aria-label="Which first" on:change=ordered>{orders}</select>
            </div>
        </div>
    }
}

use leptos::prelude::*;

use super::{apply::Applying, state::Cleaning};
use crate::{
    app::session::Session,
    clean::{Action, changes},
    words::{self, count},
};

/// What is decided so far, and what can be done with it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sum {
    decided: usize,
    can_undo: bool,
    /// What would change in the folder, a line each.
    changes: String,
    /// Whether that is meant.
    question: String,
}

/// The decisions so far; saving them and carrying them out.
#[component]
pub fn Summary() -> impl IntoView {
    let cleaning = Cleaning::expect();
    let sum = Memo::new(move |_| {
        let model = Session::expect().network.model();
        let sum = cleaning.read(|review| {
            let (folder, decisions) = (review.folder(), review.decisions());
            let changes: Vec<_> = changes(folder, decisions)
                .iter()
                .map(|change| words::change(change, model.as_ref()))
                .collect();
            Sum {
                decided: decisions.count(),
                can_undo: decisions.can_undo(),
                changes: changes.join("\n"),
                question: words::ask_to_apply(&folder.name, decisions),
            }
        });
        sum.unwrap_or_default()
    });
    let decided = move || sum.with(|sum| sum.decided);
    let has_changes = move || sum.with(|sum| !sum.changes.is_empty());
    let can_apply = Memo::new(move |_| {
        cleaning.review.track();
        cleaning.can_apply()
    });
    let is_asked =
        move || cleaning.applying.with(|applying| *applying == Applying::Confirming) && has_changes();
    let moved = move || match cleaning.applying.get() {
        Applying::Moving { done, all } => Some((done, all)),
        Applying::Idle | Applying::Confirming | Applying::Done(_) | Applying::Failed(_) => None,
    };
    let moving = move || moved().map_or_else(String::new, |(done, all)| words::moving(done, all));
    let outcome = move || match cleaning.applying.get() {
        Applying::Done(words) | Applying::Failed(words) => words,
        Applying::Idle | Applying::Confirming | Applying::Moving { .. } => String::new(),
    };
    let is_done = move || cleaning.applying.with(|applying| matches!(applying, Applying::Done(_)));
    view! {
        <div class="summary">
            <div class="toolbar">
                <h2 class="count" prop:textContent=move || count(decided(), "decision", "decisions")></h2>
                <div class="downloads">
                    <button class="button small" id="undo" aria-keyshortcuts="U" disabled=move || sum.with(|sum| !sum.can_undo)
                        on:click=move |_| cleaning.act(Action::Undo)>
                        "Undo"<kbd aria-hidden="true">"U"</kbd>
                    </button>
                    <button class="button small" id="save" disabled=move || decided() == 0
                        on:click=move |_| cleaning.act(Action::Save)>"Save decisions"</button>
                    <button class="button small" id="apply" hidden=move || !can_apply.get() disabled=move || !has_changes()
                        on:click=move |_| cleaning.act(Action::AskToApply)>"Apply to the folder"</button>
                </div>
            </div>
            <p class="notice" role="alert" hidden=move || cleaning.is_kept.get()>
                "This browser keeps nothing here: save your decisions before you leave the page."
            </p>
            <p class="changes" prop:textContent=move || sum.with(|sum| sum.changes.clone())></p>
            <div class="confirm" role="group" aria-labelledby="question" hidden=move || !is_asked()>
                <p id="question" prop:textContent=move || sum.with(|sum| sum.question.clone())></p>
                <div class="downloads">
                    <button class="button small primary" id="confirm" on:click=move |_| cleaning.act(Action::Apply)>"Apply"</button>
                    <button class="button small" on:click=move |_| cleaning.act(Action::Cancel)>"Cancel"</button>
                </div>
            </div>
            <div class="loading" hidden=move || moved().is_none()>
                <label for="moved" prop:textContent=moving></label>
                <progress id="moved" max=move || moved().map(|(_, all)| all.to_string())
                    prop:value=move || moved().map_or(0.0, |(done, _)| done as f64)></progress>
            </div>
            <p class="notice" data-part="applied" data-done=move || is_done().then_some("") prop:textContent=outcome></p>
            <p class="file-name" hidden=move || decided() == 0>
                "Saved decisions are carried out by "<code translate="no">"python -m clothing_model apply decisions.csv --data FOLDER"</code>
            </p>
        </div>
    }
}

use leptos::prelude::*;
use web_sys::{Event, HtmlElement, HtmlImageElement};

use super::{class_map::ClassMapOverlay, guesses::Guesses};
use crate::{
    app::{
        components::icon::{Chevron, Cross},
        session::{Item, Session},
    },
    classifier::{Answer, Verdict},
    engine::{Answered, ItemState, Said},
    words::{self, Explained},
};

/// Photos whose longer side has fewer pixels are enlarged to about that in an open card.
const ENLARGED: f64 = 320.0;

/// One photo with its answer: a row, or large when it is open.
#[component]
pub fn PhotoCard(item: Item) -> impl IntoView {
    let session = Session::expect();
    let Item { id, file_name, url, state, open } = item;
    let (state, open) = (RwSignal::from(state), RwSignal::from(open));
    let map_shown = RwSignal::new(false);
    let no_preview = RwSignal::new(false);

    let kind = move || match state.get() {
        ItemState::Waiting => "waiting",
        ItemState::Working => "working",
        ItemState::Done(_) => "done",
        ItemState::Refused(_) => "refused",
    };
    let class_map = move || match state.get() {
        ItemState::Done(answered) if map_shown.get() && open.get() => {
            Some(view! { <ClassMapOverlay map=answered.answer.class_map/> })
        }
        _ => None,
    };
    let shown = move || match &*state.read() {
        ItemState::Done(answered) => answered.answer.preview.clone(),
        _ => None,
    };
    let shown = move || shown().unwrap_or_else(|| url.clone());
    // A small one is enlarged: its shape is told to the style sheet.
    let loaded = |event: Event| {
        let photo: HtmlImageElement = event_target(&event);
        let (width, height) = (f64::from(photo.natural_width()), f64::from(photo.natural_height()));
        photo.set_class_name(if width.max(height) < ENLARGED { "shown small" } else { "shown" });
        let _ =
            HtmlElement::style(&photo).set_property("--across", &format!("{:.3}", width / width.max(height)));
    };
    let alt = {
        let file_name = file_name.clone();
        move || words::your_photo(&file_name)
    };
    let remove_label = words::remove_button(&file_name);
    let toggle_label = {
        let file_name = file_name.clone();
        move || words::details_button(&file_name, open.get())
    };

    view! {
        <li class="card" class:open=move || open.get() data-state=kind data-file=file_name.clone()>
            <div class="photo">
                <div class="photo-box">
                    <img src=shown alt=alt decoding="async" loading="lazy" hidden=move || no_preview.get() on:load=loaded
                        on:error=move |_| no_preview.set(true)/>
                    {move || no_preview.get().then(|| view! { <p class="no-preview">"No preview"</p> })}
                    {class_map}
                </div>
            </div>
            <div class="answer">
                {move || match state.get() {
                    ItemState::Waiting => waiting(session).into_any(),
                    ItemState::Working => busy("Looking…").into_any(),
                    ItemState::Refused(refusal) => view! {
                        <h2 class="headline">"Not answered"</h2>
                        <p class="detail" prop:textContent=refusal.explanation()></p>
                    }.into_any(),
                    ItemState::Done(answered) => done(session, *answered, open, map_shown).into_any(),
                }}
                <p class="file-name" translate="no">{file_name.clone()}</p>
            </div>
            <div class="actions">
                <button class="quiet" aria-label=toggle_label aria-expanded=move || open.get().to_string()
                    on:click=move |_| open.update(|open| *open = !*open)>
                    <Chevron/>
                </button>
                <button class="quiet" id=format!("remove-{}", id.0) aria-label=remove_label
                    on:click=move |_| session.remove(id)>
                    <Cross/>
                </button>
            </div>
        </li>
    }
}

fn waiting(session: Session) -> impl IntoView {
    move || busy(words::waiting(&session.network.state.get()))
}

fn busy(words: &'static str) -> impl IntoView {
    view! { <p class="busy"><span class="pulse" aria-hidden="true"></span><span prop:textContent=words></span></p> }
}

fn done(
    session: Session,
    Answered { answer: Answer { prediction, .. }, said: Said { verdict, headline, detail, .. } }: Answered,
    open: RwSignal<bool>,
    map_shown: RwSignal<bool>,
) -> impl IntoView {
    // The model is there: it has answered.
    let model = untrack(|| session.network.model());
    model.map(|model| {
        let verdict = match verdict {
            Verdict::Garment => "garment",
            Verdict::Family => "family",
            Verdict::Unsure => "unsure",
            Verdict::NoGarment => "no-garment",
        };
        let facts = words::facts(&prediction);
        view! {
            <h2 class="headline" data-verdict=verdict data-label=prediction.label.clone()
                prop:textContent=headline></h2>
            <p class="detail" prop:textContent=detail></p>
            {move || open.get().then(|| view! {
                <Guesses prediction=prediction.clone() model=model.clone()/>
                <button class="button small" aria-pressed=move || map_shown.get().to_string()
                    on:click=move |_| map_shown.update(|shown| *shown = !*shown)
                    prop:textContent=move || words::map_button(map_shown.get())>
                </button>
                <p class="facts" prop:textContent=facts.clone()></p>
            })}
        }
    })
}

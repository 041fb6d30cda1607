use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    html,
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement};

use super::{
    directory, look::Look, pictures::Pictures, state::Cleaning, summary::Summary, thumbs::Thumbs,
    toolbar::Toolbar,
};
use crate::{
    app::{
        components::{engine_status::EngineStatus, own_model::OwnModel},
        dropped,
        session::Session,
        shell::title,
    },
    clean::Action,
    words,
};

/// Finding wrong labels in a folder of photos, and deciding about them.
#[component]
pub fn Clean() -> impl IntoView {
    title("Clean labelled photos");
    let (session, cleaning) = (Session::expect(), Cleaning::expect());
    let is_open = Memo::new(move |_| cleaning.review.with(Option::is_some));
    let folder = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = folder.get() {
            input.set_webkitdirectory(true);
        }
    });
    // Both inputs: that for folders, and that for a model.
    let chosen = move |event: Event| {
        let input: HtmlInputElement = event.target().expect("an input changed").unchecked_into();
        if let Some(files) = input.files() {
            if input.webkitdirectory() {
                cleaning.open(dropped::chosen(&files), None);
            } else if let Some(file) = files.get(0) {
                session.network.use_model(Some(file));
            }
        }
        input.set_value("");
    };
    // Where there is a dialogue for folders that can be changed, it takes the place of the input's own.
    let pick = move |event: MouseEvent| {
        if directory::can_pick() {
            event.prevent_default();
            cleaning.pick();
        }
    };
    view! {
        <section class="ask clean-ask" class:empty=move || !is_open.get()>
            <h1>"Clean labelled photos"</h1>
            <p class="lead">
                "Open a folder that holds a folder of photos for each label. Those whose label looks wrong come first."
            </p>
            <div class="picker" on:change=chosen>
                <input id="open-folder" class="visually-hidden" type="file" node_ref=folder on:click=pick/>
                <label class="button primary" for="open-folder">"Open a folder"</label>
                <input id="give-model" class="visually-hidden" type="file"/>
                <label class="button" for="give-model">"Use your own network"</label>
            </div>
            <p class="hint">"Or drop a folder, or a network’s ONNX file, on this page."</p>
            <p class="notice" role="alert" hidden=move || cleaning.notice.get().is_empty()
                prop:textContent=move || cleaning.notice.get()></p>
            <OwnModel/>
            <EngineStatus/>
            <p class="private">"Nothing is sent. No file is changed before you say so, and none is ever deleted."</p>
        </section>
        {move || is_open.get().then(|| view! { <Reviewed/> })}
    }
}

#[component]
fn Reviewed() -> impl IntoView {
    let cleaning = Cleaning::expect();
    let root = NodeRef::<html::Section>::new();
    let pictures = Pictures::new();
    Effect::new(move |_| {
        cleaning.read(|review| {
            let (_, page, _) = review.page();
            let shown = page.iter().copied().chain(review.current().map(|(photo, _)| photo));
            let shown: Vec<_> = shown.map(|photo| &*review.folder().photos[photo].file).collect();
            pictures.keep(&shown);
        });
    });
    // What had the focus may be gone: the keys are still to be heard.
    Effect::new(move |_| {
        cleaning.review.track();
        cleaning.applying.track();
        request_animation_frame(move || {
            let is_lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
            if let Some(root) = root.get_untracked().filter(|_| is_lost) {
                let _ = root.focus();
            }
        });
    });
    let notes = Memo::new(move |_| {
        let model = Session::expect().network.model();
        cleaning.read(|review| words::folder_notes(review.folder(), model.as_ref())).unwrap_or_default()
    });
    let range = Memo::new(move |_| {
        cleaning
            .read(|review| {
                let (first, page, length) = review.page();
                words::range(first, page.len(), length)
            })
            .unwrap_or_default()
    });
    view! {
        <section class="review" id="review" tabindex="-1" aria-label="Photos to decide on" node_ref=root
            on:keydown=move |event| pressed(cleaning, event)>
            <Toolbar/>
            <p class="file-name" data-part="notes" prop:textContent=move || notes.get()></p>
            <Look pictures/>
            <Thumbs pictures/>
            <div class="toolbar">
                <p class="count" prop:textContent=move || range.get()></p>
                <div class="downloads">
                    <button class="button small" on:click=move |_| cleaning.act(Action::PreviousPage)>"Previous page"</button>
                    <button class="button small" id="forward" on:click=move |_| cleaning.act(Action::NextPage)>"Next page"</button>
                </div>
            </div>
            <Summary/>
        </section>
    }
}

fn pressed(cleaning: Cleaning, event: KeyboardEvent) {
    let is_select =
        event.target().is_some_and(|target| target.unchecked_into::<Element>().tag_name() == "SELECT");
    if is_select || event.alt_key() {
        return;
    }
    if let Some(action) = Action::of_key(&event.key(), event.ctrl_key() || event.meta_key()) {
        event.prevent_default();
        cleaning.act(action);
    }
}

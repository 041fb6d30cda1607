use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

use crate::{
    app::{
        components::icon::{Camera, Picture},
        session::Session,
    },
    photo::ACCEPTED,
    words,
};

/// Chooses photos from the device or, on phones, takes one.
#[component]
pub fn Picker() -> impl IntoView {
    let session = Session::expect();
    let multiple = move || session.options.with(|options| options.multiple);
    let picked = move |event: Event| {
        let input: HtmlInputElement = event.target().expect("an input changed").unchecked_into();
        if let Some(files) = input.files() {
            session.add(&files);
        }
        // The same photo may be chosen again.
        input.set_value("");
    };
    view! {
        <div class="picker">
            <input id="choose" class="visually-hidden" type="file" accept=ACCEPTED multiple=multiple on:change=picked/>
            <label class="button primary" for="choose">
                <Picture/>
                <span prop:textContent=move || words::choose_button(multiple())></span>
            </label>
            <input id="take" class="visually-hidden touch" type="file" accept="image/jpeg" capture="environment" on:change=picked/>
            <label class="button touch" for="take"><Camera/>"Take a photo"</label>
        </div>
    }
}

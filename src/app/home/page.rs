use leptos::prelude::*;

use super::{photo_list::PhotoList, picker::Picker, samples::Samples};
use crate::app::{
    components::{engine_status::EngineStatus, icon::Lock, own_model::OwnModel},
    session::Session,
    shell::title,
};

/// Choose a photo, read what it shows.
#[component]
pub fn Home() -> impl IntoView {
    title("What garment is this?");
    let session = Session::expect();
    let empty = Memo::new(move |_| session.photos.is_empty());
    view! {
        <section class="ask" class:empty=move || empty.get()>
            <h1>"What garment is this?"</h1>
            <p class="lead">"Pick a photo of a garment and read what it is."</p>
            <p class="whom">"For anyone who sells, sorts or labels clothes: one photo, or hundreds."</p>
            <Picker/>
            <p class="hint">"Or drop or paste photos here."</p>
            {move || session.options.with(|options| options.samples).then(|| view! { <Samples/> })}
            {move || session.notices.shown().map(|notice| view! { <p class="notice" prop:textContent=notice></p> })}
            <OwnModel/>
            <p class="private"><Lock/>"Your photo never leaves this device."</p>
            <EngineStatus/>
        </section>
        {move || (!empty.get()).then(|| view! { <PhotoList/> })}
    }
}

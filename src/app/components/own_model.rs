use leptos::prelude::*;

use crate::{app::session::Session, words};

/// Whose network answers, if it is not the page's own; and why the file that was given last does not.
#[component]
pub fn OwnModel() -> impl IntoView {
    let session = Session::expect();
    view! {
        {move || session.network.refused_model.get().map(|refused| view! {
            <p class="notice" role="alert" id="model-refused"
                prop:textContent=words::model_not_used(&refused.file_name, &refused.reason)></p>
        })}
        {move || session.network.own_model.get().map(|file_name| view! {
            <p class="own-model">
                <span>"Your network "<b translate="no" prop:textContent=file_name></b>" answers, until you reload."</span>
                <button class="button small" on:click=move |_| session.network.use_model(None)>"Use the page’s own"</button>
            </p>
        })}
    }
}

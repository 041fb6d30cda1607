use leptos::prelude::*;

use crate::app::session::Session;

/// The one place from which a screen reader is told what changed.
#[component]
pub fn Announcer() -> impl IntoView {
    let session = Session::expect();
    view! {
        <p class="visually-hidden" role="status" aria-live="polite"
            prop:textContent=move || session.notices.announced()></p>
    }
}

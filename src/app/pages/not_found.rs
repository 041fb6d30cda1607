use leptos::prelude::*;
use leptos_router::components::A;

use super::title;

/// For an address that is none of ours.
#[component]
pub fn NotFound() -> impl IntoView {
    title("Page not found");
    view! {
        <article class="prose">
            <h1>"There is no page at this address"</h1>
            <p><A href="/">"Ask about a photo"</A>" instead."</p>
        </article>
    }
}

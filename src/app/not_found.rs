use leptos::prelude::*;

use super::shell::{address, title};

/// For an address that is none of ours.
#[component]
pub fn NotFound() -> impl IntoView {
    title("Page not found");
    view! {
        <article class="prose">
            <h1>"There is no page at this address"</h1>
            <p><a href=address("/")>"Ask about a photo"</a>" instead."</p>
        </article>
    }
}

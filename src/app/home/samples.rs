use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlImageElement};

use crate::app::session::Session;

/// Drawings of our own, which `tools/pictures.py` makes. A string, since views of many cells make the page's code large.
const SAMPLES: &str = r#"<p id="samples">No photo at hand? Try one of these:</p>
<button class="sample"><img src="samples/sample1.webp" alt="Green polo shirt" loading="lazy" fetchpriority="low"></button>
<button class="sample"><img src="samples/sample2.webp" alt="Red dress with white flowers" loading="lazy" fetchpriority="low"></button>
<button class="sample"><img src="samples/sample3.webp" alt="Pair of blue sneakers" loading="lazy" fetchpriority="low"></button>"#;

/// Pictures to try the page with, for those who have no photo at hand.
#[component]
pub fn Samples() -> impl IntoView {
    let session = Session::expect();
    let clicked = move |event: MouseEvent| {
        let target: Element = event_target(&event);
        let button = target.closest("button").ok().flatten();
        if let Some(image) = button.and_then(|button| button.first_element_child()) {
            session.add_sample(image.unchecked_into::<HtmlImageElement>().src());
        }
    };
    view! { <div class="samples" role="group" aria-labelledby="samples" inner_html=SAMPLES on:click=clicked></div> }
}

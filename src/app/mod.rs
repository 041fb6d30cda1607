//! The page: `session` holds its state, `cleaning` that of cleaning a folder, with `opened` for its files and `journal` for
//! what is decided; `offline` keeps it on the device, `pages` has one file a page, `components` one a component, `words`
//! the sentences.

mod cleaning;
mod components;
mod journal;
mod offline;
mod opened;
mod pages;
mod save;
mod session;
mod words;

use leptos::prelude::*;
use leptos_router::{
    components::{A, Route, Router, Routes},
    path,
};
use wasm_bindgen::JsCast;

use cleaning::Cleaning;
use components::{announcer::Announcer, drop_zone::DropZone, icon::Hanger, offline_status::OfflineStatus};
use session::Session;

/// Puts the page in place of the shell that `index.html` painted.
pub fn mount() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_failure();
    }));
    let shell = document().get_element_by_id("app").expect("index.html has #app");
    shell.replace_children_with_node_0();
    leptos::mount::mount_to(shell.unchecked_into(), App).forget();
}

/// The page's code is of no use after a panic; this sentence stands in `index.html` and needs none.
fn show_failure() {
    if let Some(failure) = document().get_element_by_id("failure") {
        let _ = failure.remove_attribute("hidden");
    }
}

#[component]
fn App() -> impl IntoView {
    let session = Session::start();
    provide_context(session);
    provide_context(Cleaning::start(session));
    offline::start(session);
    view! {
        <Router base=base_path()>
            <a class="skip" href="#main">"Skip to the content"</a>
            <header class="top">
                <A href="/" attr:class="brand">
                    <Hanger/>
                    "Clothing classifier"
                </A>
                <nav aria-label="Pages">
                    <A href="/about">"About"</A>
                </nav>
            </header>
            <main id="main" tabindex="-1">
                <Routes fallback=pages::not_found::NotFound>
                    <Route path=path!("/") view=pages::home::Home/>
                    <Route path=path!("/about") view=pages::about::About/>
                    <Route path=path!("/clean") view=pages::clean::Clean/>
                </Routes>
            </main>
            <footer class="bottom">
                <p>"Your photos stay on this device: they are looked at here and sent nowhere."</p>
                <OfflineStatus/>
            </footer>
            <DropZone/>
            <Announcer/>
        </Router>
    }
}

/// The path under which the page is served, without its last slash, as `<base>` says.
fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_string()
}

//! The page: `session` holds its state, `offline` keeps it on the device, `host` speaks with the site in whose
//! frame it is, `pages` has one file a page, `components` one a component, `words` the sentences.

mod components;
mod host;
mod offline;
mod pages;
mod session;
mod words;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::{A, Route, Router, Routes},
    hooks::{use_location, use_navigate},
    path,
};
use wasm_bindgen::JsCast;

use crate::embed::Options;
use components::{announcer::Announcer, drop_zone::DropZone, icon::Hanger, offline_status::OfflineStatus};
use session::{Loading, Session};

/// Puts the page in place of the shell that `index.html` painted.
pub fn mount() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_failure();
    }));
    let shell = document().get_element_by_id("app").expect("index.html has #app");
    shell.replace_children_with_node_0();
    let shell = shell.unchecked_into();
    // `public/boot.js` says so, by the address.
    let root = document().document_element();
    if root.is_some_and(|root| root.get_attribute("data-view").as_deref() == Some("embed")) {
        leptos::mount::mount_to(shell, Embedded).forget();
    } else {
        leptos::mount::mount_to(shell, App).forget();
    }
}

/// The page's code is of no use after a panic; this sentence stands in `index.html` and needs none.
fn show_failure() {
    if let Some(failure) = document().get_element_by_id("failure") {
        let _ = failure.remove_attribute("hidden");
    }
}

#[component]
fn App() -> impl IntoView {
    let session = Session::start(Loading::AtOnce, Options { multiple: true, ..Options::default() });
    provide_context(session);
    offline::start(session);
    view! {
        <Router base=base_path()>
            <a class="skip" href="#main">"Skip to the content"</a>
            <header class="top">
                <A href=address("/") exact=true attr:class="brand">
                    <Hanger/>
                    "Clothing classifier"
                </A>
                <nav aria-label="Pages">
                    <A href=address("/widget")>"Embed"</A>
                    <A href=address("/about")>"About"</A>
                </nav>
            </header>
            <main id="main" tabindex="-1">
                <Routes fallback=pages::not_found::NotFound>
                    <Route path=path!("/") view=pages::home::Home/>
                    <Route path=path!("/about") view=pages::about::About/>
                    <Route path=path!("/widget") view=pages::widget::Widget/>
                </Routes>
            </main>
            <footer class="bottom">
                <p>"Your photos stay on this device: they are looked at here and sent nowhere."</p>
                <OfflineStatus/>
            </footer>
            <HomeDropZone/>
            <Announcer/>
        </Router>
    }
}

/// Photos that are dropped on another page are shown on the first.
#[component]
fn HomeDropZone() -> impl IntoView {
    let (path, navigate) = (use_location().pathname, use_navigate());
    let go_home = move |()| {
        if path.get_untracked() != address("/") {
            // Left to itself, the router would leave out the last slash.
            navigate(&address("/"), NavigateOptions { resolve: false, ..Default::default() });
        }
    };
    view! { <DropZone taken=go_home/> }
}

/// The page in another site's frame: the first page alone. It loads nothing large before it is used, and leaves
/// it to the page itself to stay on the device.
#[component]
fn Embedded() -> impl IntoView {
    let query = window().location().search().unwrap_or_default();
    let session = Session::start(Loading::WhenUsed, Options::parse(query.trim_start_matches('?')));
    provide_context(session);
    host::start(session);
    view! {
        <main id="main" class:compact=move || session.options.with(|options| options.compact)>
            <pages::home::Home/>
        </main>
        <DropZone taken=|()| ()/>
        <Announcer/>
    }
}

/// A path of the page's own as a link to it has it: the router adds its base in navigation only.
fn address(path: &str) -> String {
    base_path() + path
}

/// The path under which the page is served, without its last slash, as `<base>` says.
fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_string()
}

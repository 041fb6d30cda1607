//! The page: `session` holds its state, `offline` keeps it on the device, `host` speaks with the site in whose
//! frame it is, `pages` has one file a page, `components` one a component, `words` the sentences. `opened` reads what is
//! chosen or dropped. `cleaning` is the state of cleaning a folder, with `disk` for a folder that can be changed, `journal`
//! for what is decided and `applying` for carrying that out.
//!
//! A view's words that may change are an element's `prop:textContent`; text in braces (`{words}`) is for words that stay.
//! Browsers that translate the page put nodes of their own in the place of its text nodes, and a text node that is gone
//! says nothing. Names of files and code are not to be translated (`translate="no"`). `tests/browser/translated.rs`
//! changes the page as translators do, and compares it with one that is left alone.

mod applying;
mod cleaning;
mod components;
mod disk;
mod host;
mod journal;
mod offline;
mod opened;
mod pages;
mod save;
mod session;
mod words;

use std::{collections::HashMap, rc::Rc};

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_navigate},
    path,
};
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    embed::Options,
    engine::{
        client::{Client, Engine, Files, Output, Workers},
        message::Measured,
        shared::SharedEngine,
    },
};
use cleaning::{Cleaning, TraitsOfPhotos};
use components::{announcer::Announcer, drop_zone::DropZone, icon::Hanger, offline_status::OfflineStatus};
use session::{Loading, Session};

/// What most come for: the code of `/` and `/about`.
pub fn mount() {
    replace_shell(App);
}

/// What sites embed, and the page about that: the code of `/embed` and `/widget`.
pub fn mount_widget() {
    // `public/boot.js` says so, by the address.
    let root = document().document_element();
    if root.is_some_and(|root| root.get_attribute("data-view").as_deref() == Some("embed")) {
        replace_shell(Embedded);
    } else {
        replace_shell(ForSites);
    }
}

/// Cleaning labelled photos: the code of `/clean`.
pub fn mount_clean() {
    replace_shell(Cleaner);
}

/// Puts a view in place of the shell that `index.html` painted.
fn replace_shell<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_failure();
    }));
    let shell = document().get_element_by_id("app").expect("index.html has #app");
    let _ = shell.remove_attribute("hidden");
    shell.replace_children_with_node_0();
    leptos::mount::mount_to(shell.unchecked_into(), view).forget();
}

/// The page's code is of no use after a panic; this sentence stands in `index.html` and needs none.
fn show_failure() {
    if let Some(failure) = document().get_element_by_id("failure") {
        let _ = failure.remove_attribute("hidden");
    }
}

/// A session with all that a page of ours has around its content.
fn start_session(
    start_engine: impl FnOnce(Files, &Options, Box<dyn Fn(Output)>) -> Box<dyn Client>,
) -> Session {
    let options = Options { multiple: true, samples: true, ..Options::default() };
    let session = Session::start(Loading::AtOnce, options, start_engine);
    provide_context(session);
    offline::start(session);
    session
}

/// The engine of a page that has one of its own.
fn own_engine(files: Files, _: &Options, hear: Box<dyn Fn(Output)>) -> Box<dyn Client> {
    Box::new(Engine::start(files, Workers::OfDevice, hear, None))
}

#[component]
fn App() -> impl IntoView {
    start_session(own_engine);
    let content = || {
        let path = use_location().pathname;
        view! {
            <Around path>
                <FlatRoutes fallback=pages::not_found::NotFound>
                    <Route path=path!("/") view=pages::home::Home/>
                    <Route path=path!("/about") view=pages::about::About/>
                </FlatRoutes>
            </Around>
            <HomeDropZone/>
            <Announcer/>
        }
    };
    view! { <Router base=base_path()>{content()}</Router> }
}

#[component]
fn ForSites() -> impl IntoView {
    let session = start_session(own_engine);
    view! {
        <Around path=address("/widget")>
            <pages::widget::Widget/>
        </Around>
        <DropZone taken=|()| () instead=move |transfer| pages::widget::hand_over(session, &transfer)/>
        <Announcer/>
    }
}

#[component]
fn Cleaner() -> impl IntoView {
    let traits = TraitsOfPhotos::new_local(HashMap::new());
    let session = start_session(|files, _, hear| {
        let observer = move |message: &JsValue| {
            if let Some((id, its)) = Measured::of(message) {
                traits.update_value(|traits| _ = traits.insert(id, its));
            }
        };
        Box::new(Engine::start(files, Workers::OfDevice, hear, Some(Rc::new(observer))))
    });
    let cleaning = Cleaning::start(session, traits);
    provide_context(cleaning);
    view! {
        <Around path=address("/clean")>
            <pages::clean::Clean/>
        </Around>
        <DropZone taken=|()| () instead=move |transfer| cleaning.take(&transfer) hint="Drop your folder"/>
        <Announcer/>
    }
}

/// Header and footer around a page. Addresses whose code is another's are loaded anew (`external`, to the router).
#[component]
fn Around(
    /// The page's own.
    #[prop(into)]
    path: Signal<String>,
    children: Children,
) -> impl IntoView {
    let current = move |of| move || (path.get() == address(of)).then_some("page");
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <header class="top">
            <a class="brand" href=address("/") aria-current=current("/")>
                <Hanger/>
                "Clothing classifier"
            </a>
            <nav aria-label="Pages">
                <a href=address("/clean") rel="external" aria-current=current("/clean")>"Clean"</a>
                <a href=address("/widget") rel="external" aria-current=current("/widget")>"Embed"</a>
                <a href=address("/about") aria-current=current("/about")>"About"</a>
            </nav>
        </header>
        <main id="main" tabindex="-1">{children()}</main>
        <footer class="bottom">
            <p>"Your photos stay on this device: they are looked at here and sent nowhere."</p>
            <OfflineStatus/>
        </footer>
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
    let session = Session::start(
        Loading::WhenUsed,
        Options::parse(query.trim_start_matches('?')),
        // Those of one page have one, so that it is loaded once.
        |files, options, hear| {
            let name =
                options.page.as_ref().map(|page| format!("clothing-classifier {} {page}", files.script()));
            Box::new(SharedEngine::start(files, name.as_deref(), hear))
        },
    );
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
pub fn address(path: &str) -> String {
    base_path() + path
}

/// The path under which the page is served, without its last slash, as `<base>` says.
fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_string()
}

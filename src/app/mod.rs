//! The pages. Each has a folder, and each bundle is one of three: `/` and `/about` (here), `/embed` and `/widget` (`embed`),
//! `/clean` (`clean`).
//!
//! `session` holds what all pages share: the engine's state and the list of photos. `shell` is the frame around a page,
//! `components` has what several pages show, `dropped` reads what is chosen or dropped, `offline` keeps the page on the
//! device. Sentences are in [`crate::words`].
//!
//! Text that may change is an element's `prop:textContent`; text in braces (`{words}`) is for text that never changes.
//! Browsers that translate the page replace its text nodes by their own, and a text node that is gone shows nothing.
//! Names of files and code are not to be translated (`translate="no"`). `tests/browser/translated.rs` changes the page as
//! translators do, and compares it with one that is left alone.

mod about;
mod clean;
mod components;
mod dropped;
mod embed;
mod home;
mod not_found;
mod offline;
mod save;
mod session;
mod shell;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_navigate},
    path,
};

pub use clean::mount as mount_clean;
pub use embed::mount as mount_embed;

use components::{announcer::Announcer, drop_zone::DropZone};
use shell::{Shell, address, base_path, own_engine, replace_shell, start_session};

/// What most come for: the code of `/` and `/about`.
pub fn mount() {
    replace_shell(App);
}

#[component]
fn App() -> impl IntoView {
    start_session(own_engine);
    let content = || {
        let path = use_location().pathname;
        view! {
            <Shell path>
                <FlatRoutes fallback=not_found::NotFound>
                    <Route path=path!("/") view=home::Home/>
                    <Route path=path!("/about") view=about::About/>
                </FlatRoutes>
            </Shell>
            <HomeDropZone/>
            <Announcer/>
        }
    };
    view! { <Router base=base_path()>{content()}</Router> }
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

//! The frame around a page: header, footer, addresses, and what is shown when its code fails.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    components::{icon::Hanger, offline_status::OfflineStatus},
    offline,
    session::{Loading, Session},
};
use crate::{
    embed::Options,
    engine::client::{Client, Engine, Files, Output, Workers},
};

/// Puts a view in place of the shell that `index.html` painted.
pub fn replace_shell<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) {
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
pub fn start_session(
    start_engine: impl FnOnce(Files, &Options, Box<dyn Fn(Output)>) -> Box<dyn Client>,
) -> Session {
    let options = Options { multiple: true, samples: true, ..Options::default() };
    let session = Session::start(Loading::AtOnce, options, start_engine);
    provide_context(session);
    offline::start(session);
    session
}

/// The engine of a page that has one of its own.
pub fn own_engine(files: Files, _: &Options, hear: Box<dyn Fn(Output)>) -> Box<dyn Client> {
    Box::new(Engine::start(files, Workers::OfDevice, hear, None))
}

/// Header and footer around a page. Addresses whose code is another's are loaded anew (`external`, to the router).
#[component]
pub fn Shell(
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

/// A path of the page's own as a link to it has it: the router adds its base in navigation only.
pub fn address(path: &str) -> String {
    base_path() + path
}

/// The path under which the page is served, without its last slash, as `<base>` says.
pub fn base_path() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_string()
}

/// Names the page in the browser's tab.
pub fn title(words: &str) {
    document().set_title(words);
}

//! What sites embed (`/embed`), and the page about that (`/widget`).

mod demo;
mod parent_site;

use leptos::prelude::*;

use super::{
    components::{announcer::Announcer, drop_zone::DropZone},
    home::Home,
    session::{Loading, Session},
    shell::{Shell, address, own_engine, replace_shell, start_session},
};
use crate::{embed::Options, engine::shared::SharedEngine};

/// The code of `/embed` and `/widget`.
pub fn mount() {
    // `public/boot.js` says so, by the address.
    let root = document().document_element();
    if root.is_some_and(|root| root.get_attribute("data-view").as_deref() == Some("embed")) {
        replace_shell(Embedded);
    } else {
        replace_shell(ForSites);
    }
}

#[component]
fn ForSites() -> impl IntoView {
    let session = start_session(own_engine);
    view! {
        <Shell path=address("/widget")>
            <demo::Demo/>
        </Shell>
        <DropZone taken=|()| () instead=move |transfer| demo::hand_over(session, &transfer)/>
        <Announcer/>
    }
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
    parent_site::start(session);
    view! {
        <main id="main" class:compact=move || session.options.with(|options| options.compact)>
            <Home/>
        </main>
        <DropZone taken=|()| ()/>
        <Announcer/>
    }
}

//! Cleaning labelled photos (`/clean`): `state` is the folder that is open and what is decided about it, `directory` a folder
//! that can be changed, `apply` carries decisions out in it, `journal` keeps them in the browser.

mod apply;
mod directory;
mod journal;
mod page;
mod state;

use std::{collections::HashMap, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{
    components::{announcer::Announcer, drop_zone::DropZone},
    shell::{Shell, address, replace_shell, start_session},
};
use crate::engine::{
    client::{Engine, Workers},
    message::Measured,
};
use state::{Cleaning, TraitsOfPhotos};

/// The code of `/clean`.
pub fn mount() {
    replace_shell(Cleaner);
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
        <Shell path=address("/clean")>
            <page::Clean/>
        </Shell>
        <DropZone taken=|()| () instead=move |transfer| cleaning.take(&transfer) hint="Drop your folder"/>
        <Announcer/>
    }
}

//! Cleaning labelled photos (`/clean`): `state` is the folder that is open and what is decided about it, `directory` a folder
//! that can be changed, `apply` carries decisions out in it, `journal` keeps them in the browser. `page` puts the view
//! together from `toolbar`, `look` (the photo that is looked at), `thumbs` and `summary`; `pictures` has the photos' addresses.

mod apply;
mod directory;
mod journal;
mod look;
mod page;
mod pictures;
mod state;
mod summary;
mod thumbs;
mod toolbar;

use std::{collections::HashMap, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{
    components::{announcer::Announcer, drop_zone::DropZone},
    shell::{Shell, address, replace_shell, start_session},
};
use crate::{
    clean::{Decision, Judgement, LabelledPhoto, Review, Status},
    engine::{
        client::{Engine, Workers},
        message::Measured,
    },
};
use pictures::Pictures;
use state::{Cleaning, PhotoMeasurements};

/// The code of `/clean`.
pub fn mount() {
    replace_shell(Cleaner);
}

#[component]
fn Cleaner() -> impl IntoView {
    let measurements = PhotoMeasurements::new_local(HashMap::new());
    let session = start_session(|files, _, hear| {
        let observer = move |message: &JsValue| {
            if let Some((id, measured)) = Measured::of(message) {
                measurements.update_value(|measurements| _ = measurements.insert(id, measured));
            }
        };
        Box::new(Engine::start(files, Workers::OfDevice, hear, Some(Rc::new(observer))))
    });
    let cleaning = Cleaning::start(session, measurements);
    provide_context(cleaning);
    view! {
        <Shell path=address("/clean")>
            <page::Clean/>
        </Shell>
        <DropZone taken=|()| () instead=move |transfer| cleaning.take(&transfer) hint="Drop your folder"/>
        <Announcer/>
    }
}

fn judged(status: &Status) -> Option<&Judgement> {
    match status {
        Status::Judged(judgement) => Some(judgement),
        Status::Waiting | Status::Refused(_) => None,
    }
}

/// Where a photo's picture is; `None` if it cannot be shown.
fn picture(review: &Review<web_sys::File>, photo: usize, pictures: Pictures) -> Option<String> {
    let LabelledPhoto { file, source, .. } = &review.folder().photos[photo];
    match &review.statuses()[photo] {
        Status::Refused(_) => None,
        Status::Judged(Judgement { preview: Some(preview), .. }) => Some(preview.clone()),
        Status::Judged(_) | Status::Waiting => Some(pictures.url(file, source)),
    }
}

/// A decision as the style sheet knows it.
fn decision_name(decision: Option<&Decision>) -> &'static str {
    match decision {
        None => "undecided",
        Some(Decision::Keep) => "keep",
        Some(Decision::Relabel(_)) => "relabel",
        Some(Decision::Delete) => "delete",
    }
}

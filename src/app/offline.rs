//! Whether the page works without a connection, as `public/sw.js` says, and what the browser offers for that.

use gloo_timers::callback::Interval;
use js_sys::Array;
use leptos::{ev, prelude::*};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MessageEvent, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache, VisibilityState,
};

use super::session::Session;
use crate::{
    engine::{EngineState, message::from_js},
    offline::{Obstacle, Offline},
};

/// The address by which the service worker opens the page for photos from another app.
const SHARED: &str = "?shared";
/// How often a page that stays open asks for a newer version.
const ASK_AGAIN_MS: u32 = 3_600_000;

/// What the service worker says.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    Preparing {
        stored: u64,
        total: u64,
    },
    Ready,
    NoRoom {
        total: u64,
    },
    Interrupted,
    OtherTabs,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    Shared(Array),
}

/// Keeps the page on the device, and asks for what another app has shared. It begins once the engine has come or
/// has failed: before that, it would take bandwidth from what the person waits for.
pub fn start(session: Session) {
    let container = container();
    watch_install_prompt(session);
    ask_for_shared(session, container.as_ref());
    let begun = StoredValue::new(false);
    Effect::new(move |_| {
        let settled = session
            .network
            .state
            .with(|engine| !matches!(engine, EngineState::Asleep | EngineState::Loading { .. }));
        if !settled || begun.get_value() {
            return;
        }
        begun.set_value(true);
        match container.clone() {
            Some(container) => spawn_local(prepare(session, container)),
            None => session.set_offline(Offline::Unavailable(Obstacle::Unsupported)),
        }
    });
}

/// Changes to the version that waits, and opens the page anew with it.
pub fn update() {
    spawn_local(async {
        let Some(container) = container() else { return };
        let Ok(registration) = JsFuture::from(container.get_registration()).await else { return };
        let waiting = registration.dyn_ref().and_then(ServiceWorkerRegistration::waiting);
        if let Some(waiting) = waiting {
            on_state(&waiting, |state| {
                if state == ServiceWorkerState::Activated {
                    let _ = window().location().reload();
                }
            });
            let _ = waiting.post_message(&"update".into());
        }
    });
}

/// Has the browser ask whether to install the page.
pub fn install(session: Session) {
    session.can_install.set(false);
    if let Ok(prompt) = js_sys::Reflect::get(&window(), &"installPrompt".into()) {
        let ask = js_sys::Reflect::get(&prompt, &"prompt".into());
        if let Some(ask) = ask.ok().and_then(|ask| ask.dyn_into::<js_sys::Function>().ok()) {
            let _ = ask.call0(&prompt);
        }
    }
    keep();
}

/// Asks that the browser keep the files when the device runs short of room. Some browsers put that to the
/// person; hence only for those who have shown that they want the page to stay.
fn keep() {
    let navigator = window().navigator();
    if has(&navigator, "storage")
        && let Ok(kept) = navigator.storage().persist()
    {
        spawn_local(async {
            let _ = JsFuture::from(kept).await;
        });
    }
}

fn watch_install_prompt(session: Session) {
    session.can_install.set(has(&window(), "installPrompt"));
    let offered = ev::Custom::<web_sys::Event>::new("beforeinstallprompt");
    let installed = ev::Custom::<web_sys::Event>::new("appinstalled");
    let _ = window_event_listener(offered, move |_| session.can_install.set(true));
    let _ = window_event_listener(installed, move |_| session.can_install.set(false));
    let standalone = window().match_media("(display-mode: standalone)").ok().flatten();
    if standalone.is_some_and(|query| query.matches()) {
        keep();
    }
}

/// Photos come with a message from the service worker that has received them.
fn ask_for_shared(session: Session, container: Option<&ServiceWorkerContainer>) {
    if window().location().search().as_deref() != Ok(SHARED) {
        return;
    }
    let path = window().location().pathname().unwrap_or_default();
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    match container.and_then(ServiceWorkerContainer::controller) {
        Some(controller) => {
            hear(session, container.expect("it has a controller"));
            let _ = controller.post_message(&"take-shared".into());
        }
        None => session.add_shared(Vec::new()),
    }
}

async fn prepare(session: Session, container: ServiceWorkerContainer) {
    hear(session, &container);
    let options = RegistrationOptions::new();
    options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
    let registration = match JsFuture::from(container.register_with_options("sw.js", &options)).await {
        Ok(registration) => registration.unchecked_into::<ServiceWorkerRegistration>(),
        Err(error) => {
            // The browser refuses, or the script did not come.
            let refused =
                error.dyn_ref().is_some_and(|error: &js_sys::Error| error.name() == "SecurityError");
            let obstacle = if refused { Obstacle::Unsupported } else { Obstacle::Interrupted };
            return session.set_offline(Offline::Unavailable(obstacle));
        }
    };
    follow(session, &registration);
    let found = Closure::<dyn FnMut()>::new({
        let registration = registration.clone();
        move || follow(session, &registration)
    });
    registration.set_onupdatefound(Some(found.into_js_value().unchecked_ref()));
    Interval::new(ASK_AGAIN_MS, move || {
        if document().visibility_state() == VisibilityState::Visible
            && let Ok(asked) = registration.update()
        {
            spawn_local(async {
                let _ = JsFuture::from(asked).await;
            });
        }
    })
    .forget();
}

/// Asks the worker in charge whether all is there, and looks out for one that will want to replace it.
fn follow(session: Session, registration: &ServiceWorkerRegistration) {
    if let Some(active) = registration.active() {
        let _ = active.post_message(&"check".into());
        if registration.waiting().is_some() {
            session.set_offline(Offline::UpdateWaiting { other_tabs: false });
        }
    }
    if let Some(next) = registration.installing() {
        let registration = registration.clone();
        on_state(&next, move |state| {
            if state == ServiceWorkerState::Installed && registration.active().is_some() {
                session.set_offline(Offline::UpdateWaiting { other_tabs: false });
            }
        });
    }
}

fn on_state(worker: &ServiceWorker, mut changed: impl FnMut(ServiceWorkerState) + 'static) {
    let listener = Closure::<dyn FnMut()>::new({
        let worker = worker.clone();
        move || changed(worker.state())
    });
    worker.set_onstatechange(Some(listener.into_js_value().unchecked_ref()));
}

fn hear(session: Session, container: &ServiceWorkerContainer) {
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(said) = from_js(event.data()) else { return };
        match said {
            Said::Shared(files) => {
                session.add_shared(files.iter().filter_map(|file| file.dyn_into().ok()).collect());
            }
            Said::OtherTabs => session.set_offline(Offline::UpdateWaiting { other_tabs: true }),
            // Where a new version waits, how the old one fares is no news.
            _ if matches!(session.offline.get_untracked(), Offline::UpdateWaiting { .. }) => {}
            Said::Preparing { stored, total } => session.set_offline(Offline::Preparing { stored, total }),
            Said::Ready => {
                let since_now = session.offline.with_untracked(Offline::is_new);
                session.set_offline(Offline::Ready { since_now });
            }
            Said::NoRoom { total } => {
                session.set_offline(Offline::Unavailable(Obstacle::NoRoom { bytes: total }));
            }
            Said::Interrupted => session.set_offline(Offline::Unavailable(Obstacle::Interrupted)),
        }
    });
    container.set_onmessage(Some(heard.into_js_value().unchecked_ref()));
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator = window().navigator();
    has(&navigator, "serviceWorker").then(|| navigator.service_worker())
}

fn has(object: &JsValue, property: &str) -> bool {
    js_sys::Reflect::get(object, &property.into()).is_ok_and(|value| value.is_truthy())
}

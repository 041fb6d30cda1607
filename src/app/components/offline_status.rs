use leptos::prelude::*;

use super::icon::{Check, Download, Renew};
use crate::{
    app::{offline, session::Session},
    offline::Offline,
    words,
};

/// Whether the page works without a connection, and what can be done about it.
#[component]
pub fn OfflineStatus() -> impl IntoView {
    let session = Session::expect();
    let kind = move || match session.offline.get() {
        Offline::OnlineOnly => "online-only",
        Offline::Preparing { .. } => "preparing",
        Offline::Ready { .. } => "ready",
        Offline::UpdateWaiting { .. } => "update-waiting",
        Offline::Unavailable(_) => "unavailable",
    };
    let has_photos = Memo::new(move |_| !session.photos.is_empty());
    let words = move || words::offline(&session.offline.get(), has_photos.get());
    let update_waits =
        Memo::new(move |_| session.offline.with(|state| matches!(state, Offline::UpdateWaiting { .. })));
    let is_ready = Memo::new(move |_| session.offline.with(|state| matches!(state, Offline::Ready { .. })));
    view! {
        <div class="offline" data-offline=kind>
            <p>
                {move || is_ready.get().then(|| view! { <Check/> })}
                <span prop:textContent=words></span>
            </p>
            {move || update_waits.get().then(|| view! {
                <button class="button small" id="update" on:click=move |_| offline::update()>
                    <Renew/>"Update"
                </button>
            })}
            {move || (is_ready.get() && session.can_install.get()).then(|| view! {
                <button class="button small" id="install" on:click=move |_| offline::install(session)>
                    <Download/>"Install"
                </button>
            })}
        </div>
    }
}

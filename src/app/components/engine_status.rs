use leptos::prelude::*;

use crate::{
    app::session::Session,
    engine::EngineState,
    words::{self, Explained},
};

/// How far the network has loaded, or why it has not.
#[component]
pub fn EngineStatus() -> impl IntoView {
    let session = Session::expect();
    let share = Memo::new(move |_| match session.network.state.get() {
        EngineState::Loading { received, total } => Some(100 * received / total.max(1)),
        _ => None,
    });
    let failure = Memo::new(move |_| match session.network.state.get() {
        EngineState::Failed(failure) => Some(failure),
        _ => None,
    });
    let words = move || words::loading(share.get().unwrap_or(0));
    view! {
        <div class="engine">
        {move || share.get().map(|_| view! {
            <div class="loading">
                <label for="loading" prop:textContent=words></label>
                <progress id="loading" max="100" prop:value=move || share.get().unwrap_or(100) as f64></progress>
            </div>
        })}
        {move || failure.get().map(|failure| view! {
            <div class="failed" role="alert">
                <p>
                    <strong prop:textContent=failure.cause().into_owned()></strong>" "
                    <span prop:textContent=failure.remedy().into_owned()></span>
                </p>
                <button class="button" on:click=move |_| session.network.load()>"Try again"</button>
            </div>
        })}
        </div>
    }
}

use leptos::{ev, prelude::*};
use web_sys::DataTransfer;

use crate::{
    app::{dropped, session::Session},
    words,
};

/// Accepts what is dropped or pasted anywhere on the page, and says so while something is held over it.
#[component]
pub fn DropZone(
    /// Called when photos have come.
    #[prop(into)]
    taken: UnsyncCallback<()>,
    /// Called with what was dropped where that is no photos for the list; then nothing can be pasted.
    #[prop(optional, into)]
    instead: Option<UnsyncCallback<DataTransfer>>,
    /// Stands over the page while something is held over it.
    #[prop(default = "Drop your photos")]
    hint: &'static str,
) -> impl IntoView {
    let session = Session::expect();
    let over = RwSignal::new(false);

    let take = move |transfer: Option<DataTransfer>, otherwise: &'static str| {
        let given = transfer.map(|transfer| dropped::dropped(&transfer)).unwrap_or_default();
        if given.is_empty() {
            session.notices.say(otherwise);
        } else {
            session.add_given(given);
            taken.run(());
        }
    };
    let listeners = [
        window_event_listener(ev::dragover, move |event| {
            event.prevent_default();
            over.set(true);
        }),
        window_event_listener(ev::dragleave, move |event| {
            // Leaving the window, not passing from one element to the next.
            if event.related_target().is_none() {
                over.set(false);
            }
        }),
        window_event_listener(ev::drop, move |event| {
            event.prevent_default();
            over.set(false);
            match (instead, event.data_transfer()) {
                (Some(instead), Some(transfer)) => instead.run(transfer),
                (_, transfer) => take(transfer, words::NO_FILE),
            }
        }),
        window_event_listener(ev::paste, move |event| {
            if instead.is_none() {
                take(event.clipboard_data(), words::NOTHING_TO_PASTE);
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));

    view! {
        <div class="drop-hint" class:over=move || over.get() aria-hidden="true">
            <p>{hint}</p>
        </div>
    }
}

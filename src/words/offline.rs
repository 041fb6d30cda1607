//! How the page stands without a connection.

use crate::offline::{Obstacle, Offline};

/// How the page stands without a connection. An update clears the list, if it `has_photos`.
pub fn offline(state: &Offline, has_photos: bool) -> String {
    match state {
        Offline::OnlineOnly => "Works while you are online.".into(),
        Offline::Preparing { stored, total } => {
            format!("Getting ready to work offline: {}\u{a0}%", 100 * stored / total.max(&1))
        }
        Offline::Ready { since_now: true } => "Ready to work offline.".into(),
        Offline::Ready { since_now: false } => "Works offline.".into(),
        Offline::UpdateWaiting { other_tabs: true } => {
            "Update available: close this page\u{2019}s other tabs first.".into()
        }
        Offline::UpdateWaiting { other_tabs: false } if has_photos => {
            "Update available: updating clears your list of photos.".into()
        }
        Offline::UpdateWaiting { other_tabs: false } => "Update available.".into(),
        Offline::Unavailable(Obstacle::Unsupported) => {
            "Works online only: this browser does not keep pages here.".into()
        }
        Offline::Unavailable(Obstacle::NoRoom { bytes }) => {
            let megabytes = bytes.div_ceil(1_000_000);
            format!("Works online only: there is no room for {megabytes}\u{a0}MB. Free some, then reload.")
        }
        Offline::Unavailable(Obstacle::Interrupted) => {
            "Works online only for now: some files did not arrive. Reload to try again.".into()
        }
    }
}

/// What a screen reader hears of it: what is new and good to know, once.
pub fn announce_offline(state: &Offline) -> Option<&'static str> {
    match state {
        Offline::Ready { since_now: true } => Some("Ready to work offline."),
        Offline::UpdateWaiting { other_tabs: false } => Some("Update available."),
        Offline::UpdateWaiting { other_tabs: true } => {
            Some("Close this page\u{2019}s other tabs first, then update.")
        }
        Offline::OnlineOnly | Offline::Preparing { .. } | Offline::Ready { since_now: false } => None,
        Offline::Unavailable(_) => None,
    }
}

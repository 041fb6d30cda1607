//! How the page's states are put into words, the same for the eye and for the ear.

use super::offline::{Obstacle, Offline};
pub use crate::words::percent;
use crate::{
    classifier::ModelInfo,
    clean::{ApplyError, Change, Decision, Decisions, Entry, Folder},
    engine::{EngineState, ItemState},
};

/// What a screen reader hears of one photo, if there is something to say.
pub fn announce_item(file_name: &str, state: &ItemState) -> Option<String> {
    match state {
        ItemState::Waiting => None,
        ItemState::Working => Some(format!("Looking at {file_name}.")),
        ItemState::Done(done) => Some(format!("{file_name}: {}.", done.said.line)),
        ItemState::Refused(refusal) => Some(format!("{file_name}: {} {}", refusal.cause(), refusal.remedy())),
    }
}

/// What a screen reader hears of the engine; progress is left to the progress bar.
pub fn announce_engine(state: &EngineState) -> Option<String> {
    match state {
        EngineState::Asleep | EngineState::Loading { .. } => None,
        EngineState::Ready(_) => Some("Ready to recognise photos.".into()),
        EngineState::Failed(_) => None, // an alert of its own
    }
}

/// The page was opened for a photo from another app, and there is none.
pub const NOTHING_SHARED: &str = "The photo did not arrive. Share or open it again, or choose it here.";

/// A picture of the page's own did not come.
pub const NO_SAMPLE: &str =
    "This picture could not be loaded. Check the connection, or choose a photo of your own.";

/// Thousands of photos take a moment to be listed.
pub const OPENING_FOLDER: &str = "Opening the folder…";

/// Folders that were dropped have nothing for the list.
pub fn no_photos(folders: &[String]) -> String {
    format!("No photos were found in “{}”.", folders.join("”, “"))
}

/// More photos came than a site wants at a time.
pub fn first_of(photos: usize) -> String {
    format!("One photo at a time here: this is the first of {photos}.")
}

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

/// The folder that was opened has no photos that could be cleaned.
pub const NO_LABELS: &str = "No photos in label folders there. Open the folder that holds a folder for each label, such as “photos” in photos/shirt/1.jpg.";

/// What was dropped where a folder is wanted is none.
pub const NO_FOLDER: &str = "Drop one folder that holds a folder for each label, or a network’s ONNX file.";

/// The browser has a dialogue for folders and does not show it.
pub const NO_DIALOGUE: &str =
    "This browser did not open its dialogue for folders. Drop the folder on this page instead.";

/// What takes back what was applied to a folder.
pub const UNDO_APPLY: &str =
    "To take that back, run “python -m clothing_model apply --undo --data FOLDER --yes”.";

/// Somebody takes the network's label, and it has none to give.
pub const NO_PROPOSAL: &str = "The network suggests no other label that has a folder here. Choose one below.";

/// So many things of that name, in the plural where that is due.
pub fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number}\u{a0}{}", if number == 1 { one } else { several })
}

/// What a screen reader hears when a folder is open.
pub fn announce_opened<P>(folder: &Folder<P>, decided: usize) -> String {
    let (photos, labels) = (folder.photos.len(), folder.labels.len());
    let opened = format!(
        "{}: {} of {} opened.",
        folder.name,
        count(photos, "photo", "photos"),
        count(labels, "label", "labels")
    );
    if decided == 0 { opened } else { format!("{opened} {decided} decided earlier.") }
}

/// What a screen reader hears of a decision.
pub fn announce_decision(entry: &Entry) -> String {
    format!("{}: {}.", entry.file, decision(&entry.decision, None))
}

/// What is to be known of an opened folder: labels that the network does not know, and files beside the labels' folders.
pub fn folder_notes(unknown: &[&str], outside: &[String]) -> String {
    let mut notes = String::new();
    if !unknown.is_empty() {
        notes = format!("The network does not know {}: these photos come last. ", unknown.join(", "));
    }
    match outside {
        [] => {}
        [only] => notes += &format!("1\u{a0}file is in no label’s folder and was left out: {only}."),
        [first, ..] => {
            let files = outside.len();
            notes +=
                &format!("{files}\u{a0}files are in no label’s folder and were left out, such as {first}.");
        }
    }
    notes
}

/// A decision in a word or two.
pub fn decision(decision: &Decision, model: Option<&ModelInfo>) -> String {
    match decision {
        Decision::Keep => "keep".into(),
        Decision::Relabel(label) => format!("now {}", label_name(label, model)),
        Decision::Delete => "delete".into(),
    }
}

/// A label's folder by the name that the network has for it, if it knows it.
pub fn label_name(folder: &str, model: Option<&ModelInfo>) -> String {
    model.and_then(|model| model.label(folder)).map_or_else(|| folder.into(), |label| label.name.clone())
}

/// What would become of photos.
pub fn change(change: &Change, model: Option<&ModelInfo>) -> String {
    let from = label_name(&change.from, model);
    match &change.to {
        Some(label) => format!("{} from {from} to {}", change.photos, label_name(label, model)),
        None => format!("{} from {from} to the bin", change.photos),
    }
}

/// Whether it is meant that photos are moved.
pub fn ask_to_apply(folder: &str, decisions: &Decisions) -> String {
    let (mut moved, mut binned) = (0, 0);
    for (_, decision) in decisions.iter() {
        match decision {
            Decision::Keep => {}
            Decision::Relabel(_) => moved += 1,
            Decision::Delete => binned += 1,
        }
    }
    let moved = match moved {
        0 => None,
        1 => Some("move 1\u{a0}photo to another label’s folder".into()),
        moved => Some(format!("move {moved}\u{a0}photos to other labels’ folders")),
    };
    let binned =
        (binned > 0).then(|| format!("put {} into its folder .bin", count(binned, "photo", "photos")));
    let both: Vec<_> = [moved, binned].into_iter().flatten().collect();
    format!("In {folder} itself, {}? Nothing is deleted.", both.join(" and "))
}

/// What was done with photos.
pub fn applied(moved: usize, binned: usize) -> String {
    match (moved, binned) {
        (0, 0) => String::new(),
        (0, binned) => format!("{} put into .bin/.", count(binned, "photo", "photos")),
        (moved, 0) => format!("{} moved.", count(moved, "photo", "photos")),
        (moved, binned) => format!("{} moved, {binned} put into .bin/.", count(moved, "photo", "photos")),
    }
}

/// Why no photos were moved, or no more.
pub fn failed(error: &ApplyError) -> String {
    format!("{} {}", error.cause(), error.remedy())
}

/// How far the moving is.
pub fn moving(done: usize, all: usize) -> String {
    format!("Moving photos: {done} of {all}")
}

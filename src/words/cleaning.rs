//! Cleaning labelled photos.

use super::count;
use crate::{
    classifier::ModelInfo,
    clean::{ApplyError, Change, Decision, Decisions, Entry, Folder},
};

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

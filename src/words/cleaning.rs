//! Cleaning labelled photos.

use std::borrow::Cow;

use super::{Explained, count};
use crate::{
    classifier::ModelInfo,
    clean::{ApplyError, Change, Decision, Decisions, Entry, Folder, Judgement, Order},
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

/// What a screen reader hears when a decision was taken back.
pub fn undone(file: &str) -> String {
    format!("{file}: undone.")
}

/// How many photos of a folder have been answered.
pub fn looked_at(folder: &str, done: usize, all: usize) -> String {
    if done == all {
        format!("{folder}: {}", count(all, "photo", "photos"))
    } else {
        format!("{folder}: {done} of {all} photos looked at")
    }
}

/// Ranks again with the photos that were answered since.
pub fn rank_again(late: usize) -> String {
    format!("Rank again with {late} more")
}

/// What photos are ordered by.
pub fn order(order: Order) -> &'static str {
    match order {
        Order::Loss => "Highest loss first",
        Order::Margin => "Least margin first",
        Order::Disagreement => "Surest disagreement first",
        Order::Blur => "Blurriest first",
        Order::NearDuplicates => "Near-duplicates first",
    }
}

/// Which of the list's photos are on the page: so many from the place `first` on, counted from 0.
pub fn range(first: usize, shown: usize, length: usize) -> String {
    match shown {
        0 => "None to show yet".into(),
        shown => format!("{}–{} of {length}", first + 1, first + shown),
    }
}

/// The label that the network says.
pub fn said(judgement: Option<&Judgement>, model: Option<&ModelInfo>) -> String {
    judgement.map_or_else(|| "no answer".into(), |judgement| label_name(&judgement.predicted, model))
}

/// The loss of a photo's label, if the network knows that.
pub fn loss(loss: Option<f32>) -> String {
    loss.map_or_else(|| "–".into(), |loss| format!("{loss:.2}"))
}

/// What is decided on a photo.
pub fn decided(made: Option<&Decision>, model: Option<&ModelInfo>) -> String {
    made.map_or_else(|| "not yet".into(), |made| decision(made, model))
}

/// The label that the network proposes, to be accepted.
pub fn proposal(label: Option<&str>, model: Option<&ModelInfo>) -> String {
    label.map_or_else(|| "No proposal".into(), |label| format!("It is: {}", label_name(label, model)))
}

/// So many more than are named.
pub fn and_more(number: usize) -> String {
    format!("and {number} more")
}

/// What is to be known of an opened folder: labels that the network does not know, and files beside the labels' folders.
pub fn folder_notes<P>(folder: &Folder<P>, model: Option<&ModelInfo>) -> String {
    let is_unknown = |label: &&String| model.is_some_and(|model| model.label(label).is_none());
    let unknown: Vec<_> = folder.labels.iter().filter(is_unknown).map(String::as_str).collect();
    let mut notes = String::new();
    if !unknown.is_empty() {
        notes = format!("The network does not know {}: these photos come last. ", unknown.join(", "));
    }
    match &folder.unlabelled[..] {
        [] => {}
        [only] => notes += &format!("1\u{a0}file is in no label’s folder and was left out: {only}."),
        [first, ..] => {
            let files = folder.unlabelled.len();
            notes +=
                &format!("{files}\u{a0}files are in no label’s folder and were left out, such as {first}.");
        }
    }
    notes
}

/// The names of a folder's labels, in their order.
pub fn label_names<P>(folder: &Folder<P>, model: Option<&ModelInfo>) -> Vec<String> {
    folder.labels.iter().map(|label| label_name(label, model)).collect()
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

/// How far the moving is.
pub fn moving(done: usize, all: usize) -> String {
    format!("Moving photos: {done} of {all}")
}

/// Why no photos were moved, or no more.
impl Explained for ApplyError {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Forbidden => "The browser was not allowed to change files in this folder.".into(),
            Self::Unfinished(journal) => {
                format!("Moves were begun here and not finished: {journal} lists them.").into()
            }
            Self::Changed(files) => {
                let (first, more) = (&files[0], files.len() - 1);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{first}{more} changed or went away since the folder was opened.").into()
            }
            Self::Failed { file, detail } => {
                format!("{file} could not be written or moved: {}.", detail.trim_end_matches('.')).into()
            }
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self {
            Self::Forbidden => "Apply again and allow it, or save your decisions.",
            Self::Unfinished(_) => {
                "Take them back first, with “python -m clothing_model apply --undo --data FOLDER --yes”."
            }
            Self::Changed(_) => "Nothing was moved. Open the folder again: your other decisions are kept.",
            Self::Failed { .. } => {
                "Check that it is there, and that the folder has room and can be written to. Then apply again: photos that were not moved keep their decisions."
            }
        };
        remedy.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_cause_and_remedy() {
        let changed = ApplyError::Changed(vec!["hat/1.jpg".into(), "hat/2.jpg".into()]);
        assert_eq!(changed.cause(), "hat/1.jpg and 1 more changed or went away since the folder was opened.");
        let failed = ApplyError::Failed { file: "hat/1.jpg".into(), detail: "The disk is full.".into() };
        assert_eq!(failed.cause(), "hat/1.jpg could not be written or moved: The disk is full.");
        for error in
            [ApplyError::Forbidden, ApplyError::Unfinished(".bin/x/begun.csv".into()), changed, failed]
        {
            assert!(error.cause().ends_with('.') && error.remedy().ends_with('.'), "{error:?}");
        }
    }
}

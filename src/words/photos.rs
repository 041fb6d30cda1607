//! The list of photos and the engine that answers them.

use super::Explained;
use crate::{
    classifier::Prediction,
    engine::{EngineState, ItemState},
};

/// What a screen reader hears of one photo, if there is something to say.
pub fn announce_item(file_name: &str, state: &ItemState) -> Option<String> {
    match state {
        ItemState::Waiting => None,
        ItemState::Working => Some(format!("Looking at {file_name}.")),
        ItemState::Done(done) => Some(format!("{file_name}: {}.", done.said.line)),
        ItemState::Refused(refusal) => Some(format!("{file_name}: {}", refusal.explanation())),
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

/// A photo was taken off the list.
pub fn removed(file_name: &str) -> String {
    format!("{file_name} removed.")
}

/// The list was cleared.
pub const ALL_REMOVED: &str = "All photos removed.";

/// The last of several photos has its answer.
pub fn all_answered(photos: usize) -> String {
    format!("All {photos} photos are answered.")
}

/// How many of the list's photos have their answer.
pub fn answered(done: usize, all: usize) -> String {
    if done == all { format!("{all} photos") } else { format!("{done} of {all} photos answered") }
}

/// How far the model has come, in per cent.
pub fn loading(percent: u64) -> String {
    match percent {
        100 => "Starting…".into(),
        percent => format!("Getting ready: {percent}\u{a0}%"),
    }
}

/// Why a photo waits.
pub fn waiting(engine: &EngineState) -> &'static str {
    match engine {
        EngineState::Asleep | EngineState::Loading { .. } => "Waiting for the network to load…",
        EngineState::Ready(_) => "In the queue",
        EngineState::Failed(_) => "Waiting: the network has not loaded",
    }
}

/// Something was dropped that is no file.
pub const NO_FILE: &str = "That was not a file. Save the picture first, then drop it here.";

/// Something was pasted that holds no picture.
pub const NOTHING_TO_PASTE: &str = "There is no picture to paste. Copy one first, then paste it here.";

/// What a photo's picture is, for those who do not see it.
pub fn your_photo(file_name: &str) -> String {
    format!("Your photo {file_name}")
}

/// What a button does: takes a photo off the list.
pub fn remove_button(file_name: &str) -> String {
    format!("Remove {file_name}")
}

/// What a button does: opens a photo's card, or closes it if it is `open`.
pub fn details_button(file_name: &str, open: bool) -> String {
    format!("{} details of {file_name}", if open { "Hide" } else { "Show" })
}

/// What a button does: lays the network's evidence over a photo, or takes it away if it is `shown`.
pub fn map_button(shown: bool) -> &'static str {
    if shown { "Hide where it looked" } else { "Show where it looked" }
}

/// A photo's size, and how long it took.
pub fn facts(prediction: &Prediction) -> String {
    format!(
        "{} × {} pixels, read in {:.0} ms, recognised in {:.0} ms",
        prediction.width, prediction.height, prediction.milliseconds.decode, prediction.milliseconds.infer,
    )
}

/// What a button does: opens the device's own dialogue, for one photo or `several`.
pub fn choose_button(several: bool) -> &'static str {
    if several { "Choose photos" } else { "Choose a photo" }
}

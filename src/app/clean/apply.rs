//! Carrying decisions out in the folder itself. Whatever happens on the way, each photo is in one of its two places, and the
//! journal in the bin tells which were moved.

use js_sys::Date;
use wasm_bindgen::JsValue;
use web_sys::File;

use super::directory::{Directory, reason, text};
use crate::clean::{ApplyError, Decision, Decisions, Folder, Move, bin_name, journal, plan, targets};

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Applying {
    Idle,
    /// The page asks whether it is meant.
    Confirming,
    Moving {
        done: usize,
        all: usize,
    },
    /// What came of it, in words.
    Done(String),
    Failed(String),
}

/// What was done, and what stood in the way of the rest.
pub struct Outcome {
    /// Each with the photo as it can be read in its new place.
    pub moved: Vec<(Move, File)>,
    pub error: Option<ApplyError>,
}

/// Moves photos as is decided. `progress` hears how many of how many are moved.
pub async fn apply(
    directory: &Directory,
    folder: &Folder<File>,
    decisions: &Decisions,
    progress: impl Fn(usize, usize),
) -> Outcome {
    let mut moved = Vec::new();
    let error = carry_out(directory, folder, decisions, &mut moved, progress).await.err();
    Outcome { moved, error }
}

async fn carry_out(
    directory: &Directory,
    folder: &Folder<File>,
    decisions: &Decisions,
    moved: &mut Vec<(Move, File)>,
    progress: impl Fn(usize, usize),
) -> Result<(), ApplyError> {
    let bin = new_bin(directory).await?;
    check(directory, folder, decisions).await?;
    let mut existing = Vec::new();
    for target in targets(folder, decisions) {
        let names = directory.names(&target).await.map_err(failed(&target))?;
        existing.extend(names.into_iter().map(|name| format!("{target}/{name}")));
    }
    let moves = plan(folder, decisions, &bin, existing);
    if moves.is_empty() {
        return Ok(());
    }

    let [begun, done] = ["begun", "journal"].map(|name| format!(".bin/{bin}/{name}.csv"));
    write(directory, &begun, &journal(&moves)).await?;
    let mut fault = Ok(());
    for each in &moves {
        progress(moved.len(), moves.len());
        match directory.relocate(&each.from, &each.to).await {
            Ok(file) => moved.push((each.clone(), file)),
            Err(error) => {
                fault = Err(failed(&each.from)(error));
                break;
            }
        }
    }
    // If this fails, the other journal stays and tells as much: moves that were not made are passed over.
    if !moved.is_empty() {
        write(directory, &done, &journal(moved.iter().map(|(each, _)| each))).await?;
    }
    directory.remove(&begun).await.map_err(failed(&begun))?;
    if moved.is_empty() {
        // Where nothing is in them.
        for folder in [&*format!(".bin/{bin}"), ".bin"] {
            let _ = directory.remove(folder).await;
        }
    }
    fault
}

/// A new folder's name in the bin, where no earlier moves are unfinished.
async fn new_bin(directory: &Directory) -> Result<String, ApplyError> {
    let names = directory.names(".bin").await.map_err(failed(".bin"))?;
    for name in &names {
        let begun = format!(".bin/{name}/begun.csv");
        if directory.file(&begun).await.map_err(failed(&begun))?.is_some() {
            return Err(ApplyError::Unfinished(begun));
        }
    }
    Ok(bin_name(&String::from(Date::new_0().to_iso_string()), &names))
}

/// All photos that are to move are there as they were opened.
async fn check(
    directory: &Directory,
    folder: &Folder<File>,
    decisions: &Decisions,
) -> Result<(), ApplyError> {
    let mut changed = Vec::new();
    for (photo, _) in decisions.iter().filter(|(_, decision)| **decision != Decision::Keep) {
        let photo = &folder.photos[photo];
        let file = directory.file(&photo.file).await.map_err(failed(&photo.file))?;
        if file.is_none_or(|file| file.size() as u64 != photo.bytes) {
            changed.push(photo.file.clone());
        }
    }
    if changed.is_empty() { Ok(()) } else { Err(ApplyError::Changed(changed)) }
}

async fn write(directory: &Directory, path: &str, content: &str) -> Result<(), ApplyError> {
    let content = text(content).map_err(failed(path))?;
    directory.write(path, &content).await.map(|_| ()).map_err(failed(path))
}

fn failed(file: &str) -> impl Fn(JsValue) -> ApplyError {
    move |error| ApplyError::Failed { file: file.into(), detail: reason(&error) }
}

//! What somebody gives the page: files that are chosen, dropped or pasted, and folders with all that is in them.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use super::words;
use crate::photo::{is_photo_name, sort_key};

/// One thing that was dropped or pasted.
pub enum Dropped {
    File(File),
    Folder(FileSystemDirectoryEntry),
}

/// A file, or one that the browser has yet to hand out: of thousands, each is asked for in its turn.
#[derive(Clone)]
pub enum Picked {
    File(File),
    Entry(FileSystemFileEntry),
}

impl Picked {
    /// `None` if it cannot be had: it has gone since it was listed.
    pub async fn file(&self) -> Option<File> {
        match self {
            Self::File(file) => Some(file.clone()),
            Self::Entry(entry) => {
                let read = |given: &Function, failed: &Function| {
                    entry.file_with_callback_and_callback(given, failed)
                };
                promised(read).await.ok().map(JsCast::unchecked_into)
            }
        }
    }
}

/// The photos among what was dropped.
pub struct Photos {
    pub picked: Vec<Picked>,
    /// What is to be said of folders that hold none or could not be read.
    pub lacking: Option<String>,
}

/// The files of a list.
pub fn all(files: &FileList) -> impl Iterator<Item = File> {
    (0..files.length()).filter_map(|index| files.get(index))
}

/// What was chosen with an input for folders, each file with its path, the folder's name first.
pub fn chosen(files: &FileList) -> Vec<(String, File)> {
    let path = |file: &File| Reflect::get(file, &"webkitRelativePath".into()).ok()?.as_string();
    all(files).filter_map(|file| Some((path(&file)?, file))).collect()
}

/// What was dropped or pasted, in its order. Browsers tell it only while the event lasts.
pub fn dropped(transfer: &DataTransfer) -> Vec<Dropped> {
    let items = transfer.items();
    let thing = |index| {
        let item = items.get(index)?;
        // Where a browser does not tell folders from files, a folder is a file that cannot be read.
        match item.webkit_get_as_entry().ok().flatten() {
            Some(entry) if entry.is_directory() => Some(Dropped::Folder(entry.unchecked_into())),
            _ => item.get_as_file().ok().flatten().map(Dropped::File),
        }
    };
    (0..items.length()).filter_map(thing).collect()
}

/// Each file that was dropped, and of the folders those files that are photos by their names.
pub async fn photos(dropped: Vec<Dropped>) -> Photos {
    let (mut picked, mut lacking) = (Vec::new(), Vec::new());
    for each in dropped {
        match each {
            Dropped::File(file) => picked.push(Picked::File(file)),
            Dropped::Folder(folder) => {
                let name = folder.name();
                let Listed { mut files, is_whole } = list(folder).await;
                files.retain(|(path, _)| is_photo_name(path.rsplit('/').next().unwrap_or_default()));
                files.sort_by_cached_key(|(path, _)| sort_key(path));
                if !is_whole {
                    lacking.push(words::unread(&name));
                } else if files.is_empty() {
                    lacking.push(words::no_photos(&name));
                }
                picked.extend(files.into_iter().map(|(_, entry)| Picked::Entry(entry)));
            }
        }
    }
    Photos { picked, lacking: (!lacking.is_empty()).then(|| lacking.join(" ")) }
}

/// All files of a folder and of the folders in it, each with its path, the folder's name first. Hidden ones and what cannot be
/// read are left out.
pub async fn files(folder: FileSystemDirectoryEntry) -> Vec<(String, File)> {
    let mut files = Vec::new();
    for (path, entry) in list(folder).await.files {
        if let Some(file) = Picked::Entry(entry).file().await {
            files.push((path, file));
        }
    }
    files
}

/// What is in a folder and in the folders in it, but for what is hidden: files with their paths.
struct Listed {
    files: Vec<(String, FileSystemFileEntry)>,
    /// Whether each of the folders could be read.
    is_whole: bool,
}

async fn list(folder: FileSystemDirectoryEntry) -> Listed {
    let mut listed = Listed { files: Vec::new(), is_whole: true };
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        let reader: FileSystemDirectoryReader = folder.create_reader();
        // Some at a time, until there are no more.
        loop {
            let read = |given: &Function, failed: &Function| {
                let _ = reader.read_entries_with_callback_and_callback(given, failed);
            };
            let entries: Array = promised(read).await.map_or_else(
                |_| {
                    listed.is_whole = false;
                    Array::new()
                },
                JsCast::unchecked_into,
            );
            if entries.length() == 0 {
                break;
            }
            for entry in entries.iter().map(JsCast::unchecked_into::<FileSystemEntry>) {
                if entry.name().starts_with('.') {
                    continue;
                }
                if entry.is_directory() {
                    folders.push(entry.unchecked_into());
                } else {
                    let path = entry.full_path().trim_start_matches('/').to_string();
                    listed.files.push((path, entry.unchecked_into()));
                }
            }
        }
    }
    listed
}

/// What a function gives to the first of its callbacks; the second hears of a failure.
async fn promised(call: impl Fn(&Function, &Function)) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |given, failed| call(&given, &failed))).await
}

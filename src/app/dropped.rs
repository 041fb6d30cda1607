//! What somebody gives the page: files that are chosen, dropped or pasted, and folders with all that is in them.

use js_sys::{Array, Function, Map, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use crate::photo::{is_photo_name, sort_key};

/// Something that was chosen, dropped or pasted.
pub enum Given {
    File(File),
    /// A folder, or a file in one: of thousands, each is asked for in its turn.
    Entry(FileSystemEntry),
}

impl Given {
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Entry(entry) if entry.is_directory())
    }

    /// `None` if it cannot be had: it has gone since it was listed.
    pub async fn file(&self) -> Option<File> {
        match self {
            Self::File(file) => Some(file.clone()),
            Self::Entry(entry) => {
                let entry: &FileSystemFileEntry = entry.unchecked_ref();
                let read = |given: &Function, failed: &Function| {
                    entry.file_with_callback_and_callback(given, failed)
                };
                promised(read).await.ok().map(JsCast::unchecked_into)
            }
        }
    }
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
pub fn dropped(transfer: &DataTransfer) -> Vec<Given> {
    let items = transfer.items();
    let given = |index| {
        let item = items.get(index)?;
        // Where a browser does not tell folders from files, a folder is a file that cannot be read.
        match item.webkit_get_as_entry().ok().flatten() {
            Some(entry) if entry.is_directory() => Some(Given::Entry(entry)),
            _ => item.get_as_file().ok().flatten().map(Given::File),
        }
    };
    (0..items.length()).filter_map(given).collect()
}

/// The files among what was given, and in the place of each folder those in it that are photos by their names. Also the names
/// of folders without any.
pub async fn photos(given: Vec<Given>) -> (Vec<Given>, Vec<String>) {
    let (mut photos, mut without) = (Vec::new(), Vec::new());
    for each in given {
        match each {
            Given::Entry(folder) => {
                // The browser's own sorting spares the page one of its own.
                let found = Map::new();
                for entry in list(folder.clone()).await {
                    if is_photo_name(&entry.name()) {
                        found.set(&sort_key(&entry.full_path()).into(), &entry);
                    }
                }
                if found.size() == 0 {
                    without.push(folder.name());
                }
                let entry = |key| Given::Entry(found.get(&key).unchecked_into());
                photos.extend(Array::from(&found.keys()).sort().iter().map(entry));
            }
            file => photos.push(file),
        }
    }
    (photos, without)
}

/// All files of a folder and of the folders in it, each with its path, the folder's name first. Hidden ones and what cannot be
/// read are left out.
pub async fn files(folder: FileSystemEntry) -> Vec<(String, File)> {
    let mut files = Vec::new();
    for entry in list(folder).await {
        let path = entry.full_path().trim_start_matches('/').to_string();
        if let Some(file) = Given::Entry(entry).file().await {
            files.push((path, file));
        }
    }
    files
}

/// The files in a folder and in the folders in it, but for what is hidden or cannot be read.
async fn list(folder: FileSystemEntry) -> Vec<FileSystemEntry> {
    let (mut files, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        let reader: FileSystemDirectoryReader =
            folder.unchecked_into::<FileSystemDirectoryEntry>().create_reader();
        // Some at a time, until there are no more.
        loop {
            let read = |given: &Function, failed: &Function| {
                let _ = reader.read_entries_with_callback_and_callback(given, failed);
            };
            let entries: Array = promised(read).await.map_or_else(|_| Array::new(), JsCast::unchecked_into);
            if entries.length() == 0 {
                break;
            }
            for entry in entries.iter().map(JsCast::unchecked_into::<FileSystemEntry>) {
                if !entry.name().starts_with('.') {
                    if entry.is_directory() { folders.push(entry) } else { files.push(entry) }
                }
            }
        }
    }
    files
}

/// What a function gives to the first of its callbacks; the second hears of a failure.
async fn promised(call: impl Fn(&Function, &Function)) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |given, failed| call(&given, &failed))).await
}

//! The files of a folder that somebody has opened, each with its path, the folder's name first.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

/// What was chosen with an input for folders.
pub fn chosen(files: &FileList) -> Vec<(String, File)> {
    let path = |file: &File| Reflect::get(file, &"webkitRelativePath".into()).ok()?.as_string();
    (0..files.length())
        .filter_map(|index| files.get(index))
        .filter_map(|file| Some((path(&file)?, file)))
        .collect()
}

/// The one folder among what was dropped. Browsers tell it only while the event lasts.
pub fn dropped(transfer: &DataTransfer) -> Option<FileSystemDirectoryEntry> {
    let items = transfer.items();
    let entry = |index| items.get(index)?.webkit_get_as_entry().ok().flatten();
    let mut folders = (0..items.length()).filter_map(entry).filter(FileSystemEntry::is_directory);
    let folder = folders.next()?;
    folders.next().is_none().then(|| folder.unchecked_into())
}

/// All files in a folder and in the folders in it. What cannot be read is left out.
pub async fn files(folder: FileSystemDirectoryEntry) -> Vec<(String, File)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        let reader: FileSystemDirectoryReader = folder.create_reader();
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
                if entry.is_directory() {
                    folders.push(entry.unchecked_into());
                    continue;
                }
                let path = entry.full_path().trim_start_matches('/').to_string();
                let entry: FileSystemFileEntry = entry.unchecked_into();
                let read = |given: &Function, failed: &Function| {
                    entry.file_with_callback_and_callback(given, failed)
                };
                if let Ok(file) = promised(read).await {
                    files.push((path, file.unchecked_into()));
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

//! Where decisions on photos outlive the page: one entry each in the browser's storage, written before the next key can
//! be pressed.

use leptos::prelude::window;
use web_sys::Storage;

use crate::clean::Entry;

/// Of one folder, by its name. Another tab may write to it too: a number that is taken is never given again.
pub struct Journal {
    prefix: String,
    next: u64,
}

impl Journal {
    /// Opens it; also what it has so far, in the order in which it was written.
    pub fn of(folder: &str) -> (Self, Vec<(u64, Entry)>) {
        let prefix = format!("clothing-classifier clean {folder}/");
        let mut entries = Vec::new();
        if let Some(storage) = storage() {
            for index in 0..storage.length().unwrap_or(0) {
                let Some(key) = storage.key(index).ok().flatten() else { continue };
                let number = key.strip_prefix(&prefix).and_then(|number| number.parse().ok());
                let entry = storage.get_item(&key).ok().flatten();
                if let (Some(number), Some(Ok(entry))) =
                    (number, entry.map(|text| serde_json::from_str(&text)))
                {
                    entries.push((number, entry));
                }
            }
        }
        entries.sort_by_key(|(number, _)| *number);
        let next = entries.last().map_or(0, |(number, _)| number + 1);
        (Self { prefix, next }, entries)
    }

    /// Writes an entry and returns its number; `None` if the browser does not keep it.
    pub fn append(&mut self, entry: &Entry) -> Option<u64> {
        let storage = storage()?;
        while storage.get_item(&self.key(self.next)).ok()?.is_some() {
            self.next += 1;
        }
        storage.set_item(&self.key(self.next), &serde_json::to_string(entry).ok()?).ok()?;
        self.next += 1;
        Some(self.next - 1)
    }

    /// Takes an entry out.
    pub fn remove(&self, number: u64) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.key(number));
        }
    }

    fn key(&self, number: u64) -> String {
        format!("{}{number}", self.prefix)
    }
}

/// Browsers may forbid it.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

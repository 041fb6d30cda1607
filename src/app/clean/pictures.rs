use std::collections::HashMap;

use leptos::prelude::*;
use web_sys::{File, Url};

/// Object URLs of the photos that are shown, and of no others, by the photos' paths: their numbers change when photos are
/// moved. Copies are the same.
#[derive(Clone, Copy)]
pub struct Pictures(StoredValue<HashMap<String, String>, LocalStorage>);

impl Pictures {
    /// Without any yet. All are let go of with the view that they are made for.
    pub fn new() -> Self {
        let pictures = Self(StoredValue::new_local(HashMap::new()));
        on_cleanup(move || pictures.keep(&[]));
        pictures
    }

    /// The address at which a photo is shown.
    pub fn url(self, path: &str, file: &File) -> String {
        let url = self.0.try_update_value(|urls| {
            let made = || Url::create_object_url_with_blob(file).unwrap_or_default();
            urls.entry(path.into()).or_insert_with(made).clone()
        });
        url.unwrap_or_default()
    }

    /// Lets go of all others.
    pub fn keep(self, paths: &[&str]) {
        self.0.try_update_value(|urls| {
            urls.retain(|path, url| {
                let is_kept = paths.contains(&&**path);
                if !is_kept {
                    let _ = Url::revoke_object_url(url);
                }
                is_kept
            });
        });
    }
}

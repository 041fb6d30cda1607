pub mod about;
pub mod clean;
pub mod home;
pub mod not_found;

use leptos::prelude::*;

/// Names the page in the browser's tab.
fn title(words: &str) {
    document().set_title(words);
}

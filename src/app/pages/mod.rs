pub mod about;
pub mod clean;
pub mod home;
pub mod not_found;
pub mod widget;

use leptos::prelude::*;

/// Names the page in the browser's tab.
fn title(words: &str) {
    document().set_title(words);
}

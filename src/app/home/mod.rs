//! The first page: choose a photo, read what it shows.

mod class_map;
mod guesses;
mod page;
mod photo_card;
mod photo_list;
mod picker;
mod samples;

pub use page::Home;

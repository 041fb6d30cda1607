//! Wrong, awkward, damaged and foreign files do no harm.

#[path = "../files/mod.rs"]
mod files;
mod models;
mod photos;
#[path = "../files/tiny_model.rs"]
mod tiny_model;

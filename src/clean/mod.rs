//! Cleaning labelled photos: a network is asked about each, those whose label it finds least likely come first, and a
//! person keeps, relabels or deletes them. Nothing here touches a file: the decisions become a table that
//! `python -m clothing_model apply` carries out.
//!
//! [`Folder`] is what was opened, [`Judgement`] what the network says of one photo's label, [`Decisions`] what the
//! person says, with all steps back; [`Review`] brings the three together, [`table`] writes them down.

mod decisions;
mod folder;
mod judgement;
mod review;
mod table;

pub use decisions::{Decision, Decisions, Entry};
pub use folder::{Folder, Photo};
pub use judgement::{Judgement, Order, Standing};
pub use review::{Filter, Review};
pub use table::{Change, changes, table};

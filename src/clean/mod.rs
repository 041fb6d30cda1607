//! Cleaning labelled photos: a network is asked about each, those whose label it finds least likely are shown first, and a
//! person keeps, relabels or deletes them. Nothing here touches a file: the decisions become a table that
//! `python -m clothing_model apply` carries out, or [`Move`]s that the page makes.
//!
//! [`Folder`] is what was opened, [`Judgement`] what the network says about one photo's label, [`Decisions`] what the person says, with all steps back; [`Review`] brings them together, [`table`] writes
//! them down.

mod action;
mod decisions;
mod folder;
mod judgement;
mod moves;
mod near_duplicates;
mod review;
mod table;

pub use action::Action;
pub use decisions::{Decision, Decisions, Entry};
pub use folder::{Folder, LabelledPhoto};
pub use judgement::{Judgement, Order, Status};
pub use moves::{ApplyError, Move, bin_name, journal, plan, targets};
pub use near_duplicates::{Grouping, NearDuplicates};
pub use review::{Review, Subset};
pub use table::{Change, changes, table};

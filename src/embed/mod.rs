//! What the page in another site's frame and that site say to each other.
//!
//! [`Options`] are what the site chooses; [`message`] is the protocol of `public/embed.js`, which is the site's
//! side. All of it is pure: what comes from a site is judged here, field by field, before anything is done.

pub mod message;
mod options;

pub use options::{Colour, Options, Theme};

//! What the network knows and how good it is.

mod page;

pub use page::About;

//! Files for tests, all made by code or from the fixtures.

pub mod awkward;
pub mod encode;
pub mod mutate;

//! Files for tests of robustness, all made by code or out of the fixtures.

pub mod awkward;
pub mod encode;
pub mod mutate;

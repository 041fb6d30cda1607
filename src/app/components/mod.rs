pub mod announcer;
pub mod bars;
pub mod drop_zone;
pub mod engine_status;
pub mod icon;
pub mod offline_status;
pub mod own_model;

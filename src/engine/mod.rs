//! The classifier in a Web Worker, so that the page never waits for it.
//!
//! The page holds an `client::Engine` and hands it files; a worker answers them one after
//! another, several where many wait. [`pool`] decides how many workers there are and what each does, [`queue`] which photo
//! is next and what a worker's death means for it (both pure, so they run natively). `client` does what the pool says on
//! the page's side, `download` brings the worker's code and the model. Several frames of a page have one engine: [`frames`]
//! decides which runs it and who is asked what (pure), `shared` does what it says.
//! `worker` is the other side, which leaves some formats to `browser_decoder`; `message` is what both say to each other.

#[cfg(all(target_arch = "wasm32", feature = "inference"))]
mod browser_decoder;
pub mod frames;
pub mod pool;
pub mod queue;
mod state;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod client;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod download;
#[cfg(target_arch = "wasm32")]
pub mod message;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod shared;
#[cfg(all(target_arch = "wasm32", feature = "inference"))]
pub mod worker;

pub use state::{Answered, EngineState, Failure, ItemState, Outcome, Refusal, Said, Told};

/// Whether a browser runs on a phone or tablet, whose memory is small, by what it calls itself.
pub fn is_phone(user_agent: &str) -> bool {
    ["Android", "iPhone", "iPad"].iter().any(|phone| user_agent.contains(phone))
}

use serde::{Deserialize, Serialize};

use crate::classifier::{Answer, ModelInfo, Verdict};

/// Where the engine stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EngineState {
    /// It has not been asked for yet.
    Asleep,
    /// Bytes of the model that have arrived, of all there are. The worker's code comes beside them, uncounted.
    Loading { received: u64, total: u64 },
    /// Photos are answered by this model.
    Ready(ModelInfo),
    /// Nothing is answered until the person tries again.
    Failed(Failure),
}

/// Where one photo stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemState {
    /// In the queue.
    Waiting,
    /// The worker has it.
    Working,
    Done(Box<Answered>),
    Refused(Refusal),
}

impl ItemState {
    /// Whether no more is to come.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Refused(_))
    }
}

/// What came of one photo.
pub type Outcome = Result<Box<Answered>, Refusal>;

/// What the network says of a photo, and how a person is told. The worker finds the words, so that the page, which is
/// loaded first, holds none for every kind of answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    pub answer: Answer,
    pub said: Said,
}

/// An answer in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub verdict: Verdict,
    /// What it is: "Polo shirt".
    pub headline: String,
    /// How sure that is, or what else to know: "94 % sure".
    pub detail: String,
    /// Both in one: "Polo shirt, 94 % sure".
    pub line: String,
}

/// Why the engine is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// A part could not be fetched, or its bytes stopped coming.
    Unreachable,
    /// The server answered a part's request with this HTTP status.
    Missing { status: u16 },
    /// The browser has no WebAssembly with SIMD, or no module workers.
    OldBrowser,
    /// The model file is not one that this page can use; the loader's reason.
    Model { reason: String },
    /// The worker ended before it was ready, twice in a row; the browser's reason.
    Crashed { reason: String },
}

/// Why one photo has no answer; the others are not affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The file is not a photo that can be used.
    Photo(Told),
    /// The network failed on it.
    Inference(Told),
    /// The browser could not read the file.
    Unreadable,
    /// The worker ended over it, twice.
    Crashed,
    /// The worker did not answer in time, twice.
    TimedOut,
}

/// What happened and what the person can do about it, a sentence each. The worker finds the words for what it refuses, so
/// that the page, which is loaded first, holds none for every format's faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub cause: String,
    pub remedy: String,
}

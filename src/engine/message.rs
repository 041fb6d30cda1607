use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

use super::{queue::ItemId, state::Outcome};
use crate::{classifier::ModelInfo, photo::Measurements};

/// A photo to be answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    /// It travels as a handle: its bytes are read where they are needed.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub photo: web_sys::File,
    /// Identifiers of the labels to choose among; all, if there are none.
    pub among: Vec<String>,
}

/// Page to worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    Classify {
        id: u32,
        question: Question,
        /// Whether the photo's pixels are to be measured, too.
        measure: bool,
    },
}

/// Worker to page.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The model is loaded; requests are welcome.
    Ready(ModelInfo),
    /// The model cannot be used; the loader's reason.
    BadModel { reason: String },
    /// One for each request, in their order.
    Answered {
        id: u32,
        outcome: Outcome,
        /// Where they were asked for. They are read as [`Measured`], so that pages that never ask have no code for them.
        #[serde(skip_deserializing)]
        measurements: Option<Measurements>,
    },
}

/// [`Reply::Answered`], read for what was measured.
#[derive(Debug, Deserialize)]
pub enum Measured {
    Answered { id: u32, measurements: Option<Measurements> },
}

impl Measured {
    /// What a worker's message says was measured of which photo, if anything.
    pub fn of(message: &JsValue) -> Option<(ItemId, Measurements)> {
        match from_js(message.clone()) {
            Ok(Self::Answered { id, measurements: Some(measurements) }) => Some((ItemId(id), measurements)),
            _ => None,
        }
    }
}

pub fn to_js(message: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    message.serialize(&serde_wasm_bindgen::Serializer::json_compatible())
}

pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, serde_wasm_bindgen::Error> {
    serde_wasm_bindgen::from_value(value)
}

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::photo;

/// Why a photo got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClassifyError {
    /// The file was not accepted as a photo.
    Photo(photo::Error),
    /// The network could not be run on it, or yielded what is not a number.
    Inference(String),
}

impl ClassifyError {
    /// What happened, in one sentence.
    pub fn cause(&self) -> String {
        match self {
            ClassifyError::Photo(error) => error.cause(),
            ClassifyError::Inference(reason) => format!("The network failed on this photo ({reason})."),
        }
    }

    /// What the person can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            ClassifyError::Photo(error) => error.remedy(),
            ClassifyError::Inference(_) => "Try another photo.",
        }
    }
}

impl fmt::Display for ClassifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause(), self.remedy())
    }
}

impl std::error::Error for ClassifyError {}

impl From<photo::Error> for ClassifyError {
    fn from(error: photo::Error) -> Self {
        ClassifyError::Photo(error)
    }
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// The file is larger than `limit` bytes.
    TooLarge { bytes: u64, limit: u64 },
    /// The bytes are not an ONNX file.
    NotOnnx { reason: String },
    /// The file's `metadata_props` lack this key.
    MissingKey { key: &'static str },
    /// The value of this key is not what it should be.
    WrongValue { key: &'static str, reason: String },
    /// An input or output has another name, type or shape than the metadata call for.
    Shape { tensor: &'static str, expected: String, found: String },
    /// The network has an operator that is not known here, or one used in an unknown way.
    Unsupported { reason: String },
}

impl ModelError {
    /// What is the matter with the file, in one sentence.
    pub fn cause(&self) -> String {
        match self {
            ModelError::TooLarge { bytes, limit } => format!(
                "The model file has {} MB; at most {} MB can be used.",
                bytes.div_ceil(1_000_000),
                limit / 1_000_000
            ),
            ModelError::NotOnnx { reason } => format!("The model file is not a whole ONNX file ({reason})."),
            ModelError::MissingKey { key } => format!("The model file's metadata lack “{key}”."),
            ModelError::WrongValue { key, reason } => {
                format!("The model file's metadata “{key}” are wrong: {reason}.")
            }
            ModelError::Shape { tensor, expected, found } => {
                format!("The model's {tensor} should be {expected}, but is {found}.")
            }
            ModelError::Unsupported { reason } => format!("The model cannot be run here ({reason})."),
        }
    }

    /// What can be done about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            ModelError::TooLarge { .. } => "Choose a smaller network, or store its weights as int8.",
            ModelError::NotOnnx { .. } => "Fetch or copy it again.",
            ModelError::MissingKey { .. } | ModelError::WrongValue { .. } | ModelError::Shape { .. } => {
                "Export it with this project's `export`, which writes shapes and metadata that agree."
            }
            ModelError::Unsupported { .. } => "Export a network made of operators that tract knows.",
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause(), self.remedy())
    }
}

impl std::error::Error for ModelError {}

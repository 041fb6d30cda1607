//! An upright photo → what garment is on it, by an ONNX network that describes itself.
//!
//! ```no_run
//! use clothing_classifier::{classifier::Classifier, photo::Limits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let classifier = Classifier::from_onnx(std::fs::read("model/clothing.onnx")?)?;
//! let answer = classifier.classify_bytes(&std::fs::read("polo.jpg")?, &Limits::default())?;
//! println!("{}", answer.prediction.name);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "inference")]
mod classify;
#[cfg(feature = "inference")]
mod contract;
#[cfg(feature = "inference")]
mod convolution;
#[cfg(feature = "inference")]
mod decide;
mod error;
#[cfg(feature = "inference")]
mod graph;
mod model_info;
#[cfg(feature = "inference")]
mod network;
#[cfg(feature = "inference")]
mod operators;
mod prediction;
#[cfg(feature = "inference")]
mod preprocess;
pub mod report;
mod sniff;

#[cfg(feature = "inference")]
pub use classify::{Classifier, milliseconds_since};
pub use error::{ClassifyError, Fault, ModelError, TooLarge, UnknownUse};
pub use model_info::{Family, Filter, Fit, Group, Label, Metrics, ModelInfo, Resize, Thresholds};
pub use prediction::{
    Alternative, Answer, ClassMap, KnownFamily, Milliseconds, Placement, Prediction, Verdict,
};
#[cfg(feature = "inference")]
pub use preprocess::{least, normalise, to_square};
pub use sniff::{ONNX_BYTES, is_model_name, is_onnx};

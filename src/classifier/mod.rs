//! An upright photo → what garment is on it, by an ONNX network that describes itself.
//!
//! ```no_run
//! use clothing_classifier::{classifier::Classifier, photo::Limits, words::Explained};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let classifier = Classifier::from_onnx(std::fs::read("model/clothing.onnx")?);
//! let classifier = classifier.map_err(|error| error.explanation())?;
//! match classifier.classify_bytes(&std::fs::read("polo.jpg")?, &Limits::default()) {
//!     Ok(answer) => println!("{}", answer.prediction.name),
//!     Err(error) => println!("{}", error.explanation()),
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "inference")]
mod classify;
#[cfg(feature = "inference")]
mod decide;
mod error;
mod model_info;
#[cfg(feature = "inference")]
mod onnx;
mod prediction;
#[cfg(feature = "inference")]
mod preprocess;
pub mod report;
mod sniff;

#[cfg(feature = "inference")]
pub use classify::Classifier;
pub use error::{
    ClassifyError, Fault, InferenceError, ModelError, NotOnnx, TooLarge, UnknownUse, WrongValue,
};
pub use model_info::{Family, Group, Label, Metrics, ModelInfo, Thresholds};
pub use prediction::{Alternative, Answer, ClassMap, KnownFamily, Milliseconds, Prediction, Verdict};
#[cfg(feature = "inference")]
pub use preprocess::normalise;
pub use sniff::{ONNX_BYTES, is_model_name, is_onnx};

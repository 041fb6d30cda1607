//! The network that answers.

use crate::classifier::{Metrics, ModelInfo};

/// What the model's file says about itself.
pub fn model_facts(model: &ModelInfo) -> String {
    format!(
        "Model {}, {size} × {size} pixels, licence {}.",
        model.version,
        model.license,
        size = model.input_size
    )
}

/// What photos the figures that follow were measured on: those of sources that were not trained on.
pub fn measured_on_unseen(metrics: &Metrics) -> String {
    format!("Measured on {} photos of people and shops that it has never seen a photo of:", metrics.photos)
}

/// Likewise: others from the sources that were trained on.
pub fn measured_on_familiar(metrics: &Metrics) -> String {
    format!("On {} more photos of those that it was trained on, it does better:", metrics.photos)
}

/// A file was given as a network that cannot be used. `reason`: one or several sentences.
pub fn model_not_used(file_name: &str, reason: &str) -> String {
    format!("{file_name} is not used. {reason}")
}

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::ModelError;

/// What a model file says of itself in its `metadata_props`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    pub version: String,
    /// In the order of the logits.
    pub labels: Vec<Label>,
    /// Side of the square input in pixels.
    pub input_size: u32,
    pub resize: Resize,
    /// Per channel (RGB), on pixel values scaled to 0..1.
    pub mean: [f32; 3],
    pub std: [f32; 3],
    /// Logits are divided by it before the softmax (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    pub temperature: f32,
    /// Least calibrated probability of the best label, by its group, for it to count as recognised.
    pub thresholds: BTreeMap<Group, f32>,
    /// Digest of the training data, `sha256:<hex>`.
    pub training_data: String,
    /// SPDX expression.
    pub license: String,
    /// Figures measured on the test split, if they were recorded.
    pub metrics: Option<Metrics>,
}

impl ModelInfo {
    /// The label of that identifier.
    pub fn label(&self, id: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// Reads keys and values of an ONNX file's `metadata_props`; unknown keys are let be.
    ///
    /// # Errors
    ///
    /// [`ModelError::MissingKey`] and [`ModelError::WrongValue`].
    pub fn from_metadata<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ModelError> {
        let metadata = Metadata(entries.into_iter().collect());
        if metadata.text("format")? != "1" {
            return Err(ModelError::WrongValue { key: "format", reason: "only “1” is known".into() });
        }
        let info = Self {
            version: metadata.text("version")?.into(),
            labels: metadata.json("labels")?,
            input_size: metadata.json("input_size")?,
            resize: metadata.json("resize")?,
            mean: metadata.json("mean")?,
            std: metadata.json("std")?,
            temperature: metadata.json("temperature")?,
            thresholds: metadata.json("thresholds")?,
            training_data: metadata.text("training_data")?.into(),
            license: metadata.text("license")?.into(),
            metrics: metadata.0.contains_key("metrics").then(|| metadata.json("metrics")).transpose()?,
        };
        info.check()?;
        Ok(info)
    }

    fn check(&self) -> Result<(), ModelError> {
        let ensure = |holds: bool, key: &'static str, reason: &str| {
            if holds { Ok(()) } else { Err(ModelError::WrongValue { key, reason: reason.into() }) }
        };
        let ids: BTreeSet<&str> = self.labels.iter().map(|label| &*label.id).collect();
        ensure(!self.labels.is_empty(), "labels", "there are none")?;
        ensure(ids.len() == self.labels.len(), "labels", "two have the same id")?;
        ensure(
            self.labels.iter().all(|label| !label.id.is_empty() && !label.name.is_empty()),
            "labels",
            "one has no id or no name",
        )?;
        ensure((1..=4096).contains(&self.input_size), "input_size", "it is not between 1 and 4096")?;
        ensure(self.std.iter().all(|&std| std > 0.0), "std", "one is not above 0")?;
        ensure(self.temperature > 0.0, "temperature", "it is not above 0")?;
        ensure(
            self.thresholds.values().all(|threshold| (0.0..=1.0).contains(threshold)),
            "thresholds",
            "one is not between 0 and 1",
        )?;
        ensure(
            self.labels
                .iter()
                .all(|label| label.group == Group::None || self.thresholds.contains_key(&label.group)),
            "thresholds",
            "a group of the labels has none",
        )
    }
}

struct Metadata<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Metadata<'a> {
    fn text(&self, key: &'static str) -> Result<&'a str, ModelError> {
        self.0.get(key).copied().ok_or(ModelError::MissingKey { key })
    }

    fn json<T: DeserializeOwned>(&self, key: &'static str) -> Result<T, ModelError> {
        serde_json::from_str(self.text(key)?)
            .map_err(|error| ModelError::WrongValue { key, reason: error.to_string() })
    }
}

/// One class of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Such as `polo-shirt`.
    pub id: String,
    /// Such as `Polo shirt`.
    pub name: String,
    /// For use inside a sentence, such as `a polo shirt`. Defaults to the lower-case name.
    #[serde(default)]
    pub phrase: Option<String>,
    pub group: Group,
}

impl Label {
    /// The label inside a sentence: "a polo shirt", "jeans".
    pub fn phrase(&self) -> String {
        self.phrase.clone().unwrap_or_else(|| self.name.to_lowercase())
    }
}

/// What kind of thing a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The garments that the model is made for.
    Core,
    /// Other garments it also knows.
    Garment,
    /// No garment at all.
    None,
}

/// How a photo becomes the square input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    pub fit: Fit,
    pub filter: Filter,
}

/// How the photo's shape meets the square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The whole photo, centred; the rest is filled with the mean colour of its outermost ring of pixels.
    Pad,
    /// The largest centred square.
    Crop,
    /// The whole photo, its shape not kept.
    Stretch,
}

/// Antialiased resampling filter, as Pillow defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    Bilinear,
    Bicubic,
    Lanczos,
}

/// Headline figures of a model on photos it was not trained on; each a share, 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Number of photos measured on.
    pub photos: u32,
    /// Right among all labels, over all photos.
    pub top1: f32,
    /// Right among all labels, over photos of the core garments.
    pub top1_core: f32,
    /// Right when only the core labels compete, over photos of the core garments.
    pub top1_core_only: f32,
    /// Expected calibration error, 15 bins.
    pub ece: f32,
}

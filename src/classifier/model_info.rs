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
    /// Size of the largest model file that is used, in bytes. While a network is made ready its weights are in memory
    /// several times; more than this no phone has room for.
    pub const LARGEST_FILE: u64 = 200_000_000;

    /// Checks a model file's size.
    ///
    /// # Errors
    ///
    /// [`ModelError::TooLarge`].
    pub fn check_bytes(bytes: u64) -> Result<(), ModelError> {
        let limit = Self::LARGEST_FILE;
        if bytes > limit { Err(ModelError::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// The label of that identifier.
    pub fn label(&self, id: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// Whether an answer of that probability counts as recognised.
    pub fn recognises(&self, best: &Label, probability: f32) -> bool {
        best.group != Group::None
            && self.thresholds.get(&best.group).is_some_and(|&threshold| probability >= threshold)
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
        let mut info = Self {
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
            metrics: metadata.json_if_there("metrics")?,
        };
        let ByLabel { by_label } = metadata.json_if_there("metrics")?.unwrap_or_default();
        for label in &mut info.labels {
            label.recall = by_label.get(&label.id).and_then(|found| found.recall);
        }
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

    fn json_if_there<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>, ModelError> {
        self.0.contains_key(key).then(|| self.json(key)).transpose()
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
    /// Of its photos among those that the metrics are of, how many are called so, 0 to 1; `None` if the file does not tell.
    #[serde(default)]
    pub recall: Option<f32>,
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

/// The part of the metrics that belongs to the labels.
#[derive(Default, Deserialize)]
struct ByLabel {
    /// By their identifiers.
    #[serde(default)]
    by_label: BTreeMap<String, Found>,
}

#[derive(Deserialize)]
struct Found {
    recall: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: [(&str, &str); 11] = [
        ("format", "1"),
        ("version", "2026.11-1"),
        (
            "labels",
            r#"[{"id":"dress","name":"Dress","phrase":"a dress","group":"core"},
                {"id":"socks","name":"Socks","group":"garment"},
                {"id":"not-clothing","name":"Not clothing","group":"none"}]"#,
        ),
        ("input_size", "224"),
        ("resize", r#"{"fit":"pad","filter":"bilinear"}"#),
        ("mean", "[0.5, 0.4, 0.3]"),
        ("std", "[0.5, 0.5, 1]"),
        ("temperature", "1.25"),
        ("thresholds", r#"{"core":0.4,"garment":0.45}"#),
        ("training_data", "sha256:00"),
        ("license", "MIT OR Apache-2.0"),
    ];

    /// The metadata above with another value for `key`, or with none.
    fn with(key: &'static str, value: Option<&'static str>) -> Result<ModelInfo, ModelError> {
        let others = METADATA.into_iter().filter(|(other, _)| *other != key);
        ModelInfo::from_metadata(others.chain(value.map(|value| (key, value))))
    }

    #[test]
    fn metadata_are_read() {
        let info = with("unknown key", Some("no matter")).unwrap();
        assert_eq!((&*info.version, info.input_size, info.temperature), ("2026.11-1", 224, 1.25));
        assert_eq!(info.resize, Resize { fit: Fit::Pad, filter: Filter::Bilinear });
        assert_eq!((info.mean, info.std), ([0.5, 0.4, 0.3], [0.5, 0.5, 1.0]));
        assert_eq!(info.thresholds, [(Group::Core, 0.4), (Group::Garment, 0.45)].into());
        assert_eq!((&*info.training_data, &*info.license), ("sha256:00", "MIT OR Apache-2.0"));
        assert_eq!(
            info.labels.iter().map(Label::phrase).collect::<Vec<_>>(),
            ["a dress", "socks", "not clothing"]
        );
        assert_eq!(info.label("socks").unwrap().group, Group::Garment);
        assert!(info.label("hat").is_none() && info.metrics.is_none());
    }

    #[test]
    fn metrics_are_optional() {
        let json =
            r#"{"split":"test","photos":2021,"top1":0.87,"top1_core":0.9,"top1_core_only":0.97,"ece":0.02}"#;
        let metrics = Metrics { photos: 2021, top1: 0.87, top1_core: 0.9, top1_core_only: 0.97, ece: 0.02 };
        assert_eq!(with("metrics", Some(json)).unwrap().metrics, Some(metrics));
    }

    #[test]
    fn metrics_of_labels_are_optional_too() {
        let json = r#"{"photos":9,"top1":0.8,"top1_core":0.9,"top1_core_only":0.9,"ece":0,
            "by_label":{"dress":{"photos":9,"recall":0.75,"precision":0.5},"socks":{"photos":0,"recall":null}}}"#;
        let info = with("metrics", Some(json)).unwrap();
        let recall = |id| info.label(id).unwrap().recall;
        assert_eq!((recall("dress"), recall("socks"), recall("not-clothing")), (Some(0.75), None, None));
    }

    #[test]
    fn each_missing_key_is_named() {
        for (key, _) in METADATA {
            assert_eq!(with(key, None), Err(ModelError::MissingKey { key }));
        }
    }

    #[test]
    fn wrong_values_are_refused_by_their_key() {
        for (key, value) in [
            ("format", "2"),
            ("labels", "shirts"),
            ("labels", "[]"),
            ("labels", r#"[{"id":"a","name":"A","group":"hat"}]"#),
            ("labels", r#"[{"id":"","name":"A","group":"core"}]"#),
            ("labels", r#"[{"id":"a","name":"A","group":"core"},{"id":"a","name":"B","group":"core"}]"#),
            ("input_size", "0"),
            ("input_size", "224.5"),
            ("input_size", "100000"),
            ("resize", r#"{"fit":"pad","filter":"nearest"}"#),
            ("mean", "[0.5, 0.5]"),
            ("std", "[0.5, 0.5, 0]"),
            ("temperature", "0"),
            ("temperature", "warm"),
            ("thresholds", r#"{"core":40,"garment":40}"#),
            ("thresholds", r#"{"core":0.4}"#),
            ("metrics", "good"),
        ] {
            let error = with(key, Some(value)).expect_err(value);
            assert!(matches!(error, ModelError::WrongValue { key: found, .. } if found == key), "{error}");
        }
    }
}

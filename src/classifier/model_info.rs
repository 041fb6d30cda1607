use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Fault, TooLarge, WrongValue};
use crate::photo::Resize;

/// What a model file says about itself in its `metadata_props`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    pub version: String,
    /// In the order of the logits.
    pub labels: Vec<Label>,
    /// Side of the square input, in pixels.
    pub input_size: u32,
    pub resize: Resize,
    /// By channel (RGB), of pixel values from 0 to 1.
    pub mean: [f32; 3],
    /// Likewise.
    pub std: [f32; 3],
    /// Logits are divided by it before the softmax (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    pub temperature: f32,
    /// Stays in the worker, which decides by them.
    #[serde(skip)]
    pub thresholds: Thresholds,
    /// The family of each label, in their order. Stays in the worker, too.
    #[serde(skip)]
    pub families: Vec<Option<Family>>,
    /// Digest of the training data, `sha256:<hex>`.
    pub training_data: String,
    /// SPDX expression.
    pub license: String,
    /// Measured on photos from sources that were not trained on, if recorded.
    pub metrics: Option<Metrics>,
    /// Measured on other photos from the sources that were trained on, if recorded.
    pub metrics_familiar: Option<Metrics>,
}

impl ModelInfo {
    /// Size of the largest model file that is accepted, in bytes. While a network is made ready, its weights are in memory several
    /// times; phones have no room for more.
    pub const LARGEST_FILE: u64 = 200_000_000;

    /// Checks a model file's size.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn check_bytes(bytes: u64) -> Result<(), TooLarge> {
        let limit = Self::LARGEST_FILE;
        if bytes > limit { Err(TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// The label with that identifier.
    pub fn label(&self, id: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// The family of the label with that identifier.
    pub fn family(&self, id: &str) -> Option<&Family> {
        let of = self.labels.iter().zip(&self.families).find(|(label, _)| label.id == id);
        of.and_then(|(_, family)| family.as_ref())
    }

    /// Whether the best label counts as recognised with that calibrated probability, 0 to 1.
    pub fn recognises(&self, best: &Label, probability: f32) -> bool {
        self.thresholds.of(best.group).is_some_and(|threshold| probability >= threshold)
    }

    /// Reads keys and values of an ONNX file's `metadata_props`; unknown keys are ignored. Also returns what they say about the
    /// network's shapes, even if something else is wrong with them.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn read<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Result<Self, Vec<Fault>>, Shapes) {
        let mut metadata =
            Metadata { entries: entries.into_iter().collect(), missing: Vec::new(), faults: Vec::new() };
        if let Some(format) = metadata.text("format") {
            metadata.ensure(format == "1", "format", WrongValue::UnknownFormat);
        }
        let version = metadata.text("version");
        let labels: Option<Vec<Label>> = metadata.json("labels");
        let families: Option<Vec<InFamily>> = labels.as_ref().and_then(|_| metadata.json("labels"));
        let families: Vec<_> = families.unwrap_or_default().into_iter().map(|label| label.family).collect();
        if let Some(labels) = &labels {
            metadata.check_labels(labels, &families);
        }
        let input_size = metadata.json::<u32>("input_size").filter(|size| {
            metadata.ensure((1..=4096).contains(size), "input_size", WrongValue::SizeOutOfRange)
        });
        let resize = metadata.json("resize");
        let mean = metadata.json("mean");
        let std: Option<[f32; 3]> = metadata.json("std");
        if let Some(std) = std {
            metadata.ensure(std.iter().all(|&std| std > 0.0), "std", WrongValue::OneNotPositive);
        }
        let temperature: Option<f32> = metadata.json("temperature");
        if let Some(temperature) = temperature {
            metadata.ensure(temperature > 0.0, "temperature", WrongValue::NotPositive);
        }
        let thresholds: Option<Thresholds> = metadata.json("thresholds");
        if let Some(thresholds) = &thresholds {
            metadata.check_thresholds(thresholds, labels.as_deref().unwrap_or_default(), &families);
        }
        let training_data = metadata.text("training_data");
        let license = metadata.text("license");
        let metrics: Option<Metrics> = metadata.json_if_there("metrics");
        let metrics_familiar = metadata.json_if_there("metrics_familiar");
        let ByLabel { by_label } =
            metrics.as_ref().and_then(|_| metadata.json_if_there("metrics")).unwrap_or_default();

        let shapes = Shapes { labels: labels.as_ref().map(Vec::len), side: input_size };
        let info = || {
            let mut labels = labels?;
            for label in &mut labels {
                label.recall = by_label.get(&label.id).and_then(|found| found.recall);
            }
            Some(Self {
                version: version?.into(),
                labels,
                input_size: input_size?,
                resize: resize?,
                mean: mean?,
                std: std?,
                temperature: temperature?,
                thresholds: thresholds?,
                families,
                training_data: training_data?.into(),
                license: license?.into(),
                metrics,
                metrics_familiar,
            })
        };
        let faults = metadata.all_faults();
        let info = info().filter(|_| faults.is_empty()).ok_or(faults);
        (info, shapes)
    }
}

/// What the metadata say about the network's shapes, if they do.
pub struct Shapes {
    /// Number of labels.
    pub labels: Option<usize>,
    /// Side of the square input, in pixels.
    pub side: Option<u32>,
}

/// Entries by their keys, and the faults found in them.
struct Metadata<'a> {
    entries: BTreeMap<&'a str, &'a str>,
    missing: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl<'a> Metadata<'a> {
    fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let text = self.entries.get(key).copied();
        if text.is_none() {
            self.missing.push(key);
        }
        text
    }

    fn json<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        match serde_json::from_str(self.text(key)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.ensure(false, key, WrongValue::Malformed { detail: error.to_string() });
                None
            }
        }
    }

    fn json_if_there<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.entries.contains_key(key).then(|| self.json(key)).flatten()
    }

    /// Notes a fault unless a condition `holds`. Returns whether it does.
    fn ensure(&mut self, holds: bool, key: &'static str, reason: WrongValue) -> bool {
        if !holds {
            self.faults.push(Fault::WrongValue { key, reason });
        }
        holds
    }

    fn check_labels(&mut self, labels: &[Label], families: &[Option<Family>]) {
        let ids: BTreeSet<&str> = labels.iter().map(|label| &*label.id).collect();
        let named = labels
            .iter()
            .map(|label| (&label.id, &label.name))
            .chain(families.iter().flatten().map(|family| (&family.id, &family.name)))
            .all(|(id, name)| !id.is_empty() && !name.is_empty());
        self.ensure(!labels.is_empty(), "labels", WrongValue::NoLabels);
        self.ensure(ids.len() == labels.len(), "labels", WrongValue::DuplicateId);
        self.ensure(named, "labels", WrongValue::Unnamed);
    }

    fn check_thresholds(&mut self, thresholds: &Thresholds, labels: &[Label], families: &[Option<Family>]) {
        let Thresholds { core, garment, family } = *thresholds;
        let shares = [core, garment, family].into_iter().flatten().all(|share| (0.0..=1.0).contains(&share));
        let known = |label: &Label| label.group == Group::None || thresholds.of(label.group).is_some();
        self.ensure(shares, "thresholds", WrongValue::NotAShare);
        self.ensure(labels.iter().all(known), "thresholds", WrongValue::GroupWithoutThreshold);
        let of_families = families.iter().any(Option::is_some);
        self.ensure(!of_families || family.is_some(), "thresholds", WrongValue::FamiliesWithoutThreshold);
    }

    fn all_faults(self) -> Vec<Fault> {
        let missing = (!self.missing.is_empty()).then_some(Fault::MissingKeys(self.missing));
        missing.into_iter().chain(self.faults).collect()
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
    /// Share of its photos that were recognised as such when the metrics were measured, 0 to 1; `None` if the file does not say.
    #[serde(default)]
    pub recall: Option<f32>,
}

impl Label {
    /// The label inside a sentence: "a polo shirt", "jeans".
    pub fn phrase(&self) -> String {
        self.phrase.clone().unwrap_or_else(|| self.name.to_lowercase())
    }
}

/// The part of a label's entry that stays in the worker.
#[derive(Deserialize)]
struct InFamily {
    family: Option<Family>,
}

/// What several labels have in common, such as tops: the network may be sure of a top where it is not sure of a shirt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Family {
    /// Such as `top`.
    pub id: String,
    /// Such as `Top`.
    pub name: String,
    /// For use inside a sentence, such as `a top`. Defaults to the lower-case name.
    #[serde(default)]
    pub phrase: Option<String>,
}

impl Family {
    /// The family inside a sentence: "a top", "footwear".
    pub fn phrase(&self) -> String {
        self.phrase.clone().unwrap_or_else(|| self.name.to_lowercase())
    }
}

/// The calibrated probabilities, 0 to 1, from which an answer is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Thresholds {
    /// From which the best label counts as recognised, if it is of the group core.
    pub core: Option<f32>,
    /// The same for the group garment.
    pub garment: Option<f32>,
    /// From which a family is named where no label is recognised.
    pub family: Option<f32>,
}

impl Thresholds {
    /// That of a label's group. Nothing is recognised as [`Group::None`].
    pub fn of(&self, group: Group) -> Option<f32> {
        match group {
            Group::Core => self.core,
            Group::Garment => self.garment,
            Group::None => None,
        }
    }
}

/// What kind of thing a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The garments that the model is made for.
    Core,
    /// Other garments it also knows.
    Garment,
    /// Not a garment.
    None,
}

/// Headline figures of a model on photos that it was not trained on; the shares are 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Number of photos.
    pub photos: u32,
    /// Share of all photos whose label is the most probable.
    pub top1: f32,
    /// The same share of the photos of core garments.
    pub top1_core: f32,
    /// Share of the photos of core garments whose label is the most probable of the core labels.
    pub top1_core_only: f32,
    /// Expected calibration error, in 15 bins.
    pub ece: f32,
}

/// The part of the metrics that belongs to the labels.
#[derive(Default, Deserialize)]
struct ByLabel {
    /// By identifier.
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
    use crate::photo::{Filter, Fit};

    const METADATA: [(&str, &str); 11] = [
        ("format", "1"),
        ("version", "2026.11-1"),
        (
            "labels",
            r#"[{"id":"dress","name":"Dress","phrase":"a dress","group":"core","family":{"id":"long","name":"Long"}},
                {"id":"socks","name":"Socks","group":"garment"},
                {"id":"not-clothing","name":"Not clothing","group":"none"}]"#,
        ),
        ("input_size", "224"),
        ("resize", r#"{"fit":"pad","filter":"bilinear"}"#),
        ("mean", "[0.5, 0.4, 0.3]"),
        ("std", "[0.5, 0.5, 1]"),
        ("temperature", "1.25"),
        ("thresholds", r#"{"core":0.4,"garment":0.45,"family":0.6}"#),
        ("training_data", "sha256:00"),
        ("license", "MIT OR Apache-2.0"),
    ];

    /// The metadata above with another value for `key`, or with none.
    fn with(key: &'static str, value: Option<&'static str>) -> Result<ModelInfo, Vec<Fault>> {
        let others = METADATA.into_iter().filter(|(other, _)| *other != key);
        ModelInfo::read(others.chain(value.map(|value| (key, value)))).0
    }

    #[test]
    fn metadata_are_read() {
        let info = with("unknown key", Some("no matter")).unwrap();
        assert_eq!((&*info.version, info.input_size, info.temperature), ("2026.11-1", 224, 1.25));
        assert_eq!(info.resize, Resize { fit: Fit::Pad, filter: Filter::Bilinear });
        assert_eq!((info.mean, info.std), ([0.5, 0.4, 0.3], [0.5, 0.5, 1.0]));
        assert_eq!(info.thresholds, Thresholds { core: Some(0.4), garment: Some(0.45), family: Some(0.6) });
        assert_eq!((&*info.training_data, &*info.license), ("sha256:00", "MIT OR Apache-2.0"));
        assert_eq!(
            info.labels.iter().map(Label::phrase).collect::<Vec<_>>(),
            ["a dress", "socks", "not clothing"]
        );
        assert_eq!(info.label("socks").unwrap().group, Group::Garment);
        assert_eq!(info.family("dress").map(Family::phrase), Some("long".into()));
        assert!(info.label("hat").is_none() && info.metrics.is_none());
    }

    #[test]
    fn metrics_are_optional() {
        let json =
            r#"{"split":"test","photos":2021,"top1":0.87,"top1_core":0.9,"top1_core_only":0.97,"ece":0.02}"#;
        let metrics = Metrics { photos: 2021, top1: 0.87, top1_core: 0.9, top1_core_only: 0.97, ece: 0.02 };
        let [info, familiar] = ["metrics", "metrics_familiar"].map(|key| with(key, Some(json)).unwrap());
        assert_eq!((info.metrics, info.metrics_familiar), (Some(metrics.clone()), None));
        assert_eq!((familiar.metrics, familiar.metrics_familiar), (None, Some(metrics)));
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
    fn missing_keys_are_named() {
        let missing = |keys| Err(vec![Fault::MissingKeys(keys)]);
        for (key, _) in METADATA {
            assert_eq!(with(key, None), missing(vec![key]));
        }
        let (none, shapes) = ModelInfo::read([]);
        assert_eq!(none, missing(METADATA.map(|(key, _)| key).into()));
        assert_eq!((shapes.labels, shapes.side), (None, None));
    }

    #[test]
    fn all_faults_are_told_at_once_and_what_is_known_of_shapes() {
        let entries = METADATA.map(|(key, value)| match key {
            "labels" => ("other", value),
            "mean" => (key, "0.5"),
            "std" => (key, "[0, 1, 1]"),
            "thresholds" => (key, "{}"),
            _ => (key, value),
        });
        let (info, shapes) = ModelInfo::read(entries);
        let keys: Vec<_> = info
            .unwrap_err()
            .into_iter()
            .map(|fault| match fault {
                Fault::MissingKeys(keys) => keys.join(" "),
                Fault::WrongValue { key, .. } => key.into(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(keys, ["labels", "mean", "std"]);
        assert_eq!((shapes.labels, shapes.side), (None, Some(224)));
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
            ("labels", r#"[{"id":"a","name":"A","group":"core","family":"top"}]"#),
            ("labels", r#"[{"id":"a","name":"A","group":"core","family":{"id":"","name":"T"}}]"#),
            ("input_size", "0"),
            ("input_size", "224.5"),
            ("input_size", "100000"),
            ("resize", r#"{"fit":"pad","filter":"nearest"}"#),
            ("mean", "[0.5, 0.5]"),
            ("std", "[0.5, 0.5, 0]"),
            ("temperature", "0"),
            ("temperature", "warm"),
            ("thresholds", r#"{"core":40,"garment":40,"family":40}"#),
            ("thresholds", r#"{"core":0.4,"family":0.5}"#),
            ("thresholds", r#"{"core":0.4,"garment":0.4}"#),
            ("metrics", "good"),
        ] {
            let faults = with(key, Some(value)).expect_err(value);
            assert!(
                matches!(faults[..], [Fault::WrongValue { key: found, .. }] if found == key),
                "{value}: {faults:?}"
            );
        }
    }
}

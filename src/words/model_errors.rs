//! Why a model file cannot be used.

use std::borrow::Cow;

use super::Explained;
use crate::classifier::{Fault, ModelError, NotOnnx, TooLarge, UnknownUse, WrongValue};

/// At most this many faults are listed; the rest is counted.
const TOLD: usize = 12;

/// In characters, since names and reasons come from the file and from libraries.
const LONGEST: usize = 300;

impl Explained for ModelError {
    /// One sentence; of several faults, a line for each.
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::TooLarge(error) => error.cause(),
            Self::NotOnnx(error) => {
                let reason = match error {
                    NotOnnx::Malformed { detail } => &clipped(detail),
                    NotOnnx::NoGraph => "it has no graph",
                };
                format!("The model file is not a whole ONNX file ({reason}).").into()
            }
            Self::Unfit(faults) => match &faults[..] {
                [only] => fault(only).into(),
                _ => {
                    let more = faults.len().saturating_sub(TOLD);
                    let told = faults.iter().take(TOLD).map(|each| format!("\n– {}", fault(each)));
                    let more = if more > 0 { format!("\n– And {more} more.") } else { String::new() };
                    format!(
                        "{} things are the matter with it:{}{more}\n",
                        faults.len(),
                        told.collect::<String>()
                    )
                    .into()
                }
            },
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Self::TooLarge(error) => error.remedy(),
            Self::NotOnnx(_) => "Fetch or copy it again.".into(),
            Self::Unfit(_) => {
                "Export it with this project’s `export`, or give it what it lacks, as docs/model-file.md shows."
                    .into()
            }
        }
    }

    fn explanation(&self) -> String {
        let cause = self.cause();
        let space = if cause.ends_with('\n') { "" } else { " " };
        format!("{cause}{space}{}", self.remedy())
    }
}

impl Explained for TooLarge {
    fn cause(&self) -> Cow<'_, str> {
        format!(
            "The model file has {} MB; at most {} MB can be used.",
            self.bytes.div_ceil(1_000_000),
            self.limit / 1_000_000
        )
        .into()
    }

    fn remedy(&self) -> Cow<'_, str> {
        "Choose a smaller network, or store its weights as int8.".into()
    }
}

/// One thing that is wrong with a model file, in a sentence.
pub fn fault(fault: &Fault) -> String {
    match fault {
        Fault::MissingKeys(keys) => format!("Its metadata lack {}.", quoted(keys)),
        Fault::WrongValue { key, reason } => {
            let reason = clipped(wrong_value(reason));
            format!("Its metadata “{key}” are wrong ({reason}); they must be {}.", form(key))
        }
        Fault::NoOutput { name, found } => match &found[..] {
            [] => format!("It has no output “{name}”."),
            found => format!("It has no output “{name}”; its outputs are {}.", clipped(&quoted(found))),
        },
        Fault::WrongInput { side, found } => {
            let side = side.map_or("side".into(), |side| side.to_string());
            let found: Vec<_> = found.iter().map(|input| input.as_deref().unwrap_or("no tensor")).collect();
            let found = if found.is_empty() { "missing".into() } else { found.join(" and ") };
            format!(
                "Its input must be one float [1, 3, {side}, {side}], each length a number, but is {}.",
                clipped(&found)
            )
        }
        Fault::WrongOutput { name, expected, found } => {
            format!("Its output “{name}” must be {expected}, but is {}.", clipped(found))
        }
        Fault::WeightsElsewhere => "Its weights lie in another file: save it as one.".into(),
        Fault::Opset { found, known: [least, most] } => {
            format!("Its operators are of ONNX’s version {found}; versions {least} to {most} can be read.")
        }
        Fault::UnknownOperators { unknown, known } => format!(
            "It uses operators that are not known here: {}. Known are {}.",
            clipped(&unknown.join(", ")),
            known.join(", ")
        ),
        Fault::UnknownUse { operator, node, how, times } => {
            let how = unknown_use(how);
            let others = match times {
                1 => String::new(),
                2 => ", as one other does".into(),
                times => format!(", as {} others do", times - 1),
            };
            format!("The operator {operator} at “{}” {how}{others}.", clipped(node))
        }
        Fault::Broken { detail } => format!("Its parts do not make a network ({}).", clipped(detail)),
        Fault::Panicked => "Its parts do not make a network (they do not fit together).".into(),
    }
}

/// What is wrong with a value in the metadata, for use inside a sentence.
fn wrong_value(reason: &WrongValue) -> &str {
    match reason {
        WrongValue::Malformed { detail } => detail,
        WrongValue::UnknownFormat => "only “1” is known",
        WrongValue::SizeOutOfRange => "it is not between 1 and 4096",
        WrongValue::NotPositive => "it is not above 0",
        WrongValue::OneNotPositive => "one is not above 0",
        WrongValue::NotAShare => "one is not between 0 and 1",
        WrongValue::NoLabels => "there are none",
        WrongValue::DuplicateId => "two have the same id",
        WrongValue::Unnamed => "one, or its family, has no id or no name",
        WrongValue::GroupWithoutThreshold => "a group of the labels has none",
        WrongValue::FamiliesWithoutThreshold => "the families of the labels have none",
    }
}

/// What an operator does that is not supported, for use inside a sentence.
fn unknown_use(how: &UnknownUse) -> String {
    match how {
        UnknownUse::Attribute { name, known } => {
            format!("has a value of “{name}” other than {}", known.join(", "))
        }
        UnknownUse::ComputedInput { slot } => format!("computes its input {slot}, which must be constant"),
        UnknownUse::Outputs { used, known } => format!("has {used} outputs, of which {known} can be used"),
    }
}

/// What the metadata under a key must be.
fn form(key: &str) -> &'static str {
    match key {
        "format" => "1",
        "labels" => {
            "a JSON list with an object {id, name, group} for each label, the ids all different, the groups core, garment or none; a family, if there is one, is an object {id, name}"
        }
        "input_size" => "a whole number from 1 to 4096, such as 224",
        "resize" => {
            "such as {\"fit\": \"pad\", \"filter\": \"bilinear\"}; fit is pad, crop or stretch, filter is bilinear, bicubic or lanczos"
        }
        "mean" => "three numbers, such as [0.485, 0.456, 0.406]",
        "std" => "three numbers above 0, such as [0.229, 0.224, 0.225]",
        "temperature" => "a number above 0, such as 1.0",
        "thresholds" => {
            "a number from 0 to 1 for each group of the labels but none, and for families if they have any, such as {\"core\": 0.5, \"garment\": 0.5, \"family\": 0.7}"
        }
        "metrics" | "metrics_familiar" => "what `evaluate --record` writes, or left out",
        _ => "a text",
    }
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("“{}”", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fault_is_a_sentence_and_several_are_a_list() {
        let missing = Fault::MissingKeys(vec!["mean", "std"]);
        let one = ModelError::Unfit(vec![missing.clone()]);
        assert_eq!(one.cause(), "Its metadata lack “mean”, “std”.");
        assert!(one.explanation().starts_with("Its metadata lack “mean”, “std”. Export it"), "{one:?}");
        let two = ModelError::Unfit(vec![missing, Fault::WeightsElsewhere]);
        assert_eq!(
            two.cause(),
            "2 things are the matter with it:\n– Its metadata lack “mean”, “std”.\n\
             – Its weights lie in another file: save it as one.\n"
        );
    }

    #[test]
    fn every_fault_is_a_sentence() {
        let text = |text: &str| text.to_string();
        let shapes = |shapes: &[&str]| shapes.iter().map(|shape| Some(text(shape))).collect::<Vec<_>>();
        let unknown_use =
            |how, times| Fault::UnknownUse { operator: "Pad".into(), node: "a".into(), how, times };
        let attribute =
            UnknownUse::Attribute { name: "mode".into(), known: ["constant", "edge"].map(text).into() };
        for (found, sentence) in [
            (
                Fault::WrongValue { key: "format", reason: WrongValue::UnknownFormat },
                "Its metadata “format” are wrong (only “1” is known); they must be 1.",
            ),
            (Fault::NoOutput { name: "logits", found: vec![] }, "It has no output “logits”."),
            (
                Fault::NoOutput { name: "logits", found: ["class_maps", "scores"].map(text).into() },
                "It has no output “logits”; its outputs are “class_maps”, “scores”.",
            ),
            (
                Fault::WrongInput { side: Some(8), found: shapes(&["float [1, 3, 4, 4]"]) },
                "Its input must be one float [1, 3, 8, 8], each length a number, but is float [1, 3, 4, 4].",
            ),
            (
                Fault::WrongInput { side: Some(4), found: shapes(&["float [1, 3, 4, 4]", "float [1]"]) },
                "Its input must be one float [1, 3, 4, 4], each length a number, but is float [1, 3, 4, 4] and float [1].",
            ),
            (
                Fault::WrongInput { side: Some(4), found: vec![] },
                "Its input must be one float [1, 3, 4, 4], each length a number, but is missing.",
            ),
            (
                Fault::WrongInput { side: None, found: vec![None] },
                "Its input must be one float [1, 3, side, side], each length a number, but is no tensor.",
            ),
            (
                Fault::WrongOutput {
                    name: "logits",
                    expected: "float [1, 3]".into(),
                    found: "float [1, 2]".into(),
                },
                "Its output “logits” must be float [1, 3], but is float [1, 2].",
            ),
            (Fault::WeightsElsewhere, "Its weights lie in another file: save it as one."),
            (
                Fault::Opset { found: 5, known: [7, 28] },
                "Its operators are of ONNX’s version 5; versions 7 to 28 can be read.",
            ),
            (
                Fault::UnknownOperators {
                    unknown: ["GlobalMystery", "com.example.Flatten"].map(text).into(),
                    known: ["Add", "AveragePool"].map(text).into(),
                },
                "It uses operators that are not known here: GlobalMystery, com.example.Flatten. Known are Add, AveragePool.",
            ),
            (
                unknown_use(attribute, 3),
                "The operator Pad at “a” has a value of “mode” other than constant, edge, as 2 others do.",
            ),
            (
                unknown_use(UnknownUse::ComputedInput { slot: 1 }, 2),
                "The operator Pad at “a” computes its input 1, which must be constant, as one other does.",
            ),
            (
                unknown_use(UnknownUse::Outputs { used: 2, known: 1 }, 1),
                "The operator Pad at “a” has 2 outputs, of which 1 can be used.",
            ),
            (Fault::Broken { detail: "a cycle".into() }, "Its parts do not make a network (a cycle)."),
            (Fault::Panicked, "Its parts do not make a network (they do not fit together)."),
        ] {
            assert_eq!(fault(&found), sentence);
        }
    }

    #[test]
    fn what_files_say_of_themselves_does_not_fill_the_page() {
        let long = || "ä".repeat(5000);
        let fault = || Fault::UnknownOperators { unknown: vec![long(); 9], known: vec!["Add".into()] };
        let said = ModelError::Unfit(vec![fault(); 50]).explanation();
        assert!(said.contains("And 38 more."), "{said}");
        assert!(said.chars().count() < 6000, "{said}");
        assert!(
            ModelError::NotOnnx(NotOnnx::Malformed { detail: long() }).explanation().chars().count() < 500
        );
    }
}

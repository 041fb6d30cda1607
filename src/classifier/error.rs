use std::fmt;

use crate::photo;

/// Why a photo got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassifyError {
    /// The file was not accepted as a photo.
    Photo(photo::Error),
    /// The network failed on it.
    Inference(InferenceError),
}

/// Why the network failed on a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InferenceError {
    /// The photo has no pixels.
    NoPixels,
    /// The network's output is not a number.
    NotANumber,
    /// The network did not run; `detail` is tract's reason.
    Failed { detail: String },
}

impl From<photo::Error> for ClassifyError {
    fn from(error: photo::Error) -> Self {
        ClassifyError::Photo(error)
    }
}

impl From<InferenceError> for ClassifyError {
    fn from(error: InferenceError) -> Self {
        ClassifyError::Inference(error)
    }
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    TooLarge(TooLarge),
    /// The bytes are not an ONNX file.
    NotOnnx(NotOnnx),
    /// The file is an ONNX file, but it has these faults.
    Unfit(Vec<Fault>),
}

/// Why bytes are not an ONNX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOnnx {
    /// They are no `ModelProto`; `detail` is the parser's reason.
    Malformed { detail: String },
    /// They are a `ModelProto` without a graph.
    NoGraph,
}

/// A model file has more bytes than can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    pub bytes: u64,
    pub limit: u64,
}

/// One thing that is wrong with a model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file's `metadata_props` lack these keys.
    MissingKeys(Vec<&'static str>),
    /// The value of this key is wrong.
    WrongValue { key: &'static str, reason: WrongValue },
    /// The graph has no output of this name. `found`: the names of its outputs.
    NoOutput { name: &'static str, found: Vec<String> },
    /// An input or output does not have the type and shape that the metadata call for.
    Shape { tensor: &'static str, expected: String, found: String },
    /// Weights are stored in another file.
    WeightsElsewhere,
    /// The version of ONNX's operators is not one of those known. `known`: the first and the last of them.
    Opset { found: i64, known: [i64; 2] },
    /// It uses these operators, which are not known here. `known`: those that are.
    UnknownOperators { unknown: Vec<String>, known: Vec<String> },
    /// Nodes use a known operator in an unsupported way. `node`: the name of the first of them; `times`: their number.
    UnknownUse { operator: String, node: String, how: UnknownUse, times: usize },
    /// The graph does not make a network; `detail` is the reader's or tract's reason.
    Broken { detail: String },
    /// tract panicked over the graph.
    Panicked,
}

/// What is wrong with a value in the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongValue {
    /// It does not have the expected form; `detail` is the parser's reason.
    Malformed { detail: String },
    /// The format's number is not 1.
    UnknownFormat,
    /// The input's side is not between 1 and 4096 pixels.
    SizeOutOfRange,
    /// It is not above 0.
    NotPositive,
    /// One of several numbers is not above 0.
    OneNotPositive,
    /// One of several shares is not between 0 and 1.
    NotAShare,
    /// There are no labels.
    NoLabels,
    /// Two labels have the same identifier.
    DuplicateId,
    /// A label or a family has no identifier or no name.
    Unnamed,
    /// A group that labels are of has no threshold.
    GroupWithoutThreshold,
    /// Labels have families, but these have no threshold.
    FamiliesWithoutThreshold,
}

/// How a known operator is used in an unsupported way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownUse {
    /// An attribute has a value that is not one of those known.
    Attribute { name: String, known: Vec<String> },
    /// This input is computed, but must be constant.
    ComputedInput { slot: usize },
    /// It has more outputs than can be used. `known`: how many can.
    Outputs { used: usize, known: usize },
}

/// At most this many faults are listed; the rest is counted.
const TOLD: usize = 12;

/// In characters, since names and reasons come from the file and from libraries.
const LONGEST: usize = 300;

impl ModelError {
    /// What is wrong with the file, in a sentence; of several faults, with a line for each.
    pub fn cause(&self) -> String {
        match self {
            ModelError::TooLarge(error) => error.cause(),
            ModelError::NotOnnx(error) => {
                let reason = match error {
                    NotOnnx::Malformed { detail } => &clipped(detail),
                    NotOnnx::NoGraph => "it has no graph",
                };
                format!("The model file is not a whole ONNX file ({reason}).")
            }
            ModelError::Unfit(faults) => match &faults[..] {
                [fault] => fault.to_string(),
                _ => {
                    let more = faults.len().saturating_sub(TOLD);
                    let told = faults.iter().take(TOLD).map(|fault| format!("\n– {fault}"));
                    let more = if more > 0 { format!("\n– And {more} more.") } else { String::new() };
                    format!(
                        "{} things are the matter with it:{}{more}\n",
                        faults.len(),
                        told.collect::<String>()
                    )
                }
            },
        }
    }

    /// What the person can do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            ModelError::TooLarge(_) => TooLarge::REMEDY,
            ModelError::NotOnnx(_) => "Fetch or copy it again.",
            ModelError::Unfit(_) => {
                "Export it with this project’s `export`, or give it what it lacks, as docs/model-file.md shows."
            }
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.cause();
        write!(f, "{cause}{}{}", if cause.ends_with('\n') { "" } else { " " }, self.remedy())
    }
}

impl std::error::Error for ModelError {}

impl TooLarge {
    const REMEDY: &str = "Choose a smaller network, or store its weights as int8.";

    fn cause(&self) -> String {
        format!(
            "The model file has {} MB; at most {} MB can be used.",
            self.bytes.div_ceil(1_000_000),
            self.limit / 1_000_000
        )
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause(), Self::REMEDY)
    }
}

impl From<TooLarge> for ModelError {
    fn from(error: TooLarge) -> Self {
        ModelError::TooLarge(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::MissingKeys(keys) => write!(f, "Its metadata lack {}.", quoted(keys)),
            Fault::WrongValue { key, reason } => {
                let reason = clipped(&reason.to_string());
                write!(f, "Its metadata “{key}” are wrong ({reason}); they must be {}.", form(key))
            }
            Fault::NoOutput { name, found } => match &found[..] {
                [] => write!(f, "It has no output “{name}”."),
                found => write!(f, "It has no output “{name}”; its outputs are {}.", clipped(&quoted(found))),
            },
            Fault::Shape { tensor, expected, found } => {
                write!(f, "Its {tensor} must be {expected}, but is {}.", clipped(found))
            }
            Fault::WeightsElsewhere => write!(f, "Its weights lie in another file: save it as one."),
            Fault::Opset { found, known: [least, most] } => {
                write!(
                    f,
                    "Its operators are of ONNX’s version {found}; versions {least} to {most} can be read."
                )
            }
            Fault::UnknownOperators { unknown, known } => write!(
                f,
                "It uses operators that are not known here: {}. Known are {}.",
                clipped(&unknown.join(", ")),
                known.join(", ")
            ),
            Fault::UnknownUse { operator, node, how, times } => {
                let others = match times {
                    1 => String::new(),
                    2 => ", as one other does".into(),
                    times => format!(", as {} others do", times - 1),
                };
                write!(f, "The operator {operator} at “{}” {how}{others}.", clipped(node))
            }
            Fault::Broken { detail } => write!(f, "Its parts do not make a network ({}).", clipped(detail)),
            Fault::Panicked => write!(f, "Its parts do not make a network (they do not fit together)."),
        }
    }
}

impl fmt::Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
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
        })
    }
}

impl fmt::Display for UnknownUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownUse::Attribute { name, known } => {
                write!(f, "has a value of “{name}” other than {}", known.join(", "))
            }
            UnknownUse::ComputedInput { slot } => {
                write!(f, "computes its input {slot}, which must be constant")
            }
            UnknownUse::Outputs { used, known } => {
                write!(f, "has {used} outputs, of which {known} can be used")
            }
        }
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
        assert!(one.to_string().starts_with("Its metadata lack “mean”, “std”. Export it"), "{one}");
        let two = ModelError::Unfit(vec![missing, Fault::WeightsElsewhere]);
        assert_eq!(
            two.cause(),
            "2 things are the matter with it:\n– Its metadata lack “mean”, “std”.\n\
             – Its weights lie in another file: save it as one.\n"
        );
    }

    #[test]
    fn what_files_say_of_themselves_does_not_fill_the_page() {
        let long = || "ä".repeat(5000);
        let fault = || Fault::UnknownOperators { unknown: vec![long(); 9], known: vec!["Add".into()] };
        let said = ModelError::Unfit(vec![fault(); 50]).to_string();
        assert!(said.contains("And 38 more."), "{said}");
        assert!(said.chars().count() < 6000, "{said}");
        assert!(ModelError::NotOnnx(NotOnnx::Malformed { detail: long() }).to_string().chars().count() < 500);
    }
}

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

impl From<TooLarge> for ModelError {
    fn from(error: TooLarge) -> Self {
        ModelError::TooLarge(error)
    }
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
    /// The graph's input is not one tensor `float [1, 3, side, side]` of fixed lengths. `side`: in pixels, if the metadata say
    /// it; `found`: types and shapes of the graph's inputs in the same notation, or `None` for what is no tensor.
    WrongInput { side: Option<usize>, found: Vec<Option<String>> },
    /// An output does not have the type and shape that the metadata call for; both as in `float [1, 17]`.
    WrongOutput { name: &'static str, expected: String, found: String },
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

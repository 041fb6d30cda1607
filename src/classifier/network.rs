use tract_onnx::{
    pb::ModelProto,
    prelude::{
        Datum, Framework, InferenceModelExt, IntoRunnable, IntoTValue, Tensor, TractResult, TypedFact,
        TypedModel, TypedSimplePlan, tvec,
    },
};

use super::{ClassifyError, ModelError};

/// The network as tract runs it: `image` `[1, 3, side, side]` in, `logits` `[1, K]` and `class_maps` `[1, K, h, w]` out.
pub struct Network {
    plan: std::sync::Arc<TypedSimplePlan>,
    side: usize,
    /// Rows and columns of a class map.
    grid: [usize; 2],
}

/// What one run yields.
pub struct Output {
    /// One for each label.
    pub logits: Vec<f32>,
    /// Rows and columns of a class map.
    pub grid: [usize; 2],
    /// `[K, rows, columns]`.
    class_maps: Vec<f32>,
}

impl Output {
    /// The map of that label, row-major.
    pub fn class_map(&self, label: usize) -> &[f32] {
        let cells = self.grid[0] * self.grid[1];
        &self.class_maps[label * cells..][..cells]
    }
}

/// Reads the bytes as an ONNX file, no more.
pub fn parse(mut bytes: &[u8]) -> Result<ModelProto, ModelError> {
    let proto = tract_onnx::onnx()
        .proto_model_for_read(&mut bytes)
        .map_err(|error| ModelError::NotOnnx { reason: error.to_string() })?;
    // Of no bytes, too, protobuf makes a message.
    if proto.graph.is_none() {
        return Err(ModelError::NotOnnx { reason: "it has no graph".into() });
    }
    Ok(proto)
}

impl Network {
    /// Checks names, types and shapes against the metadata and makes the network ready to run.
    pub fn new(proto: &ModelProto, labels: usize, side: usize) -> Result<Self, ModelError> {
        let model = typed(proto)?;
        let input = model.input_fact(0).map_err(unsupported)?;
        check("input", input, &[1, 3, side, side])?;
        check("output “logits”", model.output_fact(0).map_err(unsupported)?, &[1, labels])?;
        let maps = model.output_fact(1).map_err(unsupported)?;
        let grid = match maps.shape.as_concrete() {
            Some(&[_, _, rows, columns]) if rows > 0 && columns > 0 => [rows, columns],
            _ => [1, 1], // which `check` then refuses
        };
        check("output “class_maps”", maps, &[1, labels, grid[0], grid[1]])?;
        let plan = model.into_optimized().and_then(|model| model.into_runnable()).map_err(unsupported)?;
        Ok(Self { plan, side, grid })
    }

    /// Runs it on `[3, side, side]` normalised pixels.
    pub fn run(&self, pixels: &[f32]) -> Result<Output, ClassifyError> {
        let (logits, class_maps) =
            self.try_run(pixels).map_err(|error| ClassifyError::Inference(error.to_string()))?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(ClassifyError::Inference("its output is not a number".into()));
        }
        Ok(Output { logits, grid: self.grid, class_maps })
    }

    fn try_run(&self, pixels: &[f32]) -> TractResult<(Vec<f32>, Vec<f32>)> {
        let input = Tensor::from_shape(&[1, 3, self.side, self.side], pixels)?;
        let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
        let values =
            |ix: usize| TractResult::Ok(outputs[ix].to_plain_array_view::<f32>()?.iter().copied().collect());
        Ok((values(0)?, values(1)?))
    }
}

/// The network before optimisation, its outputs in the order `logits`, `class_maps`.
fn typed(proto: &ModelProto) -> Result<TypedModel, ModelError> {
    let graph = proto.graph.as_ref().expect("`parse` has seen to it");
    let output = |tensor: &'static str, name: &str| {
        graph.output.iter().position(|output| output.name == name).ok_or_else(|| ModelError::Shape {
            tensor,
            expected: "present".into(),
            found: "missing".into(),
        })
    };
    let (logits, class_maps) =
        (output("output “logits”", "logits")?, output("output “class_maps”", "class_maps")?);

    let mut model = tract_onnx::onnx().model_for_proto_model(proto).map_err(unsupported)?;
    if model.inputs.len() != 1 {
        return Err(ModelError::Shape {
            tensor: "input",
            expected: "one tensor".into(),
            found: format!("{} tensors", model.inputs.len()),
        });
    }
    let outputs = [model.outputs[logits], model.outputs[class_maps]];
    model.select_output_outlets(&outputs).map_err(unsupported)?;
    model.into_typed().map_err(unsupported)
}

fn check(tensor: &'static str, fact: &TypedFact, shape: &[usize]) -> Result<(), ModelError> {
    if fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(shape) {
        return Ok(());
    }
    Err(ModelError::Shape { tensor, expected: format!("f32 {shape:?}"), found: format!("{fact:?}") })
}

fn unsupported(error: impl std::fmt::Display) -> ModelError {
    ModelError::Unsupported { reason: format!("{error:#}") }
}

use tract_onnx::{
    Onnx,
    pb::ModelProto,
    prelude::{
        Datum, Framework, IntoRunnable, IntoTValue, OutletId, SpecialOps, Tensor, TractResult, TypedFact,
        TypedModel, TypedSimplePlan, tvec,
    },
    tract_core::{
        internal::TypedModelPatch,
        ops::{binary::OptBinByScalar, change_axes::IntoShape, matmul::optimized::OptMatMul},
    },
};

use super::{
    ClassifyError, ModelError,
    graph::{self, Convolutions},
};

/// The graph's outputs.
const LOGITS: &str = "logits";
const CLASS_MAPS: &str = "class_maps";

/// In characters.
const LONGEST_REASON: usize = 300;

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
    let proto = Onnx::default()
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
    pub fn new(proto: ModelProto, labels: usize, side: usize) -> Result<Self, ModelError> {
        #[cfg(target_arch = "wasm32")]
        clothing_kernel::install();
        let model = typed(&proto, side)?;
        drop(proto); // it holds all weights once more
        check("output “logits”", model.output_fact(0).map_err(unsupported)?, &[1, labels])?;
        let maps = model.output_fact(1).map_err(unsupported)?;
        let grid = match maps.shape.as_concrete() {
            Some(&[_, _, rows, columns]) if rows > 0 && columns > 0 => [rows, columns],
            _ => [1, 1], // which `check` then refuses
        };
        check("output “class_maps”", maps, &[1, labels, grid[0], grid[1]])?;
        let plan = optimised(model).and_then(|model| model.into_runnable()).map_err(unsupported)?;
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

/// The network before optimisation: input `[1, 3, side, side]`, outputs in the order `logits`, `class_maps`.
fn typed(proto: &ModelProto, side: usize) -> Result<TypedModel, ModelError> {
    let graph = proto.graph.as_ref().expect("`parse` has seen to it");
    for (tensor, name) in [("output “logits”", LOGITS), ("output “class_maps”", CLASS_MAPS)] {
        if !graph.output.iter().any(|output| output.name == name) {
            return Err(ModelError::Shape { tensor, expected: "present".into(), found: "missing".into() });
        }
    }
    let inputs: Vec<_> = graph::inputs(graph).map(graph::shape).collect();
    if inputs != [Some(vec![1, 3, side, side])] {
        let found = inputs
            .iter()
            .map(|shape| shape.as_ref().map_or("of no fixed shape".into(), |shape| format!("f32 {shape:?}")));
        return Err(ModelError::Shape {
            tensor: "input",
            expected: format!("f32 {:?}", [1, 3, side, side]),
            found: found.collect::<Vec<String>>().join(" and "),
        });
    }
    // `make fuzz` is to find what browsers would meet.
    let is_for_browsers = cfg!(any(target_arch = "wasm32", fuzzing));
    let convolutions = if is_for_browsers { Convolutions::Fused } else { Convolutions::Tracts };
    graph::read(graph, &[LOGITS, CLASS_MAPS], convolutions).map_err(unsupported)
}

/// tract fuses to a matrix product what follows it number by number, such as a ReLU; but where the product is a convolution's,
/// a reshape stands between them, and tract looks no further. So both change places, and it looks again.
fn optimised(model: TypedModel) -> TractResult<TypedModel> {
    let mut model = model.into_optimized()?;
    for id in 0..model.nodes.len() {
        if let Some(patch) = before_reshape(&model, id)? {
            patch.apply(&mut model)?;
        }
    }
    model.optimize()?;
    Ok(model)
}

/// If the node applies one number to a reshaped product that nothing else uses: the same before the reshape.
fn before_reshape(model: &TypedModel, id: usize) -> TractResult<Option<TypedModelPatch>> {
    let node = model.node(id);
    let sole_use = |outlet: OutletId| model.node(outlet.node).outputs[outlet.slot].successors.len() == 1;
    let (Some(operation), &[reshaped, operand]) = (node.op_as::<OptBinByScalar>(), &*node.inputs) else {
        return Ok(None);
    };
    let reshape = model.node(reshaped.node);
    let (true, &[product]) = (reshape.op_is::<IntoShape>() && sole_use(reshaped), &*reshape.inputs) else {
        return Ok(None);
    };
    if !model.node(product.node).op_is::<OptMatMul>() || !sole_use(product) {
        return Ok(None);
    }
    let Some(number) = model.outlet_fact(operand)?.konst.as_ref().filter(|number| number.len() == 1) else {
        return Ok(None);
    };
    let number = Tensor::clone(number).into_shape(&vec![1; model.outlet_fact(product)?.rank()])?;
    let mut patch = TypedModelPatch::default();
    let product = patch.tap_model(model, product)?;
    let number = patch.add_const(format!("{}.operand", node.name), number)?;
    let applied = patch.wire_node(format!("{}.early", node.name), operation.clone(), &[product, number])?;
    let reshaped = patch.wire_node(format!("{}.late", reshape.name), reshape.op.clone(), &applied)?;
    patch.shunt_outside(model, id.into(), reshaped[0])?;
    Ok(Some(patch))
}

fn check(tensor: &'static str, fact: &TypedFact, shape: &[usize]) -> Result<(), ModelError> {
    if fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(shape) {
        return Ok(());
    }
    Err(ModelError::Shape { tensor, expected: format!("f32 {shape:?}"), found: format!("{fact:?}") })
}

fn unsupported(error: impl std::fmt::Display) -> ModelError {
    let whole = format!("{error:#}");
    // tract may list every tensor there is.
    let mut reason: String = whole.chars().take(LONGEST_REASON).collect();
    if reason.len() < whole.len() {
        reason.push('…');
    }
    ModelError::Unsupported { reason }
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::{
        AttributeProto, GraphProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto,
        ValueInfoProto, attribute_proto::AttributeType, tensor_shape_proto::Dimension,
        tensor_shape_proto::dimension::Value as Length, type_proto,
    };

    use super::*;

    const SIDE: usize = 4;
    const FLOAT: i32 = 1;

    fn tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
        TensorProto {
            name: name.into(),
            dims: dims.into(),
            data_type: FLOAT,
            float_data: values.into(),
            ..Default::default()
        }
    }

    fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
        // A length below 0 stands for one that is not fixed.
        let length = |&dim: &i64| if dim < 0 { Length::DimParam("n".into()) } else { Length::DimValue(dim) };
        let dim =
            dims.iter().map(|dim| Dimension { value: Some(length(dim)), ..Default::default() }).collect();
        let tensor = type_proto::Tensor { elem_type: FLOAT, shape: Some(TensorShapeProto { dim }) };
        ValueInfoProto {
            name: name.into(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(tensor)),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: op.into(),
            name: output.into(),
            input: inputs.iter().map(|input| input.to_string()).collect(),
            output: vec![output.into()],
            ..Default::default()
        }
    }

    /// Two labels: the first is for red (and a half, always), the second for green less blue. Pairs of pixels make
    /// the cells of the class maps.
    fn proto() -> ModelProto {
        let mut convolution = node("Conv", &["image", "weights"], "class_maps");
        convolution.attribute.push(AttributeProto {
            name: "strides".into(),
            r#type: AttributeType::Ints.into(),
            ints: vec![2, 2],
            ..Default::default()
        });
        let mut weights = vec![0.0; 2 * 3 * 4];
        weights[..4].fill(0.25);
        weights[16..20].fill(0.25);
        weights[20..].fill(-0.25);
        convolution.attribute.push(AttributeProto {
            name: "kernel_shape".into(),
            r#type: AttributeType::Ints.into(),
            ints: vec![2, 2],
            ..Default::default()
        });
        let graph = GraphProto {
            input: vec![value("image", &[1, 3, 4, 4])],
            output: vec![value("class_maps", &[1, 2, 2, 2]), value("logits", &[1, 2])],
            initializer: vec![
                tensor("weights", &[2, 3, 2, 2], &weights),
                tensor("bias", &[1, 2], &[0.5, 0.0]),
            ],
            node: vec![
                convolution,
                node("GlobalAveragePool", &["class_maps"], "pooled"),
                node("Flatten", &["pooled"], "flat"),
                node("Add", &["flat", "bias"], "logits"),
            ],
            ..Default::default()
        };
        let opset = OperatorSetIdProto { domain: String::new(), version: 17 };
        ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(graph), ..Default::default() }
    }

    fn refusal(change: impl FnOnce(&mut GraphProto)) -> ModelError {
        let mut proto = proto();
        change(proto.graph.as_mut().unwrap());
        Network::new(proto, 2, SIDE).err().expect("a refusal")
    }

    #[test]
    fn a_network_yields_logits_and_class_maps_by_name() {
        let network = Network::new(proto(), 2, SIDE).unwrap();
        let mut pixels = [0.0; 3 * SIDE * SIDE];
        pixels[3] = 4.0; // red, in the upper right cell
        pixels[32 + 8] = 8.0; // blue, in the lower left cell
        let output = network.run(&pixels).unwrap();
        assert_eq!(output.grid, [2, 2]);
        assert_eq!(output.class_map(0), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(output.class_map(1), [0.0, 0.0, -2.0, 0.0]);
        assert_eq!(output.logits, [0.25 + 0.5, -0.5]);
    }

    #[test]
    fn a_relu_is_fused_to_the_product_before_it() {
        let mut proto = proto();
        let graph = proto.graph.as_mut().unwrap();
        graph.node[0].output[0] = "convolved".into();
        graph.node.insert(1, node("Relu", &["convolved"], "class_maps"));
        let network = Network::new(proto, 2, SIDE).unwrap();
        let operators: Vec<_> = network.plan.model().nodes.iter().map(|node| node.op.name()).collect();
        assert!(!operators.iter().any(|name| name.contains("Max")), "{operators:?}");
        let mut pixels = [0.0; 3 * SIDE * SIDE];
        pixels[3] = 4.0;
        pixels[32 + 8] = 8.0;
        let output = network.run(&pixels).unwrap();
        assert_eq!(output.class_map(0), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(output.class_map(1), [0.0; 4]);
    }

    #[test]
    fn what_is_not_a_number_is_no_answer() {
        let network = Network::new(proto(), 2, SIDE).unwrap();
        assert!(matches!(network.run(&[f32::NAN; 48]), Err(ClassifyError::Inference(_))));
        assert!(matches!(network.run(&[0.0; 3]), Err(ClassifyError::Inference(_))));
    }

    #[test]
    fn shapes_that_contradict_the_metadata_are_refused() {
        let shape = |labels, side, found: &str| {
            let Err(error) = Network::new(proto(), labels, side) else { panic!("accepted") };
            assert!(matches!(error, ModelError::Shape { tensor, .. } if tensor == found), "{error}");
        };
        shape(3, SIDE, "output “logits”");
        shape(2, 8, "input");
        let dynamic = refusal(|graph| graph.input[0] = value("image", &[-1, 3, 4, 4]));
        assert!(matches!(dynamic, ModelError::Shape { tensor: "input", .. }), "{dynamic}");
        let two = refusal(|graph| graph.input.push(value("mask", &[1])));
        assert!(matches!(two, ModelError::Shape { tensor: "input", .. }), "{two}");
    }

    #[test]
    fn a_missing_output_is_named() {
        let error = refusal(|graph| graph.output.truncate(1));
        assert_eq!(error.cause(), "The model's output “logits” should be present, but is missing.");
    }

    #[test]
    fn unknown_operators_are_refused() {
        let error = refusal(|graph| graph.node[1].op_type = "GlobalMystery".into());
        assert!(matches!(error, ModelError::Unsupported { .. }), "{error}");
    }

    #[test]
    fn what_is_no_onnx_file_is_refused() {
        for bytes in [&b""[..], b"not a model", &[0xFF; 64]] {
            assert!(matches!(parse(bytes), Err(ModelError::NotOnnx { .. })));
        }
    }
}

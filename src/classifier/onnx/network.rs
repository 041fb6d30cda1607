use tract_onnx::{
    Onnx,
    pb::{GraphProto, ModelProto},
    prelude::{
        Datum, Framework, IntoRunnable, IntoTValue, OutletId, SpecialOps, Tensor, TractResult, TypedModel,
        TypedSimplePlan, tvec,
    },
    tract_core::{
        internal::TypedModelPatch,
        ops::{binary::OptBinByScalar, change_axes::IntoShape, matmul::optimized::OptMatMul},
    },
};

use super::{
    contract::{self, Contract},
    fusion, graph,
    reader::Convolutions,
};
use crate::classifier::{ClassifyError, Fault, InferenceError, ModelError, NotOnnx, model_info::Shapes};

/// The graph's outputs.
const LOGITS: &str = "logits";
const CLASS_MAPS: &str = "class_maps";

/// A network that is ready to run: `image` `[1, 3, side, side]` in, `logits` `[1, K]` and `class_maps` `[1, K, h, w]` out.
pub struct Network {
    plan: std::sync::Arc<TypedSimplePlan>,
    side: usize,
    /// Rows and columns of a class map.
    grid: [usize; 2],
}

/// What the network yields for one photo.
pub struct NetworkOutput {
    /// One for each label, not calibrated.
    pub logits: Vec<f32>,
    /// Rows and columns of a class map.
    pub grid: [usize; 2],
    /// `[K, rows, columns]`.
    class_maps: Vec<f32>,
}

impl NetworkOutput {
    /// The class map of the label with that index, row by row.
    pub fn class_map(&self, label: usize) -> &[f32] {
        let cells = self.grid[0] * self.grid[1];
        &self.class_maps[label * cells..][..cells]
    }
}

/// Parses the bytes as an ONNX file; its content is not checked.
///
/// # Errors
///
/// [`ModelError::NotOnnx`].
pub fn parse(mut bytes: &[u8]) -> Result<ModelProto, ModelError> {
    let proto = Onnx::default()
        .proto_model_for_read(&mut bytes)
        .map_err(|error| ModelError::NotOnnx(NotOnnx::Malformed { detail: error.to_string() }))?;
    // Empty input also parses.
    if proto.graph.is_none() {
        return Err(ModelError::NotOnnx(NotOnnx::NoGraph));
    }
    Ok(proto)
}

/// A network that has been checked, but is not yet ready to run.
pub struct Graph {
    /// Its outputs are `logits` and `class_maps`, in this order.
    model: TypedModel,
    side: usize,
    grid: [usize; 2],
}

/// Reads a file's network and checks its operators, names, types and shapes, the latter against the metadata.
///
/// # Errors
///
/// Everything that is wrong with it. If the graph cannot be read, what follows from reading it is not included.
pub fn read(proto: ModelProto, shapes: &Shapes) -> Result<Graph, Vec<Fault>> {
    #[cfg(target_arch = "wasm32")]
    clothing_kernel::install();
    let graph = proto.graph.as_ref().expect("`parse` checks it");
    let mut faults = Contract::read().faults(&proto, graph);
    for name in [LOGITS, CLASS_MAPS] {
        if !graph.output.iter().any(|output| output.name == name) {
            let found = graph.output.iter().map(|output| output.name.clone()).collect();
            faults.push(Fault::NoOutput { name, found });
        }
    }
    let side = match side_of(graph, shapes.side.map(|side| side as usize)) {
        Ok(side) if faults.is_empty() => side,
        side => {
            faults.extend(side.err());
            return Err(faults);
        }
    };
    // `make fuzz` looks for what browsers would meet.
    let is_for_browsers = cfg!(any(target_arch = "wasm32", fuzzing));
    let convolutions = if is_for_browsers { Convolutions::Own } else { Convolutions::Tract };
    let version = contract::opset(&proto);
    let mut model = graph::read(graph, version, &[LOGITS, CLASS_MAPS], convolutions).map_err(broken)?;
    fusion::fuse(&mut model).map_err(broken)?;
    let grid = grid_of(&model, shapes.labels)?;
    Ok(Graph { model, side, grid })
}

/// Side of the square that is the graph's only input, in pixels.
fn side_of(graph: &GraphProto, expected: Option<usize>) -> Result<usize, Fault> {
    let inputs: Vec<_> = graph::inputs(graph).collect();
    if let [input] = inputs[..]
        && let Some(&[1, 3, height, width]) = graph::shape(input).as_deref()
        && height == width
        && expected.is_none_or(|expected| height == expected)
    {
        return Ok(height);
    }
    Err(Fault::WrongInput { side: expected, found: inputs.into_iter().map(graph::described).collect() })
}

/// Rows and columns of the class maps, if both outputs have the right shapes for that number of labels.
fn grid_of(model: &TypedModel, labels: Option<usize>) -> Result<[usize; 2], Vec<Fault>> {
    let output = |ix| model.output_fact(ix).map_err(broken);
    let (logits, maps) = (output(0)?, output(1)?);
    // If the metadata do not say how many labels there are, the outputs must at least agree.
    let labels = labels.or_else(|| logits.shape.as_concrete()?.get(1).copied()).unwrap_or_default();
    let grid = match maps.shape.as_concrete() {
        Some(&[_, _, rows, columns]) if rows > 0 && columns > 0 => Some([rows, columns]),
        _ => None,
    };
    let [rows, columns] =
        grid.map_or(["rows", "columns"].map(String::from), |grid| grid.map(|n| n.to_string()));
    let outputs = [
        (LOGITS, logits, format!("float [1, {labels}]")),
        (CLASS_MAPS, maps, format!("float [1, {labels}, {rows}, {columns}]")),
    ];
    let faults = outputs.into_iter().filter_map(|(name, fact, expected)| {
        let lengths: Vec<_> = fact.shape.iter().map(|length| length.to_string()).collect();
        let kind = if fact.datum_type == f32::datum_type() {
            "float".into()
        } else {
            format!("{:?}", fact.datum_type)
        };
        let found = format!("{kind} [{}]", lengths.join(", "));
        (found != expected).then_some(Fault::WrongOutput { name, expected, found })
    });
    let faults: Vec<_> = faults.collect();
    grid.filter(|_| faults.is_empty()).ok_or(faults)
}

impl Network {
    /// Makes the network ready to run.
    ///
    /// # Errors
    ///
    /// tract refuses it.
    pub fn new(graph: Graph) -> Result<Self, ModelError> {
        let plan = optimised(graph.model).and_then(|model| model.into_runnable());
        let plan = plan.map_err(|error| ModelError::Unfit(broken(error)))?;
        Ok(Self { plan, side: graph.side, grid: graph.grid })
    }

    /// Runs it on normalised pixels, `[3, side, side]`.
    ///
    /// # Errors
    ///
    /// [`ClassifyError::Inference`].
    pub fn run(&self, pixels: &[f32]) -> Result<NetworkOutput, ClassifyError> {
        let (logits, class_maps) =
            self.try_run(pixels).map_err(|error| InferenceError::Failed { detail: error.to_string() })?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(InferenceError::NotANumber.into());
        }
        Ok(NetworkOutput { logits, grid: self.grid, class_maps })
    }

    fn try_run(&self, pixels: &[f32]) -> TractResult<(Vec<f32>, Vec<f32>)> {
        let input = Tensor::from_shape(&[1, 3, self.side, self.side], pixels)?;
        let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
        let values =
            |ix: usize| TractResult::Ok(outputs[ix].to_plain_array_view::<f32>()?.iter().copied().collect());
        Ok((values(0)?, values(1)?))
    }
}

/// The model as tract optimises it, and a bit more. tract fuses a matrix product with an elementwise operator after it, such as a
/// ReLU. After a convolution's product there is a reshape between the two, which it does not look past: so both change places,
/// and tract optimises again.
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

/// If the node applies a single number to a reshaped product that nothing else uses: the same with the reshape last.
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

fn broken(error: impl std::fmt::Display) -> Vec<Fault> {
    vec![Fault::Broken { detail: format!("{error:#}") }]
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::{
        AttributeProto, GraphProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto,
        ValueInfoProto, attribute_proto::AttributeType, tensor_shape_proto::Dimension,
        tensor_shape_proto::dimension::Value as Length, type_proto,
    };

    use super::*;
    use crate::classifier::UnknownUse;

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

    /// A network with that number of labels and an input of that side.
    fn network(proto: ModelProto, labels: usize, side: u32) -> Result<Network, Vec<Fault>> {
        let graph = read(proto, &Shapes { labels: Some(labels), side: Some(side) })?;
        Ok(Network::new(graph).unwrap())
    }

    fn faults(change: impl FnOnce(&mut ModelProto)) -> Vec<Fault> {
        let mut proto = proto();
        change(&mut proto);
        network(proto, 2, SIDE as u32).err().expect("a refusal")
    }

    /// The fault of having these inputs.
    fn input(side: Option<usize>, found: &[&str]) -> Fault {
        Fault::WrongInput { side, found: found.iter().map(|input| Some(input.to_string())).collect() }
    }

    fn graph(proto: &mut ModelProto) -> &mut GraphProto {
        proto.graph.as_mut().unwrap()
    }

    #[test]
    fn a_network_yields_logits_and_class_maps_by_name() {
        let network = network(proto(), 2, 4).unwrap();
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
        let network = network(proto, 2, 4).unwrap();
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
        let network = network(proto(), 2, 4).unwrap();
        assert!(matches!(network.run(&[f32::NAN; 48]), Err(ClassifyError::Inference(_))));
        assert!(matches!(network.run(&[0.0; 3]), Err(ClassifyError::Inference(_))));
    }

    #[test]
    fn shapes_that_contradict_the_metadata_are_refused() {
        let faults = |labels, side| network(proto(), labels, side).err().expect("a refusal");
        let output = |name, expected: &str, found: &str| Fault::WrongOutput {
            name,
            expected: expected.into(),
            found: found.into(),
        };
        assert_eq!(
            faults(3, 4),
            [
                output("logits", "float [1, 3]", "float [1, 2]"),
                output("class_maps", "float [1, 3, 2, 2]", "float [1, 2, 2, 2]")
            ]
        );
        assert_eq!(faults(2, 8), [input(Some(8), &["float [1, 3, 4, 4]"])]);
    }

    #[test]
    fn without_metadata_a_network_is_checked_by_itself() {
        let unknown = || Shapes { labels: None, side: None };
        assert!(read(proto(), &unknown()).is_ok());
        let mut odd = proto();
        graph(&mut odd).input[0] = value("image", &[1, 3, 4, 6]);
        assert_eq!(read(odd, &unknown()).err().unwrap(), [input(None, &["float [1, 3, 4, 6]"])]);
    }

    #[test]
    fn inputs_are_described_as_they_are() {
        let assert_found = |inputs, found: &[&str]| {
            assert_eq!(faults(|proto| graph(proto).input = inputs), [input(Some(SIDE), found)]);
        };
        assert_found(vec![value("image", &[-1, 3, 4, 4])], &["float [n, 3, 4, 4]"]);
        assert_found(
            vec![value("image", &[1, 3, 4, 4]), value("mask", &[1])],
            &["float [1, 3, 4, 4]", "float [1]"],
        );
        assert_found(vec![], &[]);
        let mut half = value("image", &[1, 3, 4, 4]);
        let type_proto::Value::TensorType(tensor) = half.r#type.as_mut().unwrap().value.as_mut().unwrap();
        tensor.elem_type = 10;
        assert_found(vec![half], &["float16 [1, 3, 4, 4]"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let faults = faults(|proto| {
            proto.opset_import[0].version = 5;
            let graph = graph(proto);
            graph.input[0] = value("image", &[1, 3, -1, -1]);
            graph.output[1].name = "scores".into();
            graph.initializer[0].data_location = Some(1);
            graph.node[1].op_type = "GlobalMystery".into();
            graph.node[2].domain = "com.example".into();
            graph.node.insert(2, node("Clip", &["pooled", "", "pooled"], "clipped"));
            graph.node.insert(3, node("Clip", &["pooled", "pooled"], "again"));
            graph.node.insert(4, node("Clip", &["clipped", "pooled"], "once more"));
        });
        let Contract { opset, operators } = Contract::read();
        let clip = |node: &str, slot, times| Fault::UnknownUse {
            operator: "Clip".into(),
            node: node.into(),
            how: UnknownUse::ComputedInput { slot },
            times,
        };
        let expected = [
            Fault::Opset { found: 5, known: opset },
            Fault::WeightsElsewhere,
            clip("clipped", 2, 1),
            clip("again", 1, 2),
            Fault::UnknownOperators {
                unknown: ["GlobalMystery", "com.example.Flatten"].map(String::from).into(),
                known: operators.into_keys().collect(),
            },
            Fault::NoOutput { name: "logits", found: ["class_maps", "scores"].map(String::from).into() },
            input(Some(4), &["float [1, 3, n, n]"]),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn what_is_no_onnx_file_is_refused() {
        for bytes in [&b""[..], b"not a model", &[0xFF; 64]] {
            assert!(matches!(parse(bytes), Err(ModelError::NotOnnx { .. })));
        }
    }
}

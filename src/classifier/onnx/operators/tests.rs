use std::collections::BTreeSet;

use tract_onnx::{
    pb::{
        AttributeProto, GraphProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
        attribute_proto::AttributeType,
        tensor_shape_proto::{Dimension, dimension::Value as Length},
        type_proto,
    },
    prelude::{IntoRunnable, IntoTValue, Tensor, TypedModel, tvec},
};

use super::*;
use crate::classifier::onnx::{contract::Contract, fusion, graph, reader::Convolutions};

const FLOAT: i32 = 1;
const INT8: i32 = 3;
const INT64: i32 = 7;

fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let (dims, float_data) = (dims.into(), values.into());
    TensorProto { name: name.into(), data_type: FLOAT, dims, float_data, ..Default::default() }
}

fn int8s(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
    let raw_data = values.iter().map(|&value| value as u8).collect();
    TensorProto { name: name.into(), data_type: INT8, dims: dims.into(), raw_data, ..Default::default() }
}

fn int64s(name: &str, values: &[i64]) -> TensorProto {
    let (dims, int64_data) = (vec![values.len() as i64], values.into());
    TensorProto { name: name.into(), data_type: INT64, dims, int64_data, ..Default::default() }
}

fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: AttributeType::Int.into(), i, ..Default::default() }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    let ints = values.into();
    AttributeProto { name: name.into(), r#type: AttributeType::Ints.into(), ints, ..Default::default() }
}

fn text(name: &str, text: &str) -> AttributeProto {
    let s = text.into();
    AttributeProto { name: name.into(), r#type: AttributeType::String.into(), s, ..Default::default() }
}

fn float(name: &str, f: f32) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: AttributeType::Float.into(), f, ..Default::default() }
}

fn node(op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input: inputs.iter().map(|input| input.to_string()).collect(),
        output: vec![output.into()],
        attribute,
        ..Default::default()
    }
}

/// From `x` of that shape to `y`.
fn graph(dims: &[i64], initializer: Vec<TensorProto>, node: Vec<NodeProto>) -> GraphProto {
    let dim = |&length: &i64| Dimension { value: Some(Length::DimValue(length)), ..Default::default() };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor = type_proto::Value::TensorType(type_proto::Tensor { elem_type: FLOAT, shape });
    let r#type = Some(TypeProto { value: Some(tensor), ..Default::default() });
    let input = vec![ValueInfoProto { name: "x".into(), r#type, ..Default::default() }];
    GraphProto { input, initializer, node, ..Default::default() }
}

fn read(graph: &GraphProto, convolutions: Convolutions) -> TypedModel {
    let mut model = graph::read(graph, 13, &["y"], convolutions).unwrap();
    fusion::fuse(&mut model).unwrap();
    model
}

/// Shape and values of `y`.
fn run(graph: &GraphProto, x: &[f32]) -> (Vec<usize>, Vec<f32>) {
    run_with(graph, x, Convolutions::Tract)
}

fn run_with(graph: &GraphProto, x: &[f32], convolutions: Convolutions) -> (Vec<usize>, Vec<f32>) {
    let shape = graph::shape(&graph.input[0]).unwrap();
    let plan = read(graph, convolutions).into_optimized().unwrap().into_runnable().unwrap();
    let outputs = plan.run(tvec!(Tensor::from_shape(&shape, x).unwrap().into_tvalue())).unwrap();
    let y = outputs[0].to_plain_array_view::<f32>().unwrap();
    (y.shape().into(), y.iter().copied().collect())
}

#[track_caller]
fn yields(graph: &GraphProto, x: &[f32], shape: &[usize], values: &[f32]) {
    let (found_shape, found) = run(graph, x);
    assert_eq!(found_shape, shape);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
    assert!(found.len() == values.len() && found.iter().zip(values).all(close), "{found:?}, not {values:?}");
}

#[test]
fn the_list_of_operators_is_that_of_the_reader() {
    let listed: BTreeSet<_> = Contract::read().operators.into_keys().collect();
    let known: BTreeSet<_> = OPERATORS.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(listed, known);
}

#[test]
fn operators_on_each_number() {
    const X: [f32; 4] = [-4.0, -0.5, 0.5, 4.0];
    for (op, attributes, expected) in [
        ("Relu", vec![], [0.0, 0.0, 0.5, 4.0]),
        ("LeakyRelu", vec![float("alpha", 0.1)], [-0.4, -0.05, 0.5, 4.0]),
        ("Clip", vec![float("min", -1.0), float("max", 2.0)], [-1.0, -0.5, 0.5, 2.0]),
        ("HardSigmoid", vec![float("alpha", 0.25)], [0.0, 0.375, 0.625, 1.0]),
        ("HardSwish", vec![], [0.0, -0.208_333, 0.291_667, 4.0]),
        ("Sigmoid", vec![], [0.017_986, 0.377_541, 0.622_459, 0.982_014]),
        ("Identity", vec![], X),
        ("Dropout", vec![], X),
        ("Tanh", vec![], [-0.999_329, -0.462_117, 0.462_117, 0.999_329]),
        ("Erf", vec![], [-1.0, -0.520_500, 0.520_500, 1.0]),
        ("Gelu", vec![], [-0.000_127, -0.154_269, 0.345_731, 3.999_873]),
        ("Gelu", vec![text("approximate", "tanh")], [-0.000_070, -0.154_286, 0.345_714, 3.999_93]),
        ("Softmax", vec![], [0.000_322, 0.010_665, 0.028_990, 0.960_023]),
    ] {
        let graph = graph(&[1, 4], vec![], vec![node(op, &["x"], "y", attributes)]);
        println!("{op}");
        yields(&graph, &X, &[1, 4], &expected);
    }
    for (exponent, expected) in [(2.0, [16.0, 0.25, 0.25, 16.0]), (3.0, [-64.0, -0.125, 0.125, 64.0])] {
        let exponent = vec![floats("e", &[], &[exponent])];
        yields(
            &graph(&[1, 4], exponent, vec![node("Pow", &["x", "e"], "y", vec![])]),
            &X,
            &[1, 4],
            &expected,
        );
    }
    let roots = graph(&[1, 4], vec![], vec![node("Sqrt", &["x"], "y", vec![])]);
    yields(&roots, &[0.0, 0.25, 4.0, 9.0], &[1, 4], &[0.0, 0.5, 2.0, 3.0]);
    // The bounds as inputs; the first is left out.
    let most = vec![floats("most", &[], &[1.0])];
    let graph = graph(&[1, 4], most, vec![node("Clip", &["x", "", "most"], "y", vec![])]);
    yields(&graph, &X, &[1, 4], &[-4.0, -0.5, 0.5, 1.0]);
}

#[test]
fn operators_on_two_tensors_spread_the_smaller() {
    for (op, expected) in [
        ("Add", [11.0, 12.0, 23.0, 24.0]),
        ("Sub", [-9.0, -8.0, -17.0, -16.0]),
        ("Mul", [10.0, 20.0, 60.0, 80.0]),
        ("Div", [0.1, 0.2, 0.15, 0.2]),
    ] {
        let channels = vec![floats("c", &[2, 1, 1], &[10.0, 20.0])];
        let graph = graph(&[1, 2, 1, 2], channels, vec![node(op, &["x", "c"], "y", vec![])]);
        yields(&graph, &[1.0, 2.0, 3.0, 4.0], &[1, 2, 1, 2], &expected);
    }
}

#[test]
fn convolutions_with_padding_stride_groups_and_bias() {
    let weights = vec![
        floats("w", &[2, 1, 3, 3], &[[1.0; 9], [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]].concat()),
        floats("b", &[2], &[0.5, -1.0]),
    ];
    let attributes = vec![
        int("group", 2),
        ints("strides", &[2, 2]),
        ints("pads", &[0, 0, 1, 1]),
        ints("kernel_shape", &[3, 3]),
    ];
    let graph = graph(&[1, 2, 4, 4], weights, vec![node("Conv", &["x", "w", "b"], "y", attributes)]);
    let x: Vec<f32> = (0..32).map(|ix| ix as f32).collect();
    let expected = [45.5, 39.5, 66.5, 50.5, 41.0, 45.0, 57.0, 61.0];
    yields(&graph, &x, &[1, 2, 2, 2], &expected);
}

/// With our convolutions, the results are those of tract's.
#[test]
fn what_follows_convolutions_is_fused_to_them() {
    let wave = |count: i64, step: f32| (0..count).map(|ix| (ix as f32 * step).sin()).collect::<Vec<_>>();
    let weights = || {
        vec![
            floats("w", &[16, 16, 3, 3], &wave(2304, 0.7)),
            floats("b", &[16], &wave(16, 0.3)),
            floats("g", &[16, 8, 3, 3], &wave(1152, 0.7)),
            floats("d", &[16, 1, 3, 3], &wave(144, 0.7)),
        ]
    };
    let pads = || vec![ints("pads", &[1; 4])];
    let conv = |input: &str, output: &str| node("Conv", &[input, "w", "b"], output, pads());
    let with = |attribute| [pads(), vec![attribute]].concat();
    let relu = |input: &str, output: &str| node("Relu", &[input], output, vec![]);
    let add = |a: &str, b: &str, output: &str| node("Add", &[a, b], output, vec![]);
    let clip =
        |input: &str, min: f32| node("Clip", &[input], "y", vec![float("min", min), float("max", 6.0)]);
    let x = wave(16 * 6 * 10, 0.9);
    for (nodes, left) in [
        (vec![conv("x", "y")], vec!["FusedConvolution"]),
        (vec![conv("x", "c"), relu("c", "y")], vec!["FusedConvolution"]),
        (vec![conv("x", "c"), add("c", "x", "y")], vec!["FusedConvolution"]),
        (vec![conv("x", "c"), add("x", "c", "a"), relu("a", "y")], vec!["FusedConvolution"]),
        (vec![conv("x", "c"), conv("c", "d"), add("c", "d", "y")], vec!["FusedConvolution"; 2]),
        // Both could take up the other's result.
        (vec![conv("x", "c"), conv("x", "d"), add("c", "d", "y")], vec!["FusedConvolution"; 2]),
        // Clip is a ReLU, too, if its lower bound is 0.
        (vec![conv("x", "c"), clip("c", 0.0)], vec!["FusedConvolution", "Min"]),
        (vec![conv("x", "c"), clip("c", -1.0)], vec!["FusedConvolution", "Max", "Min"]),
        // The ReLU comes first.
        (vec![conv("x", "c"), relu("c", "r"), add("r", "x", "y")], vec!["FusedConvolution", "Add"]),
        // The ReLU's input is used elsewhere too, also by another name.
        (vec![conv("x", "c"), relu("c", "r"), add("c", "r", "y")], vec!["FusedConvolution", "Max", "Add"]),
        (
            vec![conv("x", "c"), node("Identity", &["c"], "i", vec![]), relu("i", "r"), add("c", "r", "y")],
            vec!["FusedConvolution", "Max", "Add"],
        ),
        (vec![conv("x", "c"), add("c", "c", "y")], vec!["FusedConvolution", "Add"]),
        // No border; larger steps; no bias.
        (vec![node("Conv", &["x", "w", "b"], "y", vec![])], vec!["FusedConvolution"]),
        (vec![node("Conv", &["x", "w"], "y", with(ints("strides", &[2, 1])))], vec!["FusedConvolution"]),
        // Each channel by itself.
        (vec![node("Conv", &["x", "d", "b"], "y", with(int("group", 16)))], vec!["FusedConvolution"]),
        // tract's: groups; steps within the window.
        (vec![node("Conv", &["x", "g", "b"], "y", with(int("group", 2)))], vec!["Conv"]),
        (vec![node("Conv", &["x", "w", "b"], "y", with(ints("dilations", &[2, 2])))], vec!["Conv"]),
    ] {
        let graph = graph(&[1, 16, 6, 10], weights(), nodes);
        let model = read(&graph, Convolutions::Own).into_compact().unwrap();
        let names: Vec<_> = model
            .nodes
            .iter()
            .map(|node| node.op.name())
            .filter(|name| !["Source", "Const"].contains(&&**name))
            .collect();
        assert_eq!(names, left);
        let (shape, expected) = run(&graph, &x);
        let (found_shape, found) = run_with(&graph, &x, Convolutions::Own);
        assert_eq!(found_shape, shape);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
    }
}

#[test]
fn a_result_that_is_an_output_is_kept() {
    let weights = vec![floats("w", &[1, 1, 1, 1], &[1.0])];
    let nodes = vec![node("Conv", &["x", "w"], "c", vec![]), node("Relu", &["c"], "y", vec![])];
    let graph = graph(&[1, 1, 1, 2], weights, nodes);
    let mut model = graph::read(&graph, 13, &["c", "y"], Convolutions::Own).unwrap();
    fusion::fuse(&mut model).unwrap();
    let plan = model.into_optimized().unwrap().into_runnable().unwrap();
    let x = Tensor::from_shape(&[1, 1, 1, 2], &[-1.0f32, 2.0]).unwrap();
    let outputs = plan.run(tvec!(x.into_tvalue())).unwrap();
    let values = outputs.iter().map(|output| output.to_plain_array_view::<f32>().unwrap().to_owned());
    let values: Vec<Vec<f32>> = values.map(|values| values.iter().copied().collect()).collect();
    assert_eq!(values, [[-1.0, 2.0], [0.0, 2.0]]);
}

#[test]
fn automatic_padding_is_worked_out() {
    let ones = || vec![floats("w", &[1, 1, 2, 2], &[1.0; 4])];
    for (how, shape, expected) in [
        ("SAME_UPPER", vec![1, 1, 2, 2], vec![10.0, 6.0, 7.0, 4.0]),
        ("SAME_LOWER", vec![1, 1, 2, 2], vec![1.0, 3.0, 4.0, 10.0]),
        ("VALID", vec![1, 1, 1, 1], vec![10.0]),
    ] {
        let conv = node("Conv", &["x", "w"], "y", vec![text("auto_pad", how)]);
        let graph = graph(&[1, 1, 2, 2], ones(), vec![conv]);
        let (found, values) = run_with(&graph, &[1.0, 2.0, 3.0, 4.0], Convolutions::Own);
        assert_eq!((found, values), (shape, expected), "{how}");
    }
}

#[test]
fn matrices_are_multiplied() {
    let b = || {
        vec![floats("b", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), floats("c", &[3], &[10.0, 20.0, 30.0])]
    };
    let x = [1.0, 2.0];
    let product = graph(&[1, 2], b(), vec![node("MatMul", &["x", "b"], "y", vec![])]);
    yields(&product, &x, &[1, 3], &[9.0, 12.0, 15.0]);
    let scaled = vec![float("alpha", 2.0), float("beta", 0.5)];
    let gemm = graph(&[1, 2], b(), vec![node("Gemm", &["x", "b", "c"], "y", scaled)]);
    yields(&gemm, &x, &[1, 3], &[23.0, 34.0, 45.0]);
    let transposed = vec![int("transA", 1), int("transB", 1)];
    let gemm = graph(&[3, 1], b(), vec![node("Gemm", &["x", "b"], "y", transposed)]);
    yields(&gemm, &[1.0, 0.0, -1.0], &[1, 2], &[-2.0, -2.0]);
    // The smaller is broadcast, as in NumPy.
    let many = graph(&[2, 1, 2], b(), vec![node("MatMul", &["x", "b"], "y", vec![])]);
    yields(&many, &[1.0, 0.0, 0.0, 1.0], &[2, 1, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn normalisations() {
    let weights = vec![
        floats("scale", &[2], &[2.0, 1.0]),
        floats("bias", &[2], &[0.5, 0.0]),
        floats("mean", &[2], &[1.0, 3.0]),
        floats("var", &[2], &[4.0, 0.25]),
    ];
    let batch =
        node("BatchNormalization", &["x", "scale", "bias", "mean", "var"], "y", vec![float("epsilon", 0.0)]);
    let layer = node("LayerNormalization", &["x", "scale", "bias"], "y", vec![float("epsilon", 0.0)]);
    let x = [1.0, 3.0, 3.0, 4.0];
    yields(&graph(&[1, 2, 1, 2], weights.clone(), vec![batch]), &x, &[1, 2, 1, 2], &[0.5, 2.5, 0.0, 2.0]);
    yields(&graph(&[1, 2, 1, 2], weights, vec![layer]), &x, &[1, 2, 1, 2], &[-1.5, 1.0, -1.5, 1.0]);
}

#[test]
fn weights_kept_as_integers_are_scaled_by_channel() {
    let weights = vec![
        int8s("q", &[2, 1, 1, 1], &[3, -5]),
        floats("scale", &[2], &[0.5, 2.0]),
        int8s("zero", &[2], &[1, 0]),
    ];
    let nodes = vec![
        node("DequantizeLinear", &["q", "scale", "zero"], "w", vec![int("axis", 0)]),
        node("Conv", &["x", "w"], "y", vec![]),
    ];
    yields(&graph(&[1, 1, 1, 2], weights, nodes), &[1.0, 2.0], &[1, 2, 1, 2], &[1.0, 2.0, -10.0, -20.0]);
}

#[test]
fn pools_and_means() {
    let x: Vec<f32> = (0..8).map(|ix| ix as f32).collect();
    let square = || vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
    for (op, initializer, inputs, attributes, shape, expected) in [
        ("MaxPool", vec![], vec!["x"], square(), vec![1, 2, 1, 1], [3.0, 7.0]),
        ("AveragePool", vec![], vec!["x"], square(), vec![1, 2, 1, 1], [1.5, 5.5]),
        ("GlobalAveragePool", vec![], vec!["x"], vec![], vec![1, 2, 1, 1], [1.5, 5.5]),
        (
            "ReduceMean",
            vec![],
            vec!["x"],
            vec![ints("axes", &[2, 3]), int("keepdims", 0)],
            vec![1, 2],
            [1.5, 5.5],
        ),
        (
            "ReduceMean",
            vec![int64s("axes", &[-1, -2])],
            vec!["x", "axes"],
            vec![],
            vec![1, 2, 1, 1],
            [1.5, 5.5],
        ),
        (
            "ReduceSum",
            vec![int64s("axes", &[2, 3])],
            vec!["x", "axes"],
            vec![],
            vec![1, 2, 1, 1],
            [6.0, 22.0],
        ),
        (
            "ReduceL2",
            vec![],
            vec!["x"],
            vec![ints("axes", &[2, 3]), int("keepdims", 0)],
            vec![1, 2],
            [14f32.sqrt(), 126f32.sqrt()],
        ),
    ] {
        println!("{op}");
        yields(
            &graph(&[1, 2, 2, 2], initializer, vec![node(op, &inputs, "y", attributes)]),
            &x,
            &shape,
            &expected,
        );
    }
}

#[test]
fn shapes_are_changed() {
    let nodes = vec![
        node("Relu", &["x"], "positive", vec![]),
        node("Concat", &["x", "positive"], "both", vec![int("axis", 1)]),
        node("Flatten", &["both"], "y", vec![]),
    ];
    yields(&graph(&[1, 1, 1, 2], vec![], nodes), &[-1.0, 2.0], &[1, 4], &[-1.0, 2.0, 0.0, 2.0]);
}

#[test]
fn axes_change_places_come_and_go() {
    let x: Vec<f32> = (0..6).map(|ix| ix as f32).collect();
    for (op, numbers, attributes, shape, expected) in [
        ("Transpose", None, vec![], vec![3, 2, 1], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
        (
            "Transpose",
            None,
            vec![ints("perm", &[2, 0, 1])],
            vec![3, 1, 2],
            vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0],
        ),
        ("Reshape", Some(vec![0, -1]), vec![], vec![1, 6], x.clone()),
        ("Reshape", Some(vec![3, 2]), vec![int("allowzero", 1)], vec![3, 2], x.clone()),
        ("Squeeze", None, vec![], vec![2, 3], x.clone()),
        ("Squeeze", Some(vec![-3]), vec![], vec![2, 3], x.clone()),
        ("Unsqueeze", Some(vec![0, -1]), vec![], vec![1, 1, 2, 3, 1], x.clone()),
        ("Flatten", None, vec![int("axis", 2)], vec![2, 3], x.clone()),
    ] {
        println!("{op}");
        let inputs: &[&str] = if numbers.is_some() { &["x", "n"] } else { &["x"] };
        let constants = numbers.into_iter().map(|numbers| int64s("n", &numbers)).collect();
        let nodes = vec![node(op, inputs, "y", attributes), node("Relu", &["y"], "z", vec![])];
        yields(&graph(&[1, 2, 3], constants, nodes), &x, &shape, &expected);
    }
}

#[test]
fn parts_are_taken() {
    let x: Vec<f32> = (0..8).map(|ix| ix as f32).collect();
    let sliced = |starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]| {
        let constants =
            [("s", starts), ("e", ends), ("a", axes), ("t", steps)].map(|(name, n)| int64s(name, n));
        graph(&[1, 2, 4], constants.into(), vec![node("Slice", &["x", "s", "e", "a", "t"], "y", vec![])])
    };
    yields(&sliced(&[1], &[i64::MAX], &[2], &[1]), &x, &[1, 2, 3], &[1.0, 2.0, 3.0, 5.0, 6.0, 7.0]);
    yields(&sliced(&[-1, 0], &[9, -1], &[1, 2], &[1, 2]), &x, &[1, 1, 2], &[4.0, 6.0]);
    // As attributes, before version 10.
    let old = vec![ints("starts", &[0, 1]), ints("ends", &[1, 2])];
    yields(&graph(&[1, 2, 4], vec![], vec![node("Slice", &["x"], "y", old)]), &x, &[1, 1, 4], &x[4..]);

    let split = |inputs: &[&str], outputs: &[&str], attributes| {
        let mut split = node("Split", inputs, "a", attributes);
        split.output = outputs.iter().map(|output| output.to_string()).collect();
        let parts = vec![int64s("parts", &[1, 3])];
        graph(&[1, 2, 4], parts, vec![split, node("Relu", &["b"], "y", vec![])])
    };
    let last = vec![int("axis", -1)];
    yields(
        &split(&["x", "parts"], &["a", "b"], last.clone()),
        &x,
        &[1, 2, 3],
        &[1.0, 2.0, 3.0, 5.0, 6.0, 7.0],
    );
    yields(&split(&["x"], &["a", "b"], last.clone()), &x, &[1, 2, 2], &[2.0, 3.0, 6.0, 7.0]);
    yields(
        &split(&["x"], &["a", "c", "b"], [last, vec![ints("split", &[2, 1, 1])]].concat()),
        &x,
        &[1, 2, 1],
        &[3.0, 7.0],
    );
}

#[test]
fn borders_are_added() {
    let x = [1.0, 2.0, 3.0];
    for (mode, expected) in [
        ("constant", [9.0, 9.0, 1.0, 2.0, 3.0, 9.0]),
        ("edge", [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]),
        ("reflect", [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]),
    ] {
        let constants = vec![int64s("pads", &[0, 2, 0, 1]), floats("nine", &[], &[9.0])];
        let pad = node("Pad", &["x", "pads", "nine"], "y", vec![text("mode", mode)]);
        yields(&graph(&[1, 3], constants, vec![pad]), &x, &[1, 6], &expected);
    }
    let constants = vec![int64s("pads", &[1, 0]), int64s("axes", &[-1])];
    let pad = node("Pad", &["x", "pads", "", "axes"], "y", vec![]);
    yields(&graph(&[1, 3], constants, vec![pad]), &x, &[1, 4], &[0.0, 1.0, 2.0, 3.0]);
}

/// Exporters write shapes as small sums.
#[test]
fn what_follows_from_constants_is_constant() {
    let constants = vec![int64s("two", &[2]), int64s("three", &[3])];
    let nodes = vec![
        node("Concat", &["three", "two"], "shape", vec![int("axis", 0)]),
        node("Reshape", &["x", "shape"], "y", vec![]),
    ];
    let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    yields(&graph(&[1, 6], constants, nodes), &x, &[3, 2], &x);
}

#[test]
fn what_is_not_understood_is_named() {
    let refusal = |initializer, nodes| {
        let graph = graph(&[1, 1, 2, 2], initializer, nodes);
        format!("{:#}", graph::read(&graph, 13, &["y"], Convolutions::Own).unwrap_err())
    };
    let unknown = refusal(vec![], vec![node("Mystery", &["x"], "y", vec![])]);
    assert_eq!(unknown, "Mystery “y” is not understood: this operator is not known here");
    let unconnected = refusal(vec![], vec![node("Relu", &["z"], "y", vec![])]);
    assert!(unconnected.ends_with("its input 0: nothing yields “z”"), "{unconnected}");
    let misfit = vec![floats("w", &[1, 3, 1, 1], &[1.0; 3])];
    let misfit = refusal(misfit, vec![node("Conv", &["x", "w"], "y", vec![])]);
    assert!(misfit.contains("3 channels"), "{misfit}");
    let dynamic = refusal(vec![], vec![node("DequantizeLinear", &["x", "x"], "y", vec![])]);
    assert!(dynamic.contains("not constant"), "{dynamic}");
    assert!(refusal(vec![], vec![]).contains("nothing yields “y”"));
    let wide = vec![int64s("n", &[0, 0, 0, 0, 0, 0, 0, 1 << 40])];
    let wide = refusal(wide, vec![node("Pad", &["x", "n"], "y", vec![])]);
    assert!(wide.contains("its widths are"), "{wide}");
    let nodes = (0..40).map(|ix| {
        let name = |ix| if ix == 0 { "x".to_string() } else { format!("x{ix}") };
        node("Concat", &[&name(ix), &name(ix)], &name(ix + 1), vec![int("axis", 2)])
    });
    let doubled = refusal(vec![], nodes.collect());
    assert!(doubled.contains("too many numbers"), "{doubled}");
}

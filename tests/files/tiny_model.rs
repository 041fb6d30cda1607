//! Complete model files of two kilobytes, with a single layer.

#![allow(dead_code)] // each test program uses one of the models

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType,
    tensor_shape_proto::{Dimension, dimension::Value},
    type_proto,
};

const FLOAT: i32 = 1;

const METADATA: [(&str, &str); 9] = [
    ("format", "1"),
    ("input_size", "8"),
    ("resize", r#"{"fit":"pad","filter":"bilinear"}"#),
    ("mean", "[0.5, 0.4, 0.3]"),
    ("std", "[0.5, 0.5, 1]"),
    ("temperature", "1.25"),
    ("thresholds", r#"{"core":0.4,"garment":0.45}"#),
    ("training_data", "sha256:00"),
    ("license", "MIT OR Apache-2.0"),
];

/// A model that knows nothing.
pub fn tiny_model() -> Vec<u8> {
    let labels = r#"[{"id":"a","name":"A","group":"core"},{"id":"b","name":"B","group":"garment"},{"id":"c","name":"C","group":"none"}]"#;
    model("tiny", labels, |x| x as f32 / 40.0 - 0.4, [0.1, 0.2, -0.3])
}

/// A model that tells red, green and blue things apart by their mean colour, correctly.
pub fn colour_model() -> Vec<u8> {
    let labels = r#"[{"id":"red","name":"Red thing","group":"core"},{"id":"green","name":"Green thing","group":"core"},{"id":"blue","name":"Blue thing","group":"core"}]"#;
    // A quarter for each of the four pixels.
    let weight = |x: usize| if x / 12 == x / 4 % 3 { 2.0 } else { -1.0 };
    model("colours", labels, weight, [0.0; 3])
}

/// Builds a model from labels as JSON, the convolution's weights by their index in `[3, 3, 2, 2]`, and the logits' bias.
fn model(version: &str, labels: &str, weight: impl Fn(usize) -> f32, bias: [f32; 3]) -> Vec<u8> {
    let weights: Vec<u8> = (0..3 * 3 * 2 * 2).flat_map(|x| weight(x).to_le_bytes()).collect();
    let bias = bias.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
    let mut convolution = node("Conv", &["image", "weights"], "class_maps");
    convolution.attribute.extend([lengths("strides"), lengths("kernel_shape")]);
    let graph = GraphProto {
        name: "tiny".into(),
        input: vec![value("image", &[1, 3, 8, 8])],
        output: vec![value("logits", &[1, 3]), value("class_maps", &[1, 3, 4, 4])],
        initializer: vec![tensor("weights", &[3, 3, 2, 2], weights), tensor("bias", &[1, 3], bias)],
        node: vec![
            convolution,
            node("GlobalAveragePool", &["class_maps"], "pooled"),
            node("Flatten", &["pooled"], "flat"),
            node("Add", &["flat", "bias"], "logits"),
        ],
        ..Default::default()
    };
    let metadata =
        |(key, value): (&str, &str)| StringStringEntryProto { key: key.into(), value: value.into() };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        graph: Some(graph),
        metadata_props: METADATA
            .into_iter()
            .chain([("version", version), ("labels", labels)])
            .map(metadata)
            .collect(),
        ..Default::default()
    };
    model.encode_to_vec()
}

fn tensor(name: &str, dims: &[i64], raw_data: Vec<u8>) -> TensorProto {
    TensorProto { name: name.into(), dims: dims.into(), data_type: FLOAT, raw_data, ..Default::default() }
}

fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let length = |&length: &i64| Dimension { value: Some(Value::DimValue(length)), ..Default::default() };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(length).collect() });
    let tensor = type_proto::Value::TensorType(type_proto::Tensor { elem_type: FLOAT, shape });
    let kind = TypeProto { value: Some(tensor), ..Default::default() };
    ValueInfoProto { name: name.into(), r#type: Some(kind), ..Default::default() }
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

/// `[2, 2]`.
fn lengths(name: &str) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints.into(),
        ints: vec![2, 2],
        ..Default::default()
    }
}

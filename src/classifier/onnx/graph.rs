//! An ONNX graph → tract's typed model.
//!
//! tract-onnx has a reader of its own. It knows all of ONNX and infers shapes that are not given; linked in, it makes up half
//! of the engine's WebAssembly. This one knows the [operators] of convolutional classifiers with fixed shapes.

use tract_onnx::{
    pb::{GraphProto, TypeProto, ValueInfoProto, tensor_shape_proto::dimension::Value as Length, type_proto},
    prelude::{TractResult, TypedModel},
    tract_core::internal::TractErrorContext,
};

use super::{
    operators,
    reader::{Convolutions, GraphReader, name_of},
};

/// The shape of a graph's input, if it holds floats and all its lengths are fixed.
pub fn shape(input: &ValueInfoProto) -> Option<Vec<usize>> {
    const FLOAT: i32 = 1;
    let Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), .. }) = &input.r#type else {
        return None;
    };
    let lengths = tensor.shape.as_ref().filter(|_| tensor.elem_type == FLOAT)?.dim.iter();
    lengths
        .map(|dim| match dim.value {
            Some(Length::DimValue(length)) => usize::try_from(length).ok().filter(|&length| length > 0),
            _ => None,
        })
        .collect()
}

/// A tensor's type and shape as text, such as "float [batch, 3, 224, 224]"; `None` if the value is no tensor.
pub fn described(tensor: &ValueInfoProto) -> Option<String> {
    let Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), .. }) = &tensor.r#type else {
        return None;
    };
    let kind = match tensor.elem_type {
        1 => "float".into(),
        2 => "uint8".into(),
        3 => "int8".into(),
        7 => "int64".into(),
        10 => "float16".into(),
        11 => "double".into(),
        other => format!("type {other}"),
    };
    let length = |length: &Option<Length>| match length {
        Some(Length::DimValue(length)) => length.to_string(),
        Some(Length::DimParam(name)) => name.clone(),
        None => "?".into(),
    };
    let lengths = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| length(&dim.value));
    Some(format!("{kind} [{}]", lengths.collect::<Vec<_>>().join(", ")))
}

/// The inputs of a graph that are not constants.
pub fn inputs(graph: &GraphProto) -> impl Iterator<Item = &ValueInfoProto> {
    let constant = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    graph.input.iter().filter(move |input| !constant(&input.name))
}

/// Reads a graph whose inputs all have a fixed [`shape`]. `opset`: the version of its operators; `outputs`: names of the
/// outputs that the model will have, in this order.
///
/// # Errors
///
/// An operator is unknown, is used in an unsupported way, or does not fit its inputs.
pub fn read(
    graph: &GraphProto,
    opset: i64,
    outputs: &[&str],
    convolutions: Convolutions,
) -> TractResult<TypedModel> {
    let mut reader = GraphReader::new(graph, opset, outputs, convolutions);
    for input in inputs(graph) {
        reader.add_input(&input.name, &shape(input).context("an input has no fixed shape")?)?;
    }
    for node in &graph.node {
        let value = operators::named(&node.op_type)
            .context("this operator is not known here")
            .and_then(|operator| operator(&mut reader, node))
            .and_then(|value| reader.limited(value))
            .with_context(|| format!("{} “{}” is not understood", node.op_type, name_of(node)))?;
        reader.finish(node, value)?;
    }
    reader.into_model(outputs)
}

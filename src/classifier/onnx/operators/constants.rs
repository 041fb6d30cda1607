//! Operators that yield constants, or their input unchanged.

use std::sync::Arc;

use tract_onnx::{
    data_resolver::FopenDataResolver,
    pb::NodeProto,
    prelude::{TractResult, tensor0, tensor1},
    tensor::load_tensor,
    tract_core::internal::{bail, ensure},
};

use crate::classifier::onnx::reader::{GraphReader, Quantised, Value, axis_of};

pub fn constant(_: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let tensor = if let Some(tensor) = node.get_attr_opt("value")? {
        load_tensor(&FopenDataResolver, tensor, None)?
    } else if let Some(number) = node.get_attr_opt::<f32>("value_float")? {
        tensor0(number)
    } else if let Some(number) = node.get_attr_opt::<i64>("value_int")? {
        tensor0(number)
    } else if let Some(numbers) = node.get_attr_opt_vec::<f32>("value_floats")? {
        tensor1(&numbers)
    } else if let Some(numbers) = node.get_attr_opt_vec::<i64>("value_ints")? {
        tensor1(&numbers)
    } else {
        bail!("its value is of another kind")
    };
    Ok(Value::Constant(Arc::new(tensor)))
}

pub fn identity(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    reader.value(node, 0)
}

/// Constants only: weights that are stored in fewer bits.
pub fn dequantize_linear(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let values = reader.constant(node, 0)?;
    let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(1), values.rank().max(1))?;
    let (scale, zero) =
        (reader.floats(node, 1)?, if reader.has(node, 2) { reader.floats(node, 2)? } else { vec![0.0] });
    let length = values.shape().get(axis).copied().unwrap_or(1);
    ensure!([scale.len(), zero.len()].iter().all(|&n| n == 1 || n == length), "its scales do not fit");
    Ok(Value::Quantised(Arc::new(Quantised { values, axis, scale, zero })))
}

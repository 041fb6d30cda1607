//! Operators on each number by itself.

use tract_onnx::{
    pb::NodeProto,
    prelude::TractResult,
    tract_core::{
        internal::bail,
        ops::{
            math,
            nn::{self, gelu_approximate::gelu_approximate, gelu_exact::gelu_exact},
        },
    },
};

use crate::classifier::onnx::reader::{GraphReader, Value, name_of};

pub fn relu(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    reader.with_number(name_of(node), math::max(), input, 0.0).map(Value::Wire)
}

pub fn leaky_relu(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let slope = node.get_attr_opt("alpha")?.unwrap_or(0.01);
    reader.unary(node, nn::leaky_relu(slope))
}

/// The bounds were attributes before version 11 of the operators, and are inputs since.
pub fn clip(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let bound = |slot, attribute| {
        if reader.has(node, slot) {
            reader.constant(node, slot)?.cast_to_scalar::<f32>().map(Some)
        } else {
            node.get_attr_opt::<f32>(attribute)
        }
    };
    let (least, most) = (bound(1, "min")?, bound(2, "max")?);
    let mut wire = reader.input(node, 0)?;
    if let Some(least) = least {
        wire = reader.with_number(&format!("{}.least", name_of(node)), math::max(), wire, least)?;
    }
    if let Some(most) = most {
        wire = reader.with_number(&format!("{}.most", name_of(node)), math::min(), wire, most)?;
    }
    Ok(wire.into())
}

pub fn hard_sigmoid(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (slope, shift) =
        (node.get_attr_opt("alpha")?.unwrap_or(0.2), node.get_attr_opt("beta")?.unwrap_or(0.5));
    let mut wire = reader.input(node, 0)?;
    wire = reader.with_number(&format!("{name}.scaled"), math::mul(), wire, slope)?;
    wire = reader.with_number(&format!("{name}.shifted"), math::add(), wire, shift)?;
    wire = reader.with_number(&format!("{name}.least"), math::max(), wire, 0.0)?;
    reader.with_number(&format!("{name}.most"), math::min(), wire, 1.0).map(Value::Wire)
}

pub fn gelu(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    match node.get_attr_opt::<&str>("approximate")?.unwrap_or("none") {
        "none" => reader.unary(node, gelu_exact()),
        "tanh" => reader.unary(node, gelu_approximate(false)),
        other => bail!("there is no approximation {other}"),
    }
}

pub fn pow(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    match reader.floats(node, 1)?[..] {
        [2.0] => reader.unary(node, math::square()),
        [0.5] => reader.unary(node, math::sqrt()),
        [exponent] => reader.unary(node, math::pow_const(exponent)),
        _ => bail!("it has several exponents"),
    }
}

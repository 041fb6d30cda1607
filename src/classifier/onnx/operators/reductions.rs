//! Sums, means, norms and softmax: operators over whole axes.

use tract_onnx::{
    pb::NodeProto,
    prelude::{OutletId, SpecialOps, TVec, Tensor, TractResult, tvec},
    tract_core::{
        internal::{AxisOp, ensure},
        ops::{
            math,
            nn::{Reduce, Reducer, Softmax, SoftmaxKind},
        },
    },
};

use crate::classifier::onnx::reader::{GraphReader, Value, axes_of, axis_of, name_of};

pub fn global_average_pool(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let axes = (2..reader.lengths(input)?.len()).collect();
    mean(reader, name_of(node), input, &axes).map(Value::Wire)
}

pub fn reduce_mean(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let (input, axes) = reduced(reader, node)?;
    let mean = mean(reader, &format!("{}.mean", name_of(node)), input, &axes)?;
    without_reduced(reader, node, mean, axes)
}

pub fn reduce_sum(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let (input, axes) = reduced(reader, node)?;
    let sum = sum(reader, &format!("{}.sum", name_of(node)), input, &axes)?;
    without_reduced(reader, node, sum, axes)
}

pub fn reduce_l2(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (input, axes) = reduced(reader, node)?;
    let squares = reader.wired(&format!("{name}.squares"), math::square(), &[input])?;
    let sum = sum(reader, &format!("{name}.sum"), squares, &axes)?;
    let length = reader.wired(&format!("{name}.length"), math::sqrt(), &[sum])?;
    without_reduced(reader, node, length, axes)
}

/// The input and the axes to reduce: all of them, if the node names none.
fn reduced(reader: &mut GraphReader, node: &NodeProto) -> TractResult<(OutletId, TVec<usize>)> {
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    let axes = match reader.integers(node, 1, "axes")?.filter(|axes| !axes.is_empty()) {
        Some(axes) => axes_of(axes, rank)?,
        None if node.get_attr_opt::<i64>("noop_with_empty_axes")?.unwrap_or(0) != 0 => tvec!(),
        None => (0..rank).collect(),
    };
    Ok((input, axes))
}

fn sum(reader: &mut GraphReader, name: &str, input: OutletId, axes: &TVec<usize>) -> TractResult<OutletId> {
    reader.wired(name, Reduce::new(axes.clone(), Reducer::Sum), &[input])
}

fn mean(reader: &mut GraphReader, name: &str, input: OutletId, axes: &TVec<usize>) -> TractResult<OutletId> {
    let lengths = reader.lengths(input)?;
    let count: usize = axes.iter().map(|&axis| lengths[axis]).product();
    let sum = sum(reader, &format!("{name}.sum"), input, axes)?;
    reader.with_number(name, math::mul(), sum, 1.0 / count as f32)
}

/// Removes the reduced axes, unless the node keeps them.
fn without_reduced(
    reader: &mut GraphReader,
    node: &NodeProto,
    mut wire: OutletId,
    axes: TVec<usize>,
) -> TractResult<Value> {
    if node.get_attr_opt::<i64>("keepdims")?.unwrap_or(1) == 0 {
        for &axis in axes.iter().rev() {
            wire = reader.wired(&format!("{}.without_{axis}", name_of(node)), AxisOp::Rm(axis), &[wire])?;
        }
    }
    Ok(wire.into())
}

/// Each channel is scaled and shifted as its statistics say.
pub fn batch_normalization(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    ensure!(rank >= 2, "its input has no channels");
    let epsilon: f32 = node.get_attr_opt("epsilon")?.unwrap_or(1e-5);
    let [scale, bias, mean, variance] = [1, 2, 3, 4].map(|slot| reader.floats(node, slot));
    let (scale, bias, mean, variance) = (scale?, bias?, mean?, variance?);
    let channels = reader.lengths(input)?[1];
    let all = [&scale, &bias, &mean, &variance];
    ensure!(all.iter().all(|numbers| numbers.len() == channels), "its statistics are of other channels");
    let slopes: Vec<f32> =
        scale.iter().zip(&variance).map(|(scale, variance)| scale / (variance + epsilon).sqrt()).collect();
    let shifts: Vec<f32> =
        bias.iter().zip(&mean).zip(&slopes).map(|((bias, mean), slope)| bias - mean * slope).collect();
    let mut shape = vec![1; rank];
    shape[1] = channels;
    let slopes = reader.model.add_const(format!("{name}.slopes"), Tensor::from_shape(&shape, &slopes)?)?;
    let shifts = reader.model.add_const(format!("{name}.shifts"), Tensor::from_shape(&shape, &shifts)?)?;
    let scaled = reader.wired(&format!("{name}.scaled"), math::mul(), &[input, slopes])?;
    reader.wired(name, math::add(), &[scaled, shifts]).map(Value::Wire)
}

pub fn layer_normalization(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let step = |step: &str| format!("{name}.{step}");
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    let axes: TVec<usize> = (axis_of(node.get_attr_opt("axis")?.unwrap_or(-1), rank)?..rank).collect();
    let mean_wire = mean(reader, &step("mean"), input, &axes)?;
    let centred = reader.wired(&step("centred"), math::sub(), &[input, mean_wire])?;
    let squares = reader.wired(&step("squares"), math::square(), &[centred])?;
    let variance = mean(reader, &step("variance"), squares, &axes)?;
    let epsilon = node.get_attr_opt("epsilon")?.unwrap_or(1e-5);
    let variance = reader.with_number(&step("variance.epsilon"), math::add(), variance, epsilon)?;
    let deviation = reader.wired(&step("deviation"), math::sqrt(), &[variance])?;
    let mut wire = reader.wired(&step("normal"), math::div(), &[centred, deviation])?;
    let scale = reader.input(node, 1)?;
    wire = reader.broadcast(&step("scaled"), math::mul(), &[wire, scale])?;
    if reader.has(node, 2) {
        let bias = reader.input(node, 2)?;
        wire = reader.broadcast(&step("shifted"), math::add(), &[wire, bias])?;
    }
    Ok(wire.into())
}

/// Before version 13 of the operators, the named axis and all after it count as one.
pub fn softmax(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(if reader.opset < 13 { 1 } else { -1 }), rank)?;
    let axes = if reader.opset < 13 { (axis..rank).collect() } else { tvec!(axis) };
    reader.wired(name_of(node), Softmax::new(axes, None, SoftmaxKind::Softmax), &[input]).map(Value::Wire)
}

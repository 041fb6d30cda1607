//! What becomes of each operator of ONNX that is known here. `operators.json` lists the same ones, with what is asked of
//! their use.

use std::sync::Arc;

use clothing_kernel::{Channels, Convolution, Window};
use tract_onnx::{
    data_resolver::FopenDataResolver,
    pb::NodeProto,
    prelude::{Datum, InletId, OutletId, SpecialOps, TVec, Tensor, TractResult, tensor0, tensor1, tvec},
    tensor::load_tensor,
    tract_core::{
        internal::{AxesMapping, AxisOp, ToDim, TractErrorContext, bail, ensure},
        ops::{
            Downsample,
            array::{Pad, PadMode, Slice, TypedConcat},
            change_axes::{perm_to_ops, wire_rank_broadcast},
            cnn::{Conv, KernelFormat, MaxPool, PaddingSpec, PoolSpec, SumPool},
            einsum::EinSum,
            math,
            nn::{
                self, DataFormat, Reduce, Reducer, Softmax, SoftmaxKind, gelu_approximate::gelu_approximate,
                gelu_exact::gelu_exact,
            },
        },
    },
};

use super::{
    convolution::FusedConvolution,
    graph::{Convolutions, Quantised, Reader, Value, axis_of, name_of},
};

/// Yields a node's first output; the others it leaves with the reader.
pub type Operator = for<'a> fn(&mut Reader<'a>, &'a NodeProto) -> TractResult<Value>;

const OPERATORS: &[(&str, Operator)] = &[
    ("Add", add),
    ("AveragePool", average_pool),
    ("BatchNormalization", batch_normalization),
    ("Clip", clip),
    ("Concat", concat),
    ("Constant", constant),
    ("Conv", conv),
    ("DequantizeLinear", dequantize_linear),
    ("Div", |reader, node| reader.binary(node, math::div())),
    ("Dropout", identity),
    ("Erf", |reader, node| reader.unary(node, math::erf())),
    ("Flatten", flatten),
    ("Gelu", gelu),
    ("Gemm", gemm),
    ("GlobalAveragePool", global_average_pool),
    ("HardSigmoid", hard_sigmoid),
    ("HardSwish", |reader, node| reader.unary(node, nn::hard_swish())),
    ("Identity", identity),
    ("LayerNormalization", layer_normalization),
    ("LeakyRelu", leaky_relu),
    ("MatMul", mat_mul),
    ("MaxPool", max_pool),
    ("Mul", |reader, node| reader.binary(node, math::mul())),
    ("Pad", pad),
    ("Pow", pow),
    ("ReduceL2", reduce_l2),
    ("ReduceMean", reduce_mean),
    ("ReduceSum", reduce_sum),
    ("Relu", relu),
    ("Reshape", reshape),
    ("Sigmoid", |reader, node| reader.unary(node, nn::sigmoid())),
    ("Slice", slice),
    ("Softmax", softmax),
    ("Split", split),
    ("Sqrt", |reader, node| reader.unary(node, math::sqrt())),
    ("Squeeze", squeeze),
    ("Sub", |reader, node| reader.binary(node, math::sub())),
    ("Tanh", |reader, node| reader.unary(node, math::tanh())),
    ("Transpose", transpose),
    ("Unsqueeze", unsqueeze),
];

/// The operator of that name, if it is known.
pub fn named(name: &str) -> Option<Operator> {
    OPERATORS.iter().find(|(known, _)| *known == name).map(|&(_, operator)| operator)
}

// ---- constants

fn constant(_: &mut Reader, node: &NodeProto) -> TractResult<Value> {
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

fn identity(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    reader.value(node, 0)
}

/// Of constants only: it is weights that we keep in fewer bits.
fn dequantize_linear(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let values = reader.constant(node, 0)?;
    let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(1), values.rank().max(1))?;
    let (scale, zero) =
        (reader.floats(node, 1)?, if reader.has(node, 2) { reader.floats(node, 2)? } else { vec![0.0] });
    let length = values.shape().get(axis).copied().unwrap_or(1);
    ensure!([scale.len(), zero.len()].iter().all(|&n| n == 1 || n == length), "its scales do not fit");
    Ok(Value::Quantised(Arc::new(Quantised { values, axis, scale, zero })))
}

// ---- number by number

fn add(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    match fused_addition(reader, node)? {
        Some(value) => Ok(value),
        None => reader.binary(node, math::add()),
    }
}

fn relu(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    if let Some(value) = fused_relu(reader, node)? {
        return Ok(value);
    }
    let input = reader.input(node, 0)?;
    reader.with_number(name_of(node), math::max(), input, 0.0).map(Value::Wire)
}

fn leaky_relu(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let slope = node.get_attr_opt("alpha")?.unwrap_or(0.01);
    reader.unary(node, nn::leaky_relu(slope))
}

/// The bounds were attributes before version 11 of the operators, and are inputs since.
fn clip(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
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

fn hard_sigmoid(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (slope, shift) =
        (node.get_attr_opt("alpha")?.unwrap_or(0.2), node.get_attr_opt("beta")?.unwrap_or(0.5));
    let mut wire = reader.input(node, 0)?;
    wire = reader.with_number(&format!("{name}.scaled"), math::mul(), wire, slope)?;
    wire = reader.with_number(&format!("{name}.shifted"), math::add(), wire, shift)?;
    wire = reader.with_number(&format!("{name}.least"), math::max(), wire, 0.0)?;
    reader.with_number(&format!("{name}.most"), math::min(), wire, 1.0).map(Value::Wire)
}

fn gelu(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    match node.get_attr_opt::<&str>("approximate")?.unwrap_or("none") {
        "none" => reader.unary(node, gelu_exact()),
        "tanh" => reader.unary(node, gelu_approximate(false)),
        other => bail!("there is no approximation {other}"),
    }
}

fn pow(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    match reader.floats(node, 1)?[..] {
        [2.0] => reader.unary(node, math::square()),
        [0.5] => reader.unary(node, math::sqrt()),
        [exponent] => reader.unary(node, math::pow_const(exponent)),
        _ => bail!("it has several exponents"),
    }
}

// ---- products

/// `alpha × A × B + beta × C`, A and B transposed or not.
fn gemm(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (alpha, beta) =
        (node.get_attr_opt("alpha")?.unwrap_or(1.0), node.get_attr_opt("beta")?.unwrap_or(1.0));
    let transposed = |name| TractResult::Ok(node.get_attr_opt::<i64>(name)?.unwrap_or(0) != 0);
    let inputs = [reader.input(node, 0)?, reader.input(node, 1)?];
    let mut wire =
        product(reader, &format!("{name}.product"), inputs, transposed("transA")?, transposed("transB")?)?;
    if alpha != 1.0 {
        wire = reader.with_number(&format!("{name}.alpha"), math::mul(), wire, alpha)?;
    }
    if reader.has(node, 2) {
        let mut addend = reader.input(node, 2)?;
        if beta != 1.0 {
            addend = reader.with_number(&format!("{name}.beta"), math::mul(), addend, beta)?;
        }
        wire = reader.broadcast(name, math::add(), &[wire, addend])?;
    }
    Ok(wire.into())
}

fn mat_mul(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let inputs = [reader.input(node, 0)?, reader.input(node, 1)?];
    product(reader, name_of(node), inputs, false, false).map(Value::Wire)
}

/// Of matrices, which are the last two axes.
fn product(
    reader: &mut Reader,
    name: &str,
    inputs: [OutletId; 2],
    transposed_a: bool,
    transposed_b: bool,
) -> TractResult<OutletId> {
    let ranks = [reader.lengths(inputs[0])?.len(), reader.lengths(inputs[1])?.len()];
    ensure!(ranks.iter().all(|&rank| rank >= 2), "only matrices are multiplied");
    let inputs = wire_rank_broadcast(name, &mut reader.model, &inputs)?;
    let axes = AxesMapping::for_numpy_matmul(ranks[0].max(ranks[1]), transposed_a, transposed_b, false)?;
    reader.wired(name, EinSum::new(axes, f32::datum_type()), &inputs)
}

// ---- sums, means and norms

fn global_average_pool(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let axes = (2..reader.lengths(input)?.len()).collect();
    mean(reader, name_of(node), input, &axes).map(Value::Wire)
}

fn reduce_mean(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let (input, axes) = reduced(reader, node)?;
    let mean = mean(reader, &format!("{}.mean", name_of(node)), input, &axes)?;
    without(reader, node, mean, axes)
}

fn reduce_sum(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let (input, axes) = reduced(reader, node)?;
    let sum = sum(reader, &format!("{}.sum", name_of(node)), input, &axes)?;
    without(reader, node, sum, axes)
}

fn reduce_l2(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let name = name_of(node);
    let (input, axes) = reduced(reader, node)?;
    let squares = reader.wired(&format!("{name}.squares"), math::square(), &[input])?;
    let sum = sum(reader, &format!("{name}.sum"), squares, &axes)?;
    let length = reader.wired(&format!("{name}.length"), math::sqrt(), &[sum])?;
    without(reader, node, length, axes)
}

/// The input, and the axes over which it is to be reduced; all, if the node names none.
fn reduced(reader: &mut Reader, node: &NodeProto) -> TractResult<(OutletId, TVec<usize>)> {
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    let axes = match reader.integers(node, 1, "axes")?.filter(|axes| !axes.is_empty()) {
        Some(axes) => axes_of(axes, rank)?,
        None if node.get_attr_opt::<i64>("noop_with_empty_axes")?.unwrap_or(0) != 0 => tvec!(),
        None => (0..rank).collect(),
    };
    Ok((input, axes))
}

fn axes_of(axes: Vec<i64>, rank: usize) -> TractResult<TVec<usize>> {
    let mut axes = axes.into_iter().map(|axis| axis_of(axis, rank)).collect::<TractResult<TVec<_>>>()?;
    axes.sort_unstable(); // tract wants them so
    axes.dedup();
    Ok(axes)
}

fn sum(reader: &mut Reader, name: &str, input: OutletId, axes: &TVec<usize>) -> TractResult<OutletId> {
    reader.wired(name, Reduce::new(axes.clone(), Reducer::Sum), &[input])
}

fn mean(reader: &mut Reader, name: &str, input: OutletId, axes: &TVec<usize>) -> TractResult<OutletId> {
    let lengths = reader.lengths(input)?;
    let count: usize = axes.iter().map(|&axis| lengths[axis]).product();
    let sum = sum(reader, &format!("{name}.sum"), input, axes)?;
    reader.with_number(name, math::mul(), sum, 1.0 / count as f32)
}

/// Takes away axes that were reduced, unless the node wants them kept.
fn without(
    reader: &mut Reader,
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

/// Each channel scaled and shifted by what its statistics come to.
fn batch_normalization(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
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

fn layer_normalization(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
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

/// Before version 13 of the operators, all axes from the one named on are one.
fn softmax(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let rank = reader.lengths(input)?.len();
    let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(if reader.opset < 13 { 1 } else { -1 }), rank)?;
    let axes = if reader.opset < 13 { (axis..rank).collect() } else { tvec!(axis) };
    reader.wired(name_of(node), Softmax::new(axes, None, SoftmaxKind::Softmax), &[input]).map(Value::Wire)
}

// ---- shapes

fn flatten(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let from = reader.lengths(input)?;
    let axis: i64 = node.get_attr_opt("axis")?.unwrap_or(1);
    let axis = if axis == from.len() as i64 { from.len() } else { axis_of(axis, from.len())? };
    let to = tvec!(from[..axis].iter().product(), from[axis..].iter().product());
    reshaped(reader, node, input, to)
}

/// A length of 0 stays (unless it is one that is meant so, which no picture has), one of -1 follows from the others.
fn reshape(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let from = reader.lengths(input)?;
    let wanted = reader.integers(node, 1, "shape")?.context("its shape is missing")?;
    let stays = node.get_attr_opt::<i64>("allowzero")?.unwrap_or(0) == 0;
    let mut to: TVec<usize> = tvec!();
    let mut open = None;
    for (ix, length) in wanted.into_iter().enumerate() {
        to.push(match length {
            0 if stays => *from.get(ix).context("its shape has a 0 too many")?,
            -1 => {
                ensure!(open.replace(ix).is_none(), "its shape has two open lengths");
                1
            }
            length => usize::try_from(length)?,
        });
    }
    if let Some(ix) = open {
        to[ix] = from.iter().product::<usize>() / to.iter().product::<usize>().max(1);
    }
    reshaped(reader, node, input, to)
}

fn reshaped(reader: &mut Reader, node: &NodeProto, input: OutletId, to: TVec<usize>) -> TractResult<Value> {
    let from = reader.lengths(input)?;
    let volume =
        |lengths: &[usize]| lengths.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
    ensure!(volume(&from) == volume(&to), "{from:?} does not make {to:?}");
    if from == to {
        return Ok(input.into());
    }
    let dims = |lengths: TVec<usize>| lengths.iter().map(|length| length.to_dim()).collect();
    reader.wired(name_of(node), AxisOp::Reshape(0, dims(from), dims(to)), &[input]).map(Value::Wire)
}

fn transpose(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let mut wire = reader.input(node, 0)?;
    let rank = reader.lengths(wire)?.len();
    let order: Vec<usize> = node.get_attr_opt_vec("perm")?.unwrap_or_else(|| (0..rank).rev().collect());
    let mut sorted = order.clone();
    sorted.sort_unstable();
    ensure!(sorted.into_iter().eq(0..rank), "its order is not one of {rank} axes");
    for (ix, op) in perm_to_ops(&order).into_iter().enumerate() {
        wire = reader.wired(&format!("{}.{ix}", name_of(node)), op, &[wire])?;
    }
    Ok(wire.into())
}

fn squeeze(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let mut wire = reader.input(node, 0)?;
    let lengths = reader.lengths(wire)?;
    let axes = match reader.integers(node, 1, "axes")? {
        Some(axes) => axes_of(axes, lengths.len())?,
        None => (0..lengths.len()).filter(|&axis| lengths[axis] == 1).collect(),
    };
    for axis in axes.into_iter().rev() {
        ensure!(lengths[axis] == 1, "its axis {axis} has the length {}", lengths[axis]);
        wire = reader.wired(&format!("{}.without_{axis}", name_of(node)), AxisOp::Rm(axis), &[wire])?;
    }
    Ok(wire.into())
}

fn unsqueeze(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let mut wire = reader.input(node, 0)?;
    let axes = reader.integers(node, 1, "axes")?.context("its axes are missing")?;
    let rank = reader.lengths(wire)?.len() + axes.len();
    for axis in axes_of(axes, rank)? {
        wire = reader.wired(&format!("{}.with_{axis}", name_of(node)), AxisOp::Add(axis), &[wire])?;
    }
    Ok(wire.into())
}

fn concat(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let first = reader.input(node, 0)?;
    let axis = axis_of(node.get_attr("axis")?, reader.lengths(first)?.len())?;
    let inputs =
        (0..node.input.len()).map(|slot| reader.input(node, slot)).collect::<TractResult<Vec<_>>>()?;
    reader.wired(name_of(node), TypedConcat::new(axis), &inputs).map(Value::Wire)
}

fn slice(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let mut wire = reader.input(node, 0)?;
    let lengths = reader.lengths(wire)?;
    let starts = reader.integers(node, 1, "starts")?.context("its starts are missing")?;
    let ends = reader.integers(node, 2, "ends")?.context("its ends are missing")?;
    let axes = reader.integers(node, 3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = reader.integers(node, 4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    ensure!(
        [ends.len(), axes.len(), steps.len()] == [starts.len(); 3],
        "its numbers are not of as many axes"
    );
    for (ix, axis) in axes.into_iter().enumerate() {
        let axis = axis_of(axis, lengths.len())?;
        let length = lengths[axis] as i64;
        let place =
            |place: i64| (if place < 0 { place.saturating_add(length) } else { place }).clamp(0, length);
        let (start, end) = (place(starts[ix]), place(ends[ix]));
        ensure!(start < end, "nothing is left of axis {axis}");
        let name = format!("{}.{axis}", name_of(node));
        wire = reader.wired(&name, Slice::new(axis, start as usize, end as usize), &[wire])?;
        if steps[ix] != 1 {
            ensure!(steps[ix] > 0, "it goes backwards");
            let step = steps[ix].min(length) as isize;
            wire = reader.wired(
                &format!("{name}.steps"),
                Downsample { axis, stride: step, modulo: 0 },
                &[wire],
            )?;
        }
    }
    Ok(wire.into())
}

/// In parts of the lengths given, or in equal ones, of which the last may be shorter.
fn split<'a>(reader: &mut Reader<'a>, node: &'a NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let lengths = reader.lengths(input)?;
    let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(0), lengths.len())?;
    let (whole, count) = (lengths[axis], node.output.len().max(1));
    let parts: Vec<usize> = match reader.integers(node, 1, "split")? {
        Some(parts) => parts.into_iter().map(usize::try_from).collect::<Result<_, _>>()?,
        None => {
            let part = whole.div_ceil(count);
            (0..count).map(|ix| part.min(whole.saturating_sub(ix * part))).collect()
        }
    };
    ensure!(parts.len() == count && !parts.contains(&0), "its parts are {parts:?}");
    ensure!(
        parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part)) == Some(whole),
        "its parts do not make {whole}"
    );
    let mut start = 0;
    let mut wires = Vec::new();
    for (ix, part) in parts.into_iter().enumerate() {
        wires.push(reader.wired(
            &format!("{}.{ix}", name_of(node)),
            Slice::new(axis, start, start + part),
            &[input],
        )?);
        start += part;
    }
    for (output, &wire) in node.output.iter().zip(&wires).skip(1) {
        reader.values.insert(output, wire.into());
    }
    Ok(wires[0].into())
}

fn pad(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    /// Of an axis, on one side. More would be a bomb rather than a border.
    const WIDEST: i64 = 4096;
    let input = reader.input(node, 0)?;
    let lengths = reader.lengths(input)?;
    let given = reader.integers(node, 1, "pads")?.context("its widths are missing")?;
    let axes = match reader.integers(node, 3, "axes")? {
        Some(axes) => axes,
        None => (0..lengths.len() as i64).collect(),
    };
    ensure!(given.len() == 2 * axes.len(), "its widths are not of as many axes");
    ensure!(given.iter().all(|width| (0..=WIDEST).contains(width)), "its widths are {given:?}");
    let mut pads = vec![(0, 0); lengths.len()];
    for (ix, &axis) in axes.iter().enumerate() {
        pads[axis_of(axis, lengths.len())?] = (given[ix] as usize, given[ix + axes.len()] as usize);
    }
    let mode = match node.get_attr_opt::<&str>("mode")?.unwrap_or("constant") {
        "constant" => {
            let value = if reader.has(node, 2) {
                reader.constant(node, 2)?.cast_to_scalar::<f32>()?
            } else {
                node.get_attr_opt("value")?.unwrap_or(0.0)
            };
            PadMode::Constant(Arc::new(tensor0(value)))
        }
        mode @ ("edge" | "reflect") => {
            let reflects = mode == "reflect";
            let fits =
                |(&(before, after), &length): (&(usize, usize), &usize)| before.max(after) < length.max(1);
            ensure!(!reflects || pads.iter().zip(&lengths).all(fits), "it reflects more than there is");
            if reflects { PadMode::Reflect } else { PadMode::Edge }
        }
        other => bail!("its mode is {other}"),
    };
    reader.wired(name_of(node), Pad { pads, mode }, &[input]).map(Value::Wire)
}

// ---- windows

fn max_pool(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let op = MaxPool::new(pool(reader, node)?, None);
    reader.unary(node, op)
}

fn average_pool(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let counted = node.get_attr_opt::<i64>("count_include_pad")?.unwrap_or(0) != 0;
    let op = SumPool::new(pool(reader, node)?, counted, true);
    reader.unary(node, op)
}

fn conv(reader: &mut Reader, node: &NodeProto) -> TractResult<Value> {
    let group: usize = node.get_attr_opt("group")?.unwrap_or(1);
    let input = reader.input(node, 0)?;
    let weights = reader.shape(node, 1)?;
    ensure!(group > 0 && weights.len() > 2 && !weights.contains(&0), "its weights' shape is {weights:?}");
    let (output_channels, input_channels) = (weights[0], weights[1] * group);
    let kernel_shape = weights[2..].into();
    let channels = reader.lengths(input)?.get(1).copied();
    ensure!(channels == Some(input_channels), "its weights are for {input_channels} channels");
    let pool = PoolSpec {
        padding: padding(node, false)?,
        ..geometry(node, kernel_shape, input_channels, output_channels)?
    };
    if let Some(value) = fused_convolution(reader, node, input, &pool, group)? {
        return Ok(value);
    }
    let weights = reader.input(node, 1)?;
    let bias = if reader.has(node, 2) {
        reader.input(node, 2)?
    } else {
        let none = Tensor::zero::<f32>(&[output_channels])?;
        reader.model.add_const(format!("{}.bias", name_of(node)), none)?
    };
    let op = Conv::new(pool, KernelFormat::OIHW, group, None);
    reader.wired(name_of(node), op, &[input, weights, bias]).map(Value::Wire)
}

fn pool(reader: &mut Reader, node: &NodeProto) -> TractResult<PoolSpec> {
    let input = reader.input(node, 0)?;
    let lengths = reader.lengths(input)?;
    let window: TVec<usize> = node.get_attr_tvec("kernel_shape")?;
    ensure!(window.len() + 2 == lengths.len(), "its window has other axes than its input");
    geometry(node, window, lengths[1], lengths[1])
}

fn geometry(
    node: &NodeProto,
    kernel_shape: TVec<usize>,
    input_channels: usize,
    output_channels: usize,
) -> TractResult<PoolSpec> {
    Ok(PoolSpec {
        data_format: DataFormat::NCHW,
        padding: padding(node, true)?,
        dilations: node.get_attr_opt_tvec("dilations")?,
        strides: node.get_attr_opt_tvec("strides")?,
        kernel_shape,
        input_channels,
        output_channels,
    })
}

fn padding(node: &NodeProto, pool: bool) -> TractResult<PaddingSpec> {
    match node.get_attr_opt::<&str>("auto_pad")?.unwrap_or("NOTSET") {
        "NOTSET" => {}
        "VALID" => return Ok(PaddingSpec::Valid),
        "SAME_UPPER" => return Ok(PaddingSpec::SameUpper),
        "SAME_LOWER" => return Ok(PaddingSpec::SameLower),
        other => bail!("its padding is {other}"),
    }
    let Some(pads) = node.get_attr_opt_tvec::<usize>("pads")? else { return Ok(PaddingSpec::Valid) };
    let (before, after) = pads.split_at(pads.len() / 2);
    Ok(if pool {
        let rounded_up = node.get_attr_opt::<i64>("ceil_mode")?.unwrap_or(0) != 0;
        PaddingSpec::ExplicitOnnxPool(before.into(), after.into(), rounded_up)
    } else {
        PaddingSpec::Explicit(before.into(), after.into())
    })
}

// ---- our convolutions, and what is fused to them

/// A convolution as an operator of ours, if it is one that ours can do and that is wanted.
fn fused_convolution(
    reader: &mut Reader,
    node: &NodeProto,
    input: OutletId,
    pool: &PoolSpec,
    group: usize,
) -> TractResult<Option<Value>> {
    let one = |lengths: &Option<TVec<usize>>| lengths.iter().flatten().all(|&length| length == 1);
    let (Some(&[1, _, height, width]), &[rows, columns]) =
        (reader.model.outlet_fact(input)?.shape.as_concrete(), &*pool.kernel_shape)
    else {
        return Ok(None);
    };
    let channels = match group {
        1 => Channels::All(pool.input_channels),
        _ if group == pool.input_channels && group == pool.output_channels => Channels::Depthwise,
        _ => return Ok(None),
    };
    if reader.convolutions == Convolutions::Tracts || !one(&pool.dilations) {
        return Ok(None);
    }
    let (before, after) = match &pool.padding {
        PaddingSpec::Valid => ([0; 2], [0; 2]),
        PaddingSpec::Explicit(before, after) => match (&**before, &**after) {
            (&[top, left], &[bottom, right]) => ([top, left], [bottom, right]),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let stride = match pool.strides.as_deref() {
        None => [1; 2],
        Some(&[down, right]) if down > 0 && right > 0 => [down, right],
        Some(_) => return Ok(None),
    };
    let window = Window { size: [rows, columns], stride, before, after };
    if !window.supports([height, width]) {
        return Ok(None);
    }
    let bias = match reader.has(node, 2).then(|| reader.value(node, 2)).transpose()? {
        None => vec![0.0; pool.output_channels],
        Some(Value::Constant(bias)) => bias.try_as_plain_ram()?.as_slice::<f32>()?.into(),
        Some(_) => return Ok(None),
    };
    ensure!(bias.len() == pool.output_channels, "its bias is for {} channels", bias.len());
    let convolution = match reader.value(node, 1)? {
        // Without all of them as floats beside the packed ones, which would leave memory in pieces.
        Value::Quantised(quantised)
            if quantised.axis == 0 && quantised.values.datum_type() == i8::datum_type() =>
        {
            let plain = quantised.values.try_as_plain_ram()?;
            let values = plain.as_slice::<i8>()?;
            Convolution::new(channels, window, &bias, |output, weights| {
                let from = &values[output * weights.len()..];
                weights
                    .iter_mut()
                    .zip(from)
                    .for_each(|(to, &from)| *to = quantised.scaled(output, from.into()));
            })
        }
        Value::Wire(_) => return Ok(None),
        Value::Constant(_) | Value::Quantised(_) => {
            let tensor = reader.constant(node, 1)?;
            let plain = tensor.try_as_plain_ram()?;
            let values = plain.as_slice::<f32>()?;
            Convolution::new(channels, window, &bias, |output, weights| {
                let count = weights.len();
                weights.copy_from_slice(&values[output * count..][..count]);
            })
        }
    };
    let wire = reader.wired(name_of(node), FusedConvolution::new(convolution), &[input])?;
    Ok(Some(wire.into()))
}

/// The convolution of ours that yields the input in this slot, if nothing else uses that.
fn fusible(reader: &Reader, node: &NodeProto, slot: usize) -> TractResult<Option<OutletId>> {
    let Value::Wire(wire) = reader.value(node, slot)? else { return Ok(None) };
    let (name, maker) = (&*node.input[slot], reader.model.node(wire.node));
    // Of another name, it may be used under its own as well.
    let is_sole_use = maker.name == name && reader.uses.get(name) == Some(&1);
    let is_open = maker.op_as::<FusedConvolution>().is_some_and(|convolution| !convolution.is_rectified());
    Ok((is_sole_use && is_open).then_some(wire))
}

fn fused_relu(reader: &mut Reader, node: &NodeProto) -> TractResult<Option<Value>> {
    let Some(wire) = fusible(reader, node, 0)? else { return Ok(None) };
    let maker = reader.model.node_mut(wire.node);
    let rectified = maker.op_as::<FusedConvolution>().map(FusedConvolution::rectified);
    maker.op = Box::new(rectified.context("a convolution of ours")?);
    maker.name = name_of(node).into();
    Ok(Some(Value::Wire(wire)))
}

/// Adds to a convolution of ours what was there before it.
fn fused_addition(reader: &mut Reader, node: &NodeProto) -> TractResult<Option<Value>> {
    for (slot, other) in [(0, 1), (1, 0)] {
        if let (Some(wire), Value::Wire(earlier)) = (fusible(reader, node, slot)?, reader.value(node, other)?)
            && earlier.node < wire.node
            && reader.model.node(wire.node).inputs.len() == 1
            && reader.model.outlet_fact(earlier)?.shape == reader.model.outlet_fact(wire)?.shape
        {
            reader.model.add_edge(earlier, InletId::new(wire.node, 1))?;
            reader.model.node_mut(wire.node).name = name_of(node).into();
            return Ok(Some(Value::Wire(wire)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tract_onnx::{
        pb::{
            AttributeProto, GraphProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
            attribute_proto::AttributeType,
            tensor_shape_proto::{Dimension, dimension::Value as Length},
            type_proto,
        },
        prelude::{IntoRunnable, IntoTValue},
    };

    use super::*;
    use crate::classifier::{
        contract::Contract,
        graph::{read, shape},
    };

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

    /// Shape and values of `y`.
    fn run(graph: &GraphProto, x: &[f32]) -> (Vec<usize>, Vec<f32>) {
        run_with(graph, x, Convolutions::Tracts)
    }

    fn run_with(graph: &GraphProto, x: &[f32], convolutions: Convolutions) -> (Vec<usize>, Vec<f32>) {
        let shape = shape(&graph.input[0]).unwrap();
        let model = read(graph, 13, &["y"], convolutions).unwrap();
        let plan = model.into_optimized().unwrap().into_runnable().unwrap();
        let outputs = plan.run(tvec!(Tensor::from_shape(&shape, x).unwrap().into_tvalue())).unwrap();
        let y = outputs[0].to_plain_array_view::<f32>().unwrap();
        (y.shape().into(), y.iter().copied().collect())
    }

    #[track_caller]
    fn yields(graph: &GraphProto, x: &[f32], shape: &[usize], values: &[f32]) {
        let (found_shape, found) = run(graph, x);
        assert_eq!(found_shape, shape);
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(
            found.len() == values.len() && found.iter().zip(values).all(close),
            "{found:?}, not {values:?}"
        );
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

    /// Our convolutions change how, not what.
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
        let x = wave(16 * 6 * 10, 0.9);
        for (nodes, left) in [
            (vec![conv("x", "y")], vec!["FusedConvolution"]),
            (vec![conv("x", "c"), relu("c", "y")], vec!["FusedConvolution"]),
            (vec![conv("x", "c"), add("c", "x", "y")], vec!["FusedConvolution"]),
            (vec![conv("x", "c"), add("x", "c", "a"), relu("a", "y")], vec!["FusedConvolution"]),
            (vec![conv("x", "c"), conv("c", "d"), add("c", "d", "y")], vec!["FusedConvolution"; 2]),
            // The ReLU comes first.
            (vec![conv("x", "c"), relu("c", "r"), add("r", "x", "y")], vec!["FusedConvolution", "Add"]),
            // The ReLU's input is used elsewhere too, also by another name.
            (
                vec![conv("x", "c"), relu("c", "r"), add("c", "r", "y")],
                vec!["FusedConvolution", "Max", "Add"],
            ),
            (
                vec![
                    conv("x", "c"),
                    node("Identity", &["c"], "i", vec![]),
                    relu("i", "r"),
                    add("c", "r", "y"),
                ],
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
            let model = read(&graph, 13, &["y"], Convolutions::Fused).unwrap().into_compact().unwrap();
            let names: Vec<_> = model
                .nodes
                .iter()
                .map(|node| node.op.name())
                .filter(|name| !["Source", "Const"].contains(&&**name))
                .collect();
            assert_eq!(names, left);
            let (shape, expected) = run(&graph, &x);
            let (found_shape, found) = run_with(&graph, &x, Convolutions::Fused);
            assert_eq!(found_shape, shape);
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
            }
        }
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
            let (found, values) = run_with(&graph, &[1.0, 2.0, 3.0, 4.0], Convolutions::Fused);
            assert_eq!((found, values), (shape, expected), "{how}");
        }
    }

    #[test]
    fn matrices_are_multiplied() {
        let b = || {
            vec![
                floats("b", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                floats("c", &[3], &[10.0, 20.0, 30.0]),
            ]
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
        // The smaller is spread out, as NumPy does.
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
        let batch = node(
            "BatchNormalization",
            &["x", "scale", "bias", "mean", "var"],
            "y",
            vec![float("epsilon", 0.0)],
        );
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
            format!("{:#}", read(&graph, 13, &["y"], Convolutions::Fused).unwrap_err())
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
}

//! Operators that rearrange numbers without changing them.

use std::sync::Arc;

use tract_onnx::{
    pb::NodeProto,
    prelude::{OutletId, TVec, TractResult, tensor0, tvec},
    tract_core::{
        internal::{AxisOp, ToDim, TractErrorContext, bail, ensure},
        ops::{
            Downsample,
            array::{Pad, PadMode, Slice, TypedConcat},
            change_axes::perm_to_ops,
        },
    },
};

use crate::classifier::onnx::reader::{GraphReader, Value, axes_of, axis_of, name_of};

pub fn flatten(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let input = reader.input(node, 0)?;
    let from = reader.lengths(input)?;
    let axis: i64 = node.get_attr_opt("axis")?.unwrap_or(1);
    let axis = if axis == from.len() as i64 { from.len() } else { axis_of(axis, from.len())? };
    let to = tvec!(from[..axis].iter().product(), from[axis..].iter().product());
    reshaped(reader, node, input, to)
}

/// A length of 0 is copied from the input (unless `allowzero` says otherwise); -1 stands for whatever the others leave.
pub fn reshape(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
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

fn reshaped(
    reader: &mut GraphReader,
    node: &NodeProto,
    input: OutletId,
    to: TVec<usize>,
) -> TractResult<Value> {
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

pub fn transpose(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
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

pub fn squeeze(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
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

pub fn unsqueeze(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let mut wire = reader.input(node, 0)?;
    let axes = reader.integers(node, 1, "axes")?.context("its axes are missing")?;
    let rank = reader.lengths(wire)?.len() + axes.len();
    for axis in axes_of(axes, rank)? {
        wire = reader.wired(&format!("{}.with_{axis}", name_of(node)), AxisOp::Add(axis), &[wire])?;
    }
    Ok(wire.into())
}

pub fn concat(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let first = reader.input(node, 0)?;
    let axis = axis_of(node.get_attr("axis")?, reader.lengths(first)?.len())?;
    let inputs =
        (0..node.input.len()).map(|slot| reader.input(node, slot)).collect::<TractResult<Vec<_>>>()?;
    reader.wired(name_of(node), TypedConcat::new(axis), &inputs).map(Value::Wire)
}

pub fn slice(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
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

/// Into parts of the given lengths, or into equal parts; then the last may be shorter.
pub fn split<'a>(reader: &mut GraphReader<'a>, node: &'a NodeProto) -> TractResult<Value> {
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
        reader.set(output, wire.into());
    }
    Ok(wires[0].into())
}

pub fn pad(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    /// Limit on one side of an axis: a file may not ask for all memory.
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

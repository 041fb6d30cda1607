//! Convolutions and pooling: operators on a window that moves over the picture.

use clothing_kernel::{Channels, Convolution, Window};
use tract_onnx::{
    pb::NodeProto,
    prelude::{Datum, OutletId, SpecialOps, TVec, Tensor, TractResult},
    tract_core::{
        internal::{bail, ensure},
        ops::{
            cnn::{Conv, KernelFormat, MaxPool, PaddingSpec, PoolSpec, SumPool},
            nn::DataFormat,
        },
    },
};

use crate::classifier::onnx::{
    fusion::FusedConvolution,
    reader::{Convolutions, GraphReader, Value, name_of},
};

pub fn max_pool(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let op = MaxPool::new(pool(reader, node)?, None);
    reader.unary(node, op)
}

pub fn average_pool(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
    let counted = node.get_attr_opt::<i64>("count_include_pad")?.unwrap_or(0) != 0;
    let op = SumPool::new(pool(reader, node)?, counted, true);
    reader.unary(node, op)
}

pub fn conv(reader: &mut GraphReader, node: &NodeProto) -> TractResult<Value> {
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
    if let Some(convolution) = own_convolution(reader, node, input, &pool, group)? {
        return reader.wired(name_of(node), FusedConvolution::new(convolution), &[input]).map(Value::Wire);
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

fn pool(reader: &mut GraphReader, node: &NodeProto) -> TractResult<PoolSpec> {
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

/// The node as a convolution of [`clothing_kernel`], if that is wanted and possible.
fn own_convolution(
    reader: &mut GraphReader,
    node: &NodeProto,
    input: OutletId,
    pool: &PoolSpec,
    group: usize,
) -> TractResult<Option<Convolution>> {
    if reader.convolutions == Convolutions::Tract {
        return Ok(None);
    }
    let channels = match group {
        1 => Channels::All(pool.input_channels),
        _ if group == pool.input_channels && group == pool.output_channels => Channels::Depthwise,
        _ => return Ok(None),
    };
    let size = reader.model.outlet_fact(input)?.shape.as_concrete();
    let (Some(window), Some(&[1, _, height, width])) = (own_window(pool), size) else { return Ok(None) };
    if !window.supports([height, width]) {
        return Ok(None);
    }
    let bias = match reader.has(node, 2).then(|| reader.value(node, 2)).transpose()? {
        None => vec![0.0; pool.output_channels],
        Some(Value::Constant(bias)) => bias.try_as_plain_ram()?.as_slice::<f32>()?.into(),
        Some(_) => return Ok(None),
    };
    ensure!(bias.len() == pool.output_channels, "its bias is for {} channels", bias.len());
    Ok(Some(match reader.value(node, 1)? {
        // One channel at a time: floats of all weights beside the packed ones would fragment the memory.
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
    }))
}

/// The window in the terms of [`clothing_kernel`]; `None` if it is not two-dimensional, is dilated, or pads automatically.
fn own_window(pool: &PoolSpec) -> Option<Window> {
    let &[rows, columns] = &*pool.kernel_shape else { return None };
    if !pool.dilations.iter().flatten().all(|&step| step == 1) {
        return None;
    }
    let (before, after) = match &pool.padding {
        PaddingSpec::Valid => ([0; 2], [0; 2]),
        PaddingSpec::Explicit(before, after) => match (&**before, &**after) {
            (&[top, left], &[bottom, right]) => ([top, left], [bottom, right]),
            _ => return None,
        },
        _ => return None,
    };
    let stride = match pool.strides.as_deref() {
        None => [1; 2],
        Some(&[down, right]) if down > 0 && right > 0 => [down, right],
        Some(_) => return None,
    };
    Some(Window { size: [rows, columns], stride, before, after })
}

//! An ONNX graph → tract's typed model.
//!
//! tract-onnx's own reader knows all of ONNX and works out shapes that are not given; linked in, it is half of the
//! engine's WebAssembly. This one knows the operators of convolutional classifiers with fixed shapes.

use std::{collections::HashMap, sync::Arc};

use clothing_kernel::{Channels, Convolution, Window};
use tract_onnx::{
    data_resolver::FopenDataResolver,
    pb::{
        GraphProto, NodeProto, TensorProto, TypeProto, ValueInfoProto,
        tensor_shape_proto::dimension::Value as Length, type_proto,
    },
    prelude::{Datum, InletId, OutletId, SpecialOps, TVec, Tensor, TractResult, TypedModel, tensor0, tvec},
    tensor::load_tensor,
    tract_core::{
        internal::{AxisOp, DatumExt, ToDim, TractErrorContext, TypedOp, bail, ensure},
        ops::{
            array::TypedConcat,
            change_axes::wire_with_rank_broadcast,
            cnn::{Conv, KernelFormat, MaxPool, PaddingSpec, PoolSpec, SumPool},
            math,
            nn::{self, DataFormat, Reduce, Reducer},
        },
    },
};

use super::convolution::FusedConvolution;

/// Whose convolutions over all channels a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convolutions {
    /// tract's: natively it has kernels for wider vectors than ours.
    Tracts,
    /// [`FusedConvolution`], which takes what follows it.
    Fused,
}

/// The float shape of a graph's input, if all its lengths are fixed.
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

/// The inputs of a graph that are not constants.
pub fn inputs(graph: &GraphProto) -> impl Iterator<Item = &ValueInfoProto> {
    let constant = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    graph.input.iter().filter(move |input| !constant(&input.name))
}

/// The model of a graph whose inputs all have a [`shape`], with these outputs.
///
/// # Errors
///
/// An operator is not known here, is used in an unknown way, or does not fit its inputs.
pub fn read(graph: &GraphProto, outputs: &[&str], convolutions: Convolutions) -> TractResult<TypedModel> {
    let mut reader = Reader {
        model: TypedModel::default(),
        initializers: graph.initializer.iter().map(|tensor| (&*tensor.name, tensor)).collect(),
        values: HashMap::new(),
        uses: HashMap::new(),
        convolutions,
    };
    for name in
        graph.node.iter().flat_map(|node| &node.input).map(|input| &**input).chain(outputs.iter().copied())
    {
        *reader.uses.entry(name).or_default() += 1;
    }
    for input in inputs(graph) {
        let shape = shape(input).context("an input has no fixed shape")?;
        let wire = reader.model.add_source(&input.name, f32::fact(shape))?;
        reader.values.insert(&input.name, Value::Wire(wire));
    }
    for node in &graph.node {
        let value = reader
            .read(node)
            .with_context(|| format!("{} “{}” is not understood", node.op_type, name_of(node)))?;
        let output = node.output.first().context("a node has no output")?;
        reader.values.insert(output, value);
        reader.forget_inputs(node);
    }
    let outputs = outputs.iter().map(|output| reader.wire_named(output)).collect::<TractResult<Vec<_>>>()?;
    reader.model.select_output_outlets(&outputs)?;
    Ok(reader.model)
}

/// What the network computes once, or for each photo.
#[derive(Clone)]
enum Value {
    Constant(Arc<Tensor>),
    Quantised(Arc<Quantised>),
    Wire(OutletId),
}

/// Constants kept in fewer bits: `(quantised - zero) × scale`, each of the last two a number or one for each index of an axis.
struct Quantised {
    values: Arc<Tensor>,
    axis: usize,
    scale: Vec<f32>,
    zero: Vec<f32>,
}

impl Quantised {
    fn floats(&self) -> TractResult<Tensor> {
        let inner: usize = self.values.shape().iter().skip(self.axis + 1).product();
        let length = self.values.shape().get(self.axis).copied().unwrap_or(1);
        let mut values = self.values.cast_to::<f32>()?.into_owned();
        let mut floats = values.try_as_plain_ram_mut()?;
        for (ix, part) in floats.as_slice_mut::<f32>()?.chunks_mut(inner.max(1)).enumerate() {
            part.iter_mut().for_each(|value| *value = self.scaled(ix % length, *value));
        }
        Ok(values)
    }

    /// At that index of the axis.
    fn scaled(&self, ix: usize, value: f32) -> f32 {
        (value - self.zero[ix % self.zero.len()]) * self.scale[ix % self.scale.len()]
    }
}

struct Reader<'a> {
    model: TypedModel,
    /// Constants of the file.
    initializers: HashMap<&'a str, &'a TensorProto>,
    /// What the nodes so far yield.
    values: HashMap<&'a str, Value>,
    /// How often each value will yet be used.
    uses: HashMap<&'a str, usize>,
    convolutions: Convolutions,
}

/// Nodes are named by their first output, since names are optional in ONNX and outputs are unique.
fn name_of(node: &NodeProto) -> &str {
    node.output.first().map_or(&node.name, |output| output)
}

impl<'a> Reader<'a> {
    fn read(&mut self, node: &'a NodeProto) -> TractResult<Value> {
        let name = name_of(node);
        match &*node.op_type {
            "Constant" => {
                Ok(Value::Constant(Arc::new(load_tensor(&FopenDataResolver, node.get_attr("value")?, None)?)))
            }
            "Identity" | "Dropout" => self.value(node, 0),
            "DequantizeLinear" => self.dequantized(node),
            "Conv" => self.convolution(node),
            "Add" => match self.fused_addition(node)? {
                Some(value) => Ok(value),
                None => self.binary(node, math::add()),
            },
            "Sub" => self.binary(node, math::sub()),
            "Mul" => self.binary(node, math::mul()),
            "Div" => self.binary(node, math::div()),
            "Relu" => {
                if let Some(value) = self.fused_relu(node)? {
                    return Ok(value);
                }
                let input = self.input(node, 0)?;
                self.with_number(name, math::max(), input, 0.0)
            }
            "Clip" => self.clip(node),
            "HardSigmoid" => {
                let (slope, shift) =
                    (node.get_attr_opt("alpha")?.unwrap_or(0.2), node.get_attr_opt("beta")?.unwrap_or(0.5));
                let mut value = Value::Wire(self.input(node, 0)?);
                for (step, operation, number) in [
                    ("scaled", math::mul(), slope),
                    ("shifted", math::add(), shift),
                    ("least", math::max(), 0.0),
                    ("most", math::min(), 1.0),
                ] {
                    let wire = self.wire(&format!("{name}.{step}.input"), &value)?;
                    value = self.with_number(&format!("{name}.{step}"), operation, wire, number)?;
                }
                Ok(value)
            }
            "HardSwish" => self.unary(node, nn::hard_swish()),
            "Sigmoid" => self.unary(node, nn::sigmoid()),
            "LeakyRelu" => {
                let slope = node.get_attr_opt("alpha")?.unwrap_or(0.01);
                self.unary(node, nn::leaky_relu(slope))
            }
            "MaxPool" => {
                let op = MaxPool::new(self.pool(node)?, None);
                self.unary(node, op)
            }
            "AveragePool" => {
                let counted = node.get_attr_opt::<i64>("count_include_pad")?.unwrap_or(0) != 0;
                let op = SumPool::new(self.pool(node)?, counted, true);
                self.unary(node, op)
            }
            "GlobalAveragePool" => {
                let rank = self.rank(node)?;
                self.mean(node, (2..rank).collect(), true)
            }
            "ReduceMean" => {
                let rank = self.rank(node)?;
                let axes: Vec<i64> = match node.get_attr_opt_vec("axes")? {
                    Some(axes) => axes,
                    None => self
                        .constant(node, 1)?
                        .cast_to::<i64>()?
                        .try_as_plain_ram()?
                        .as_slice::<i64>()?
                        .into(),
                };
                let axes = axes.into_iter().map(|axis| axis_of(axis, rank)).collect::<TractResult<_>>()?;
                self.mean(node, axes, node.get_attr_opt::<i64>("keepdims")?.unwrap_or(1) != 0)
            }
            "Flatten" => {
                ensure!(node.get_attr_opt::<i64>("axis")?.unwrap_or(1) == 1, "only from axis 1 on");
                let input = self.input(node, 0)?;
                let from = self.model.outlet_fact(input)?.shape[1..].to_vec();
                let to = tvec!(from.iter().product());
                self.wired(name, AxisOp::Reshape(1, from.into(), to), &[input])
            }
            "Concat" => {
                let rank = self.rank(node)?;
                let axis = axis_of(node.get_attr("axis")?, rank)?;
                let inputs = (0..node.input.len())
                    .map(|slot| self.input(node, slot))
                    .collect::<TractResult<Vec<_>>>()?;
                self.wired(name, TypedConcat::new(axis), &inputs)
            }
            _ => bail!("this operator is not known here"),
        }
    }

    fn value(&self, node: &NodeProto, slot: usize) -> TractResult<Value> {
        self.value_named(node.input.get(slot).context("an input is missing")?)
            .with_context(|| format!("its input {slot}"))
    }

    /// Constants of the file are read when they are used, so that few of them are in memory at once.
    fn value_named(&self, name: &str) -> TractResult<Value> {
        match (self.values.get(name), self.initializers.get(name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(proto)) => {
                Ok(Value::Constant(Arc::new(load_tensor(&FopenDataResolver, proto, None)?)))
            }
            (None, None) => bail!("nothing yields “{name}”"),
        }
    }

    /// Lets go of what was used for the last time: weights are packed by then.
    fn forget_inputs(&mut self, node: &'a NodeProto) {
        for input in &node.input {
            let uses = self.uses.entry(input).or_default();
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                self.values.remove(&**input);
            }
        }
    }

    /// An optional input is missing where there is no name, or an empty one.
    fn has(&self, node: &NodeProto, slot: usize) -> bool {
        node.input.get(slot).is_some_and(|input| !input.is_empty())
    }

    fn constant(&self, node: &NodeProto, slot: usize) -> TractResult<Arc<Tensor>> {
        match self.value(node, slot)? {
            Value::Constant(tensor) => Ok(tensor),
            Value::Quantised(quantised) => quantised.floats().map(Arc::new),
            Value::Wire(_) => bail!("its input {slot} is not constant"),
        }
    }

    fn shape(&self, node: &NodeProto, slot: usize) -> TractResult<TVec<usize>> {
        match self.value(node, slot)? {
            Value::Constant(tensor) => Ok(tensor.shape().into()),
            Value::Quantised(quantised) => Ok(quantised.values.shape().into()),
            Value::Wire(wire) => {
                let shape = self.model.outlet_fact(wire)?.shape.as_concrete();
                Ok(shape.context("its weights' shape is not fixed")?.into())
            }
        }
    }

    fn input(&mut self, node: &NodeProto, slot: usize) -> TractResult<OutletId> {
        let value = self.value(node, slot)?;
        self.wire(&format!("{}.{slot}", name_of(node)), &value)
    }

    fn wire(&mut self, name: &str, value: &Value) -> TractResult<OutletId> {
        match value {
            Value::Wire(wire) => Ok(*wire),
            Value::Constant(tensor) => self.model.add_const(name, tensor.clone()),
            Value::Quantised(quantised) => self.model.add_const(name, quantised.floats()?),
        }
    }

    fn wire_named(&mut self, output: &str) -> TractResult<OutletId> {
        let value = self.value_named(output)?;
        self.wire(output, &value)
    }

    fn wired(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<Value> {
        Ok(Value::Wire(self.model.wire_node(name, op, inputs)?[0]))
    }

    fn unary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let input = self.input(node, 0)?;
        self.wired(name_of(node), op, &[input])
    }

    fn binary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let inputs = [self.input(node, 0)?, self.input(node, 1)?];
        let wire = wire_with_rank_broadcast(name_of(node), &mut self.model, op, &inputs)?[0];
        Ok(Value::Wire(wire))
    }

    fn with_number(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        input: OutletId,
        number: f32,
    ) -> TractResult<Value> {
        let number = self.model.add_const(format!("{name}.number"), tensor0(number))?;
        Ok(Value::Wire(wire_with_rank_broadcast(name, &mut self.model, op, &[input, number])?[0]))
    }

    fn rank(&mut self, node: &NodeProto) -> TractResult<usize> {
        let input = self.input(node, 0)?;
        Ok(self.model.outlet_fact(input)?.rank())
    }

    /// The bounds were attributes before version 11 of the operators, and are inputs since.
    fn clip(&mut self, node: &NodeProto) -> TractResult<Value> {
        let bound = |reader: &Self, slot, attribute| {
            if reader.has(node, slot) {
                reader.constant(node, slot)?.cast_to_scalar::<f32>().map(Some)
            } else {
                node.get_attr_opt::<f32>(attribute)
            }
        };
        let (least, most) = (bound(self, 1, "min")?, bound(self, 2, "max")?);
        let mut value = Value::Wire(self.input(node, 0)?);
        for (step, operation, number) in [("least", math::max(), least), ("most", math::min(), most)] {
            if let Some(number) = number {
                let wire = self.wire(step, &value)?;
                value = self.with_number(&format!("{}.{step}", name_of(node)), operation, wire, number)?;
            }
        }
        Ok(value)
    }

    /// Of constants only: it is weights that we keep in fewer bits.
    fn dequantized(&self, node: &NodeProto) -> TractResult<Value> {
        let values = self.constant(node, 0)?;
        let axis = axis_of(node.get_attr_opt("axis")?.unwrap_or(1), values.rank().max(1))?;
        let floats = |slot| -> TractResult<Vec<f32>> {
            Ok(self.constant(node, slot)?.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.into())
        };
        let (scale, zero) = (floats(1)?, if self.has(node, 2) { floats(2)? } else { vec![0.0] });
        let length = values.shape().get(axis).copied().unwrap_or(1);
        ensure!([scale.len(), zero.len()].iter().all(|&n| n == 1 || n == length), "its scales do not fit");
        Ok(Value::Quantised(Arc::new(Quantised { values, axis, scale, zero })))
    }

    fn convolution(&mut self, node: &NodeProto) -> TractResult<Value> {
        let name = name_of(node);
        let group: usize = node.get_attr_opt("group")?.unwrap_or(1);
        let input = self.input(node, 0)?;
        let weights = self.shape(node, 1)?;
        ensure!(group > 0 && weights.len() > 2 && !weights.contains(&0), "its weights' shape is {weights:?}");
        let (output_channels, input_channels) = (weights[0], weights[1] * group);
        let kernel_shape = weights[2..].into();
        let channels = self.model.outlet_fact(input)?.shape.get(1).cloned();
        ensure!(channels == Some(input_channels.to_dim()), "its weights are for {input_channels} channels");
        let pool = PoolSpec {
            padding: padding(node, false)?,
            ..self.geometry(node, kernel_shape, input_channels, output_channels)?
        };
        if let Some(value) = self.fused_convolution(node, input, &pool, group)? {
            return Ok(value);
        }
        let weights = self.input(node, 1)?;
        let bias = if self.has(node, 2) {
            self.input(node, 2)?
        } else {
            self.model.add_const(format!("{name}.bias"), Tensor::zero::<f32>(&[output_channels])?)?
        };
        let op = Conv::new(pool, KernelFormat::OIHW, group, None);
        self.wired(name, op, &[input, weights, bias])
    }

    /// A convolution as an operator of ours, if it is one that ours can do and that is wanted.
    fn fused_convolution(
        &mut self,
        node: &NodeProto,
        input: OutletId,
        pool: &PoolSpec,
        group: usize,
    ) -> TractResult<Option<Value>> {
        let one = |lengths: &Option<TVec<usize>>| lengths.iter().flatten().all(|&length| length == 1);
        let (Some(&[1, _, height, width]), &[rows, columns]) =
            (self.model.outlet_fact(input)?.shape.as_concrete(), &*pool.kernel_shape)
        else {
            return Ok(None);
        };
        let channels = match group {
            1 => Channels::All(pool.input_channels),
            _ if group == pool.input_channels && group == pool.output_channels => Channels::Each,
            _ => return Ok(None),
        };
        if self.convolutions == Convolutions::Tracts || !one(&pool.dilations) {
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
        if !window.suits([height, width]) {
            return Ok(None);
        }
        let bias = match self.has(node, 2).then(|| self.value(node, 2)).transpose()? {
            None => vec![0.0; pool.output_channels],
            Some(Value::Constant(bias)) => bias.try_as_plain_ram()?.as_slice::<f32>()?.into(),
            Some(_) => return Ok(None),
        };
        ensure!(bias.len() == pool.output_channels, "its bias is for {} channels", bias.len());
        let convolution = match self.value(node, 1)? {
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
                let tensor = self.constant(node, 1)?;
                let plain = tensor.try_as_plain_ram()?;
                let values = plain.as_slice::<f32>()?;
                Convolution::new(channels, window, &bias, |output, weights| {
                    let count = weights.len();
                    weights.copy_from_slice(&values[output * count..][..count]);
                })
            }
        };
        self.wired(name_of(node), FusedConvolution::new(convolution), &[input]).map(Some)
    }

    /// The convolution of ours that yields the input in this slot, if nothing else uses that.
    fn fusible(&self, node: &NodeProto, slot: usize) -> TractResult<Option<OutletId>> {
        let Value::Wire(wire) = self.value(node, slot)? else { return Ok(None) };
        let (name, maker) = (&*node.input[slot], self.model.node(wire.node));
        // Of another name, it may be used under its own as well.
        let is_sole_use = maker.name == name && self.uses.get(name) == Some(&1);
        let is_open =
            maker.op_as::<FusedConvolution>().is_some_and(|convolution| !convolution.is_rectified());
        Ok((is_sole_use && is_open).then_some(wire))
    }

    fn fused_relu(&mut self, node: &NodeProto) -> TractResult<Option<Value>> {
        let Some(wire) = self.fusible(node, 0)? else { return Ok(None) };
        let maker = self.model.node_mut(wire.node);
        let rectified = maker.op_as::<FusedConvolution>().map(FusedConvolution::rectified);
        maker.op = Box::new(rectified.context("a convolution of ours")?);
        maker.name = name_of(node).into();
        Ok(Some(Value::Wire(wire)))
    }

    /// Adds to a convolution of ours what was there before it.
    fn fused_addition(&mut self, node: &NodeProto) -> TractResult<Option<Value>> {
        for (slot, other) in [(0, 1), (1, 0)] {
            if let (Some(wire), Value::Wire(earlier)) = (self.fusible(node, slot)?, self.value(node, other)?)
                && earlier.node < wire.node
                && self.model.node(wire.node).inputs.len() == 1
                && self.model.outlet_fact(earlier)?.shape == self.model.outlet_fact(wire)?.shape
            {
                self.model.add_edge(earlier, InletId::new(wire.node, 1))?;
                self.model.node_mut(wire.node).name = name_of(node).into();
                return Ok(Some(Value::Wire(wire)));
            }
        }
        Ok(None)
    }

    fn pool(&mut self, node: &NodeProto) -> TractResult<PoolSpec> {
        let input = self.input(node, 0)?;
        let channels = self.model.outlet_fact(input)?.shape.as_concrete().context("its input's shape")?[1];
        self.geometry(node, node.get_attr_tvec("kernel_shape")?, channels, channels)
    }

    fn geometry(
        &self,
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

    fn mean(&mut self, node: &NodeProto, mut axes: TVec<usize>, keep: bool) -> TractResult<Value> {
        axes.sort_unstable(); // tract wants them so
        let name = name_of(node);
        let input = self.input(node, 0)?;
        let shape = self.model.outlet_fact(input)?.shape.as_concrete().context("its input's shape")?;
        let count: usize = axes.iter().map(|&axis| shape[axis]).product();
        let sum =
            self.model.wire_node(format!("{name}.sum"), Reduce::new(axes.clone(), Reducer::Sum), &[input])?
                [0];
        let mut mean = self.with_number(&format!("{name}.mean"), math::mul(), sum, 1.0 / count as f32)?;
        let removed = if keep { tvec!() } else { axes };
        for axis in removed.into_iter().rev() {
            let wire = self.wire(name, &mean)?;
            mean = self.wired(&format!("{name}.without_{axis}"), AxisOp::Rm(axis), &[wire])?;
        }
        Ok(mean)
    }
}

/// ONNX counts axes below 0 from the last.
fn axis_of(axis: i64, rank: usize) -> TractResult<usize> {
    let index = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&index), "there is no axis {axis}");
    Ok(index as usize)
}

fn padding(node: &NodeProto, pool: bool) -> TractResult<PaddingSpec> {
    let automatic = node.get_attr_opt::<&str>("auto_pad")?.unwrap_or("NOTSET");
    ensure!(automatic == "NOTSET", "its padding is {automatic}, not given in numbers");
    let Some(pads) = node.get_attr_opt_tvec::<usize>("pads")? else { return Ok(PaddingSpec::Valid) };
    let (before, after) = pads.split_at(pads.len() / 2);
    Ok(if pool {
        let rounded_up = node.get_attr_opt::<i64>("ceil_mode")?.unwrap_or(0) != 0;
        PaddingSpec::ExplicitOnnxPool(before.into(), after.into(), rounded_up)
    } else {
        PaddingSpec::Explicit(before.into(), after.into())
    })
}

#[cfg(test)]
mod tests {
    use tract_onnx::{
        pb::{
            AttributeProto, TensorProto, TensorShapeProto, attribute_proto::AttributeType,
            tensor_shape_proto::Dimension,
        },
        prelude::{IntoRunnable, IntoTValue},
    };

    use super::*;

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
        let model = read(graph, &["y"], convolutions).unwrap();
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
        ] {
            let graph = graph(&[1, 4], vec![], vec![node(op, &["x"], "y", attributes)]);
            println!("{op}");
            yields(&graph, &X, &[1, 4], &expected);
        }
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
            let model = read(&graph, &["y"], Convolutions::Fused).unwrap().into_compact().unwrap();
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
    fn what_is_not_understood_is_named() {
        let refusal = |initializer, nodes| {
            let graph = graph(&[1, 1, 2, 2], initializer, nodes);
            format!("{:#}", read(&graph, &["y"], Convolutions::Fused).unwrap_err())
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
    }
}

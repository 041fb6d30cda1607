//! An ONNX graph → tract's typed model.
//!
//! tract-onnx's own reader knows all of ONNX and works out shapes that are not given; linked in, it is half of the
//! engine's WebAssembly. This one knows the [operators](super::operators) of convolutional classifiers with fixed shapes.

use std::{collections::HashMap, sync::Arc};

use tract_onnx::{
    data_resolver::FopenDataResolver,
    pb::{
        GraphProto, NodeProto, TensorProto, TypeProto, ValueInfoProto,
        tensor_shape_proto::dimension::Value as Length, type_proto,
    },
    prelude::{OutletId, SpecialOps, TVec, Tensor, TractResult, TypedModel, tensor0},
    tensor::load_tensor,
    tract_core::{
        internal::{DatumExt, TractErrorContext, TypedOp, bail, ensure},
        ops::change_axes::wire_with_rank_broadcast,
    },
};

use super::operators;

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

/// A tensor's type and shape in words, such as "float [batch, 3, 224, 224]".
pub fn described(tensor: &ValueInfoProto) -> String {
    let Some(TypeProto { value: Some(type_proto::Value::TensorType(tensor)), .. }) = &tensor.r#type else {
        return "no tensor".into();
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
    format!("{kind} [{}]", lengths.collect::<Vec<_>>().join(", "))
}

/// The inputs of a graph that are not constants.
pub fn inputs(graph: &GraphProto) -> impl Iterator<Item = &ValueInfoProto> {
    let constant = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    graph.input.iter().filter(move |input| !constant(&input.name))
}

/// The model of a graph whose inputs all have a [`shape`], with these outputs. `opset`: version of its operators.
///
/// # Errors
///
/// An operator is not known here, is used in an unknown way, or does not fit its inputs.
pub fn read(
    graph: &GraphProto,
    opset: i64,
    outputs: &[&str],
    convolutions: Convolutions,
) -> TractResult<TypedModel> {
    let mut reader = Reader {
        model: TypedModel::default(),
        opset,
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
        let value = operators::named(&node.op_type)
            .context("this operator is not known here")
            .and_then(|operator| operator(&mut reader, node))
            .and_then(|value| reader.of_bearable_size(value))
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
pub enum Value {
    Constant(Arc<Tensor>),
    Quantised(Arc<Quantised>),
    Wire(OutletId),
}

/// Constants kept in fewer bits: `(quantised - zero) × scale`, each of the last two a number or one for each index of an axis.
pub struct Quantised {
    pub values: Arc<Tensor>,
    pub axis: usize,
    pub scale: Vec<f32>,
    pub zero: Vec<f32>,
}

impl Quantised {
    pub fn floats(&self) -> TractResult<Tensor> {
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
    pub fn scaled(&self, ix: usize, value: f32) -> f32 {
        (value - self.zero[ix % self.zero.len()]) * self.scale[ix % self.scale.len()]
    }
}

impl From<OutletId> for Value {
    fn from(wire: OutletId) -> Self {
        Value::Wire(wire)
    }
}

/// A graph half read.
pub struct Reader<'a> {
    pub model: TypedModel,
    /// Version of the operators.
    pub opset: i64,
    /// Constants of the file.
    initializers: HashMap<&'a str, &'a TensorProto>,
    /// What the nodes so far yield.
    pub values: HashMap<&'a str, Value>,
    /// How often each value will yet be used.
    pub uses: HashMap<&'a str, usize>,
    pub convolutions: Convolutions,
}

/// Nodes are named by their first output, since names are optional in ONNX and outputs are unique.
pub fn name_of(node: &NodeProto) -> &str {
    node.output.first().map_or(&node.name, |output| output)
}

impl<'a> Reader<'a> {
    pub fn value(&self, node: &NodeProto, slot: usize) -> TractResult<Value> {
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
    pub fn has(&self, node: &NodeProto, slot: usize) -> bool {
        node.input.get(slot).is_some_and(|input| !input.is_empty())
    }

    pub fn constant(&self, node: &NodeProto, slot: usize) -> TractResult<Arc<Tensor>> {
        match self.value(node, slot)? {
            Value::Constant(tensor) => Ok(tensor),
            Value::Quantised(quantised) => quantised.floats().map(Arc::new),
            // tract computes at once what follows from a few constants.
            Value::Wire(wire) => {
                let constant = self.model.outlet_fact(wire)?.konst.clone();
                constant.with_context(|| format!("its input {slot} is not constant"))
            }
        }
    }

    pub fn shape(&self, node: &NodeProto, slot: usize) -> TractResult<TVec<usize>> {
        match self.value(node, slot)? {
            Value::Constant(tensor) => Ok(tensor.shape().into()),
            Value::Quantised(quantised) => Ok(quantised.values.shape().into()),
            Value::Wire(wire) => {
                let shape = self.model.outlet_fact(wire)?.shape.as_concrete();
                Ok(shape.context("its weights' shape is not fixed")?.into())
            }
        }
    }

    pub fn input(&mut self, node: &NodeProto, slot: usize) -> TractResult<OutletId> {
        let value = self.value(node, slot)?;
        self.wire(&format!("{}.{slot}", name_of(node)), &value)
    }

    pub fn wire(&mut self, name: &str, value: &Value) -> TractResult<OutletId> {
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

    /// The value, unless it takes more memory than any network needs.
    fn of_bearable_size(&self, value: Value) -> TractResult<Value> {
        /// In numbers: half a gigabyte of floats.
        const LARGEST: usize = 1 << 27;
        if let Value::Wire(wire) = value {
            let lengths = self.lengths(wire)?;
            let volume = lengths.iter().try_fold(1usize, |volume, &length| volume.checked_mul(length));
            ensure!(volume.is_some_and(|volume| volume <= LARGEST), "its result has too many numbers");
        }
        Ok(value)
    }

    /// A node of the model, and its one output.
    pub fn wired(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        Ok(self.model.wire_node(name, op, inputs)?[0])
    }

    pub fn unary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let input = self.input(node, 0)?;
        self.wired(name_of(node), op, &[input]).map(Value::Wire)
    }

    pub fn binary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let inputs = [self.input(node, 0)?, self.input(node, 1)?];
        self.broadcast(name_of(node), op, &inputs).map(Value::Wire)
    }

    /// An operator on tensors of which the smaller are spread out.
    pub fn broadcast(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        Ok(wire_with_rank_broadcast(name, &mut self.model, op, inputs)?[0])
    }

    pub fn with_number(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        input: OutletId,
        number: f32,
    ) -> TractResult<OutletId> {
        let number = self.model.add_const(format!("{name}.number"), tensor0(number))?;
        self.broadcast(name, op, &[input, number])
    }

    /// The lengths of a wire's axes.
    pub fn lengths(&self, wire: OutletId) -> TractResult<TVec<usize>> {
        let lengths =
            self.model.outlet_fact(wire)?.shape.as_concrete().context("its input's shape is not fixed")?;
        Ok(lengths.into())
    }

    /// Whole numbers that are an input, or were an attribute in earlier versions of the operator.
    pub fn integers(&self, node: &NodeProto, slot: usize, attribute: &str) -> TractResult<Option<Vec<i64>>> {
        if !self.has(node, slot) {
            return node.get_attr_opt_vec(attribute);
        }
        let tensor = self.constant(node, slot)?;
        Ok(Some(tensor.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.into()))
    }

    /// The numbers of a constant input.
    pub fn floats(&self, node: &NodeProto, slot: usize) -> TractResult<Vec<f32>> {
        Ok(self.constant(node, slot)?.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.into())
    }
}

/// ONNX counts axes below 0 from the last.
pub fn axis_of(axis: i64, rank: usize) -> TractResult<usize> {
    let index = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    ensure!((0..rank as i64).contains(&index), "there is no axis {axis}");
    Ok(index as usize)
}

//! What [operators](super::operators) work with: the values of a graph that is being read, and the model that grows of them.

use std::{collections::HashMap, sync::Arc};

use tract_onnx::{
    data_resolver::FopenDataResolver,
    pb::{GraphProto, NodeProto, TensorProto},
    prelude::{OutletId, SpecialOps, TVec, Tensor, TractResult, TypedModel, tensor0},
    tensor::load_tensor,
    tract_core::{
        internal::{DatumExt, TractErrorContext, TypedOp, bail, ensure},
        ops::change_axes::wire_with_rank_broadcast,
    },
};

/// Which implementation of convolutions a model gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convolutions {
    /// tract's: natively, it has kernels for wider vectors than ours.
    Tract,
    /// [`FusedConvolution`](super::fusion::FusedConvolution), where it supports them.
    Own,
}

/// A value in the graph: known when the graph is read, or computed for each photo.
#[derive(Clone)]
pub enum Value {
    Constant(Arc<Tensor>),
    Quantised(Arc<Quantised>),
    Wire(OutletId),
}

impl From<OutletId> for Value {
    fn from(wire: OutletId) -> Self {
        Value::Wire(wire)
    }
}

/// Constants stored in fewer bits: `(value - zero) × scale`.
pub struct Quantised {
    pub values: Arc<Tensor>,
    /// The axis along which `scale` and `zero` differ.
    pub axis: usize,
    /// One number, or one for each index of the axis.
    pub scale: Vec<f32>,
    /// Likewise.
    pub zero: Vec<f32>,
}

impl Quantised {
    /// All of them as floats.
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

    /// One of them as a float. `index`: its place along the axis.
    pub fn scaled(&self, index: usize, value: f32) -> f32 {
        (value - self.zero[index % self.zero.len()]) * self.scale[index % self.scale.len()]
    }
}

/// A graph that is being read, node by node.
pub struct GraphReader<'a> {
    pub model: TypedModel,
    /// Version of the operators.
    pub opset: i64,
    pub convolutions: Convolutions,
    /// The file's constants.
    initializers: HashMap<&'a str, &'a TensorProto>,
    /// Outputs of the nodes read so far.
    values: HashMap<&'a str, Value>,
    /// How often each value is still to be used.
    uses: HashMap<&'a str, usize>,
}

impl<'a> GraphReader<'a> {
    /// `outputs` of the graph are kept until the end.
    pub fn new(graph: &'a GraphProto, opset: i64, outputs: &[&'a str], convolutions: Convolutions) -> Self {
        let mut uses = HashMap::new();
        let inputs = graph.node.iter().flat_map(|node| &node.input).map(|input| &**input);
        for name in inputs.chain(outputs.iter().copied()) {
            *uses.entry(name).or_default() += 1;
        }
        Self {
            model: TypedModel::default(),
            opset,
            convolutions,
            initializers: graph.initializer.iter().map(|tensor| (&*tensor.name, tensor)).collect(),
            values: HashMap::new(),
            uses,
        }
    }

    /// Adds an input of the whole graph.
    pub fn add_input(&mut self, name: &'a str, shape: &[usize]) -> TractResult<()> {
        let wire = self.model.add_source(name, f32::fact(shape))?;
        self.values.insert(name, Value::Wire(wire));
        Ok(())
    }

    /// Sets an output of a node that is not its first.
    pub fn set(&mut self, output: &'a str, value: Value) {
        self.values.insert(output, value);
    }

    /// A node has been read: keeps its first output, and drops the inputs that were used for the last time, since weights are
    /// packed by then.
    pub fn finish(&mut self, node: &'a NodeProto, value: Value) -> TractResult<()> {
        let output = node.output.first().context("a node has no output")?;
        self.values.insert(output, value);
        for input in &node.input {
            let uses = self.uses.entry(input).or_default();
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                self.values.remove(&**input);
            }
        }
        Ok(())
    }

    /// The model with these outputs.
    pub fn into_model(mut self, outputs: &[&str]) -> TractResult<TypedModel> {
        let wire = |output: &&str| {
            let value = self.value_named(output)?;
            self.wire(output, &value)
        };
        let outputs = outputs.iter().map(wire).collect::<TractResult<Vec<_>>>()?;
        self.model.select_output_outlets(&outputs)?;
        Ok(self.model)
    }

    /// The value, unless it takes more memory than any network needs.
    pub fn limited(&self, value: Value) -> TractResult<Value> {
        /// In numbers: half a gigabyte of floats.
        const LARGEST: usize = 1 << 27;
        if let Value::Wire(wire) = value {
            let lengths = self.lengths(wire)?;
            let volume = lengths.iter().try_fold(1usize, |volume, &length| volume.checked_mul(length));
            ensure!(volume.is_some_and(|volume| volume <= LARGEST), "its result has too many numbers");
        }
        Ok(value)
    }
}

/// The inputs of a node, each in its slot.
impl GraphReader<'_> {
    /// Whether an optional input is given. It is not where it has no name, or an empty one.
    pub fn has(&self, node: &NodeProto, slot: usize) -> bool {
        node.input.get(slot).is_some_and(|input| !input.is_empty())
    }

    pub fn value(&self, node: &NodeProto, slot: usize) -> TractResult<Value> {
        self.value_named(node.input.get(slot).context("an input is missing")?)
            .with_context(|| format!("its input {slot}"))
    }

    /// Constants of the file are loaded when they are used, so that few are in memory at once.
    fn value_named(&self, name: &str) -> TractResult<Value> {
        match (self.values.get(name), self.initializers.get(name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(proto)) => {
                Ok(Value::Constant(Arc::new(load_tensor(&FopenDataResolver, proto, None)?)))
            }
            (None, None) => bail!("nothing yields “{name}”"),
        }
    }

    /// An input as a wire of the model.
    pub fn input(&mut self, node: &NodeProto, slot: usize) -> TractResult<OutletId> {
        let value = self.value(node, slot)?;
        self.wire(&format!("{}.{slot}", name_of(node)), &value)
    }

    /// An input that must be constant.
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

    /// The numbers of an input that must be constant.
    pub fn floats(&self, node: &NodeProto, slot: usize) -> TractResult<Vec<f32>> {
        Ok(self.constant(node, slot)?.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.into())
    }

    /// Integers that are a constant input, or were an attribute in earlier versions of the operator.
    pub fn integers(&self, node: &NodeProto, slot: usize, attribute: &str) -> TractResult<Option<Vec<i64>>> {
        if !self.has(node, slot) {
            return node.get_attr_opt_vec(attribute);
        }
        let tensor = self.constant(node, slot)?;
        Ok(Some(tensor.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.into()))
    }

    /// The shape of an input, which is not loaded for it if it is quantised.
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
}

/// Adding to the model.
impl GraphReader<'_> {
    /// The value as a wire. `name`: that of the node it becomes, if it is a constant.
    pub fn wire(&mut self, name: &str, value: &Value) -> TractResult<OutletId> {
        match value {
            Value::Wire(wire) => Ok(*wire),
            Value::Constant(tensor) => self.model.add_const(name, tensor.clone()),
            Value::Quantised(quantised) => self.model.add_const(name, quantised.floats()?),
        }
    }

    /// The lengths of a wire's axes.
    pub fn lengths(&self, wire: OutletId) -> TractResult<TVec<usize>> {
        let lengths =
            self.model.outlet_fact(wire)?.shape.as_concrete().context("its input's shape is not fixed")?;
        Ok(lengths.into())
    }

    /// Adds an operator of tract's that has one output.
    pub fn wired(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        Ok(self.model.wire_node(name, op, inputs)?[0])
    }

    /// The same; tensors of fewer axes than others are broadcast.
    pub fn broadcast(
        &mut self,
        name: &str,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        Ok(wire_with_rank_broadcast(name, &mut self.model, op, inputs)?[0])
    }

    /// An operator on a tensor and a single number.
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

    /// A node that is one operator of tract's on its first input.
    pub fn unary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let input = self.input(node, 0)?;
        self.wired(name_of(node), op, &[input]).map(Value::Wire)
    }

    /// A node that is one operator of tract's on its first two inputs.
    pub fn binary(&mut self, node: &NodeProto, op: impl Into<Box<dyn TypedOp>>) -> TractResult<Value> {
        let inputs = [self.input(node, 0)?, self.input(node, 1)?];
        self.broadcast(name_of(node), op, &inputs).map(Value::Wire)
    }
}

/// Nodes are named by their first output: names are optional in ONNX, outputs are unique.
pub fn name_of(node: &NodeProto) -> &str {
    node.output.first().map_or(&node.name, |output| output)
}

/// An axis as an index; in ONNX, negative ones count from the last.
pub fn axis_of(axis: i64, rank: usize) -> TractResult<usize> {
    let index = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    ensure!((0..rank as i64).contains(&index), "there is no axis {axis}");
    Ok(index as usize)
}

/// The same for several, sorted, each once, as tract expects them.
pub fn axes_of(axes: Vec<i64>, rank: usize) -> TractResult<TVec<usize>> {
    let mut axes = axes.into_iter().map(|axis| axis_of(axis, rank)).collect::<TractResult<TVec<_>>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

//! Convolution, addition and ReLU as one operator, so that the numbers pass through memory once.
//!
//! The operator runs on [`clothing_kernel::Convolution`]. A graph is read with its convolutions alone; [`fuse`] is a pass over
//! the whole model that joins them with what follows.

use std::{fmt, sync::Arc};

use clothing_kernel::{Convolution, Epilogue};
use tract_onnx::{
    prelude::{DatumExt, OutletId, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, tvec},
    tract_core::{
        internal::{
            EvalContext, EvalOp, IntoTValue, Op, StaticName, TractErrorContext, TypedModelPatch, TypedOp,
            as_op, bail, ensure, op_as_typed_op, op_out_of_plan,
        },
        ops::{binary::TypedBinOp, math},
    },
};

/// A convolution of one picture, `[1, channels, height, width]`. An optional second input of the result's shape is added to
/// the result. A ReLU may come last.
#[derive(Clone)]
pub struct FusedConvolution {
    convolution: Arc<Convolution>,
    has_relu: bool,
}

impl FusedConvolution {
    pub fn new(convolution: Convolution) -> Self {
        Self { convolution: Arc::new(convolution), has_relu: false }
    }

    /// The same, with a ReLU at the end.
    fn with_relu(&self) -> Self {
        Self { has_relu: true, ..self.clone() }
    }
}

/// Joins convolutions with additions and ReLUs that follow them, wherever nothing else uses what lies between.
///
/// # Errors
///
/// Only tract's own, over a model that is not consistent.
pub fn fuse(model: &mut TypedModel) -> TractResult<()> {
    for id in 0..model.nodes.len() {
        if let Some(patch) = fused(model, id)? {
            patch.apply(model)?;
        }
    }
    Ok(())
}

/// A convolution that can take up the node which follows it.
struct Candidate<'a> {
    op: &'a FusedConvolution,
    output: OutletId,
    inputs: &'a [OutletId],
}

/// What replaces an addition or a ReLU by the convolution before it; `None` where there is none that can take it up.
fn fused(model: &TypedModel, id: usize) -> TractResult<Option<TypedModelPatch>> {
    let node = model.node(id);
    let (Some(TypedBinOp(operation, _)), &[a, b]) = (node.op_as(), &*node.inputs) else { return Ok(None) };
    let result = model.outlet_fact(id.into())?;
    let candidate = |output| candidate(model, output, result);
    let (op, inputs) = if operation.is::<math::Max>() {
        let (convolution, bound) = match (candidate(a)?, candidate(b)?) {
            (Some(convolution), None) => (convolution, b),
            (None, Some(convolution)) => (convolution, a),
            _ => return Ok(None),
        };
        if !is_zero(model, bound)? {
            return Ok(None);
        }
        (convolution.op.with_relu(), convolution.inputs.into())
    } else if operation.is::<math::Add>() {
        let without_addition = |candidate: &Candidate| candidate.inputs.len() == 1;
        let (first, second) =
            (candidate(a)?.filter(without_addition), candidate(b)?.filter(without_addition));
        // Of two, the later one in the file takes up the other's result.
        let later = first.into_iter().chain(second).max_by_key(|candidate| candidate.output);
        let Some(convolution) = later else { return Ok(None) };
        let addend = if convolution.output == a { b } else { a };
        if model.outlet_fact(addend)?.shape != result.shape {
            return Ok(None); // it would have to be broadcast
        }
        (convolution.op.clone(), vec![convolution.inputs[0], addend])
    } else {
        return Ok(None);
    };
    let mut patch = TypedModelPatch::default();
    let inputs = patch.taps(model, &inputs)?;
    let output = patch.wire_node(&node.name, op, &inputs)?;
    patch.shunt_outside(model, id.into(), output[0])?;
    Ok(Some(patch))
}

/// The convolution that yields this, if it has no ReLU yet, nothing else uses its result, and that has the given shape.
fn candidate<'a>(
    model: &'a TypedModel,
    output: OutletId,
    shape: &TypedFact,
) -> TractResult<Option<Candidate<'a>>> {
    let node = model.node(output.node);
    let is_sole_use = model.outlet_successors(output).len() == 1 && !model.outputs.contains(&output);
    let has_shape = model.outlet_fact(output)?.shape == shape.shape;
    Ok(node
        .op_as::<FusedConvolution>()
        .filter(|op| !op.has_relu && is_sole_use && has_shape)
        .map(|op| Candidate { op, output, inputs: &node.inputs }))
}

/// Whether it is the constant 0, in any shape.
fn is_zero(model: &TypedModel, wire: OutletId) -> TractResult<bool> {
    let Some(constant) = &model.outlet_fact(wire)?.konst else { return Ok(false) };
    Ok(constant.len() == 1 && constant.cast_to_scalar::<f32>()? == 0.0)
}

impl fmt::Debug for FusedConvolution {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (outputs, window) = (self.convolution.outputs(), self.convolution.window());
        write!(f, "{window:?} to {outputs} channels{}", if self.has_relu { ", ReLU" } else { "" })
    }
}

impl PartialEq for FusedConvolution {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.convolution, &other.convolution) && self.has_relu == other.has_relu
    }
}

impl Eq for FusedConvolution {}

impl Op for FusedConvolution {
    fn name(&self) -> StaticName {
        "FusedConvolution".into()
    }

    op_as_typed_op!();
}

impl EvalOp for FusedConvolution {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let &[1, _, height, width] = inputs[0].shape() else {
            bail!("a picture is [1, channels, height, width]")
        };
        let size = [height, width];
        let [rows, columns] = self.convolution.window().output_size(size).context("a larger picture")?;
        // SAFETY: each of its numbers is written.
        let mut output =
            unsafe { Tensor::uninitialized::<f32>(&[1, self.convolution.outputs(), rows, columns])? };
        let residual = inputs.get(1).map(|residual| residual.try_as_plain_ram()).transpose()?;
        let epilogue = Epilogue {
            residual: residual.as_ref().map(|residual| residual.as_slice::<f32>()).transpose()?,
            min: if self.has_relu { 0.0 } else { f32::NEG_INFINITY },
        };
        self.convolution.run(
            inputs[0].try_as_plain_ram()?.as_slice::<f32>()?,
            size,
            epilogue,
            output.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?,
        );
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for FusedConvolution {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let Some(&[1, _, height, width]) = inputs[0].shape.as_concrete() else {
            bail!("a picture of unknown size")
        };
        let results = self.convolution.window().output_size([height, width]);
        let [rows, columns] = results.context("the window is larger than the picture")?;
        let fact = f32::fact([1, self.convolution.outputs(), rows, columns]);
        ensure!(
            inputs.get(1).is_none_or(|residual| residual.shape == fact.shape),
            "the residual has another shape"
        );
        Ok(tvec!(fact))
    }

    as_op!();
}

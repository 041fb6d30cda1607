//! Has convolutions of 3 × 3 done with fewer multiplications: tract's operator, and a ReLU behind it, become one around
//! [`clothing_kernel::Convolution`].

use std::{fmt, sync::Arc};

use clothing_kernel::Convolution;
use tract_onnx::{
    prelude::{DatumExt, OutletId, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, tvec},
    tract_core::{
        internal::{
            EvalContext, EvalOp, IntoTValue, Op, StaticName, TypedModelPatch, TypedOp, as_op, bail,
            op_as_typed_op, op_out_of_plan,
        },
        ops::{
            binary::TypedBinOp,
            cnn::{Conv, KernelFormat, PaddingSpec},
            nn::DataFormat,
        },
    },
};

/// With fewer input channels the transforms cost what the multiplications save.
const LEAST_CHANNELS: usize = 16;

#[derive(Clone)]
struct Winograd {
    convolution: Arc<Convolution>,
    /// 0 for a ReLU, minus infinity for none.
    least: f32,
}

impl fmt::Debug for Winograd {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Winograd to {} channels, {} at least", self.convolution.outputs(), self.least)
    }
}

impl PartialEq for Winograd {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.convolution, &other.convolution) && self.least.to_bits() == other.least.to_bits()
    }
}

impl Eq for Winograd {}

impl Op for Winograd {
    fn name(&self) -> StaticName {
        "Winograd".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Winograd {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let &[1, _, height, width] = inputs[0].shape() else {
            bail!("a picture is [1, channels, height, width]")
        };
        let picture = inputs[0].try_as_plain_ram()?;
        // SAFETY: each of its numbers is written.
        let mut output =
            unsafe { Tensor::uninitialized::<f32>(&[1, self.convolution.outputs(), height, width])? };
        self.convolution.run(
            picture.as_slice::<f32>()?,
            [height, width],
            self.least,
            output.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?,
        );
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for Winograd {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut shape = inputs[0].shape.to_tvec();
        shape[1] = self.convolution.outputs().into();
        Ok(tvec!(f32::fact(shape)))
    }

    as_op!();
}

/// Replaces those convolutions of a model that is not optimised yet which [`Convolution`] can do.
pub fn rewrite(model: &mut TypedModel) -> TractResult<()> {
    for id in 0..model.nodes.len() {
        if let Some(patch) = replacement(model, id)? {
            patch.apply(model)?;
        }
    }
    Ok(())
}

fn replacement(model: &TypedModel, id: usize) -> TractResult<Option<TypedModelPatch>> {
    let node = model.node(id);
    let (Some(conv), &[picture, weights, bias]) = (node.op_as::<Conv>(), &*node.inputs) else {
        return Ok(None);
    };
    let shape = model.outlet_fact(picture)?.shape.as_concrete().unwrap_or_default();
    let constant = |outlet| TractResult::Ok(model.outlet_fact(outlet)?.konst.as_ref());
    let (true, &[1, _, _, _], Some(weights), Some(bias)) =
        (fits(conv), shape, constant(weights)?, constant(bias)?)
    else {
        return Ok(None);
    };
    let (weights, bias) = (weights.try_as_plain_ram()?, bias.try_as_plain_ram()?);
    if bias.as_slice::<f32>()?.len() != conv.pool_spec.output_channels {
        return Ok(None);
    }
    let convolution = Convolution::new(weights.as_slice()?, bias.as_slice()?);
    let relu = relu_of(model, id.into())?;
    let op = Winograd {
        convolution: Arc::new(convolution),
        least: if relu.is_some() { 0.0 } else { f32::NEG_INFINITY },
    };
    let mut patch = TypedModelPatch::default();
    let picture = patch.tap_model(model, picture)?;
    let result = patch.wire_node(&node.name, op, &[picture])?[0];
    patch.shunt_outside(model, relu.unwrap_or(id.into()), result)?;
    Ok(Some(patch))
}

fn fits(conv: &Conv) -> bool {
    let geometry = &conv.pool_spec;
    let ones = |lengths: &Option<TVec<usize>>| lengths.iter().flatten().all(|&length| length == 1);
    let border: PaddingSpec = PaddingSpec::Explicit(tvec![1, 1], tvec![1, 1]);
    conv.group == 1
        && conv.q_params.is_none()
        && conv.kernel_fmt == KernelFormat::OIHW
        && geometry.data_format == DataFormat::NCHW
        && *geometry.kernel_shape == [3, 3]
        && geometry.padding == border
        && ones(&geometry.strides)
        && ones(&geometry.dilations)
        && geometry.input_channels >= LEAST_CHANNELS
}

/// What a ReLU makes of the outlet, if that is all it is used for.
fn relu_of(model: &TypedModel, outlet: OutletId) -> TractResult<Option<OutletId>> {
    let &[user] = &*model.node(outlet.node).outputs[outlet.slot].successors else { return Ok(None) };
    let node = model.node(user.node);
    let is_max = node.op_as::<TypedBinOp>().is_some_and(|op| op.0.name() == "Max");
    let (true, [a, b], false) = (is_max, &*node.inputs, model.outputs.contains(&outlet)) else {
        return Ok(None);
    };
    let other = model.outlet_fact(if *a == outlet { *b } else { *a })?;
    let is_zero = other.konst.as_ref().is_some_and(|number| {
        number.len() == 1 && number.cast_to_scalar::<f32>().is_ok_and(|number| number == 0.0)
    });
    Ok(is_zero.then_some(user.node.into()))
}

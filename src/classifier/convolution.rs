//! [`clothing_kernel::Convolution`] as an operator of tract's, with what follows it fused to it.

use std::{fmt, sync::Arc};

use clothing_kernel::{Convolution, Epilogue};
use tract_onnx::{
    prelude::{DatumExt, TValue, TVec, Tensor, TractResult, TypedFact, tvec},
    tract_core::internal::{
        EvalContext, EvalOp, IntoTValue, Op, StaticName, TractErrorContext, TypedOp, as_op, bail, ensure,
        op_as_typed_op, op_out_of_plan,
    },
};

/// Of one picture `[1, channels, height, width]`; a second input, if there is one, is added to the result, which has its shape.
#[derive(Clone)]
pub struct FusedConvolution {
    convolution: Arc<Convolution>,
    is_rectified: bool,
}

impl FusedConvolution {
    pub fn new(convolution: Convolution) -> Self {
        Self { convolution: Arc::new(convolution), is_rectified: false }
    }

    /// Whether a ReLU follows.
    pub fn is_rectified(&self) -> bool {
        self.is_rectified
    }

    /// The same with a ReLU behind it, and behind what is added.
    pub fn rectified(&self) -> Self {
        Self { is_rectified: true, ..self.clone() }
    }
}

impl fmt::Debug for FusedConvolution {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (outputs, window) = (self.convolution.outputs(), self.convolution.window());
        write!(f, "{window:?} to {outputs} channels{}", if self.is_rectified { ", ReLU" } else { "" })
    }
}

impl PartialEq for FusedConvolution {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.convolution, &other.convolution) && self.is_rectified == other.is_rectified
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
            min: if self.is_rectified { 0.0 } else { f32::NEG_INFINITY },
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
        ensure!(inputs.get(1).is_none_or(|plus| plus.shape == fact.shape), "what is added has another shape");
        Ok(tvec!(fact))
    }

    as_op!();
}

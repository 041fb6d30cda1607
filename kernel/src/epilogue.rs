//! What is done to the sums of a convolution before they are stored.

use crate::lanes::F32x4;

/// Steps fused to a convolution, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a> {
    /// Added to the output: as many numbers, in the same order.
    pub residual: Option<&'a [f32]>,
    /// The output's lower bound: 0 for a ReLU, minus infinity for none.
    pub min: f32,
}

/// Where a convolution writes its sums, by way of the epilogue.
pub(crate) struct Output<'a> {
    values: &'a mut [f32],
    epilogue: Epilogue<'a>,
}

impl<'a> Output<'a> {
    /// # Panics
    ///
    /// The residual has another length than `values`.
    pub fn new(values: &'a mut [f32], epilogue: Epilogue<'a>) -> Self {
        let residual = epilogue.residual;
        assert!(residual.is_none_or(|residual| residual.len() == values.len()), "length of the residual");
        Self { values, epilogue }
    }

    /// Writes four numbers from index `at` on.
    #[inline(always)]
    pub fn put_four(&mut self, at: usize, mut four: F32x4) {
        if let Some(residual) = self.epilogue.residual {
            let residual = &residual[at..][..4];
            // SAFETY: the slice has four.
            four = four.plus(unsafe { F32x4::load(residual.as_ptr()) });
        }
        let to = &mut self.values[at..][..4];
        // SAFETY: the slice has four.
        unsafe { four.max(F32x4::splat(self.epilogue.min)).store(to.as_mut_ptr()) };
    }

    /// Writes one number. NaN stays NaN.
    #[inline(always)]
    pub fn put(&mut self, at: usize, value: f32) {
        let value = value + self.epilogue.residual.map_or(0.0, |residual| residual[at]);
        self.values[at] = if value < self.epilogue.min { self.epilogue.min } else { value };
    }
}

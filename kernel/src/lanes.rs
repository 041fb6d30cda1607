//! Vectors of four floats. Natively, plain arithmetic stands in for WebAssembly's instructions, so that native tests run the
//! same kernels as browsers.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32::{
    f32x4, f32x4_add, f32x4_extract_lane, f32x4_gt, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat,
    f32x4_sub, i32x4_shuffle, v128, v128_bitselect, v128_load, v128_load32_splat, v128_store,
};

#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub struct F32x4(v128);

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_op_in_unsafe_fn)]
impl F32x4 {
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    #[inline(always)]
    pub fn from_array([a, b, c, d]: [f32; 4]) -> Self {
        Self(f32x4(a, b, c, d))
    }

    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        [
            f32x4_extract_lane::<0>(self.0),
            f32x4_extract_lane::<1>(self.0),
            f32x4_extract_lane::<2>(self.0),
            f32x4_extract_lane::<3>(self.0),
        ]
    }

    /// # Safety
    ///
    /// `from` points to four readable floats, aligned as a float is.
    #[inline(always)]
    pub unsafe fn load(from: *const f32) -> Self {
        Self(v128_load(from.cast()))
    }

    /// # Safety
    ///
    /// `from` points to a readable float.
    #[inline(always)]
    pub unsafe fn load_splat(from: *const f32) -> Self {
        Self(v128_load32_splat(from.cast()))
    }

    /// # Safety
    ///
    /// `to` points to room for four floats, aligned as a float is.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut f32) {
        v128_store(to.cast(), self.0);
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    pub fn times(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    /// The lesser of the two; NaN in `self` stays NaN. (One instruction, where the IEEE minimum takes six.)
    #[inline(always)]
    pub fn min(self, bound: Self) -> Self {
        Self(f32x4_pmin(self.0, bound.0))
    }

    /// The greater of the two; NaN in `self` stays NaN.
    #[inline(always)]
    pub fn max(self, bound: Self) -> Self {
        Self(f32x4_pmax(self.0, bound.0))
    }

    /// `self` where it is above 0, else `other`.
    #[inline(always)]
    pub fn if_positive_else(self, other: Self) -> Self {
        Self(v128_bitselect(self.0, other.0, f32x4_gt(self.0, f32x4_splat(0.0))))
    }

    /// `[a0, b0, a1, b1]` and `[a2, b2, a3, b3]`.
    #[inline(always)]
    pub fn interleave(a: Self, b: Self) -> [Self; 2] {
        [Self(i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0)), Self(i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0))]
    }

    /// Transposes a 4 × 4 matrix.
    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let ([ab, ab_end], [cd, cd_end]) = (Self::interleave(a, b), Self::interleave(c, d));
        [
            Self(i32x4_shuffle::<0, 1, 4, 5>(ab.0, cd.0)),
            Self(i32x4_shuffle::<2, 3, 6, 7>(ab.0, cd.0)),
            Self(i32x4_shuffle::<0, 1, 4, 5>(ab_end.0, cd_end.0)),
            Self(i32x4_shuffle::<2, 3, 6, 7>(ab_end.0, cd_end.0)),
        ]
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub struct F32x4([f32; 4]);

#[cfg(not(target_arch = "wasm32"))]
impl F32x4 {
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    pub fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    pub fn from_array(lanes: [f32; 4]) -> Self {
        Self(lanes)
    }

    pub fn to_array(self) -> [f32; 4] {
        self.0
    }

    pub unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    pub unsafe fn load_splat(from: *const f32) -> Self {
        Self::splat(unsafe { *from })
    }

    pub unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    pub fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    pub fn minus(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    pub fn times(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    pub fn min(self, bound: Self) -> Self {
        self.zip(bound, |value, bound| if bound < value { bound } else { value })
    }

    pub fn max(self, bound: Self) -> Self {
        self.zip(bound, |value, bound| if value < bound { bound } else { value })
    }

    pub fn if_positive_else(self, other: Self) -> Self {
        self.zip(other, |value, other| if value > 0.0 { value } else { other })
    }

    pub fn interleave(a: Self, b: Self) -> [Self; 2] {
        [0, 2].map(|from| Self([a.0[from], b.0[from], a.0[from + 1], b.0[from + 1]]))
    }

    pub fn transpose(rows: [Self; 4]) -> [Self; 4] {
        std::array::from_fn(|column| Self(std::array::from_fn(|row| rows[row].0[column])))
    }
}

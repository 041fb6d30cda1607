//! Vectors of eight 16-bit or four 32-bit numbers. Sums and products wrap.

use std::ops::{Add, Mul, Sub};

/// Eight 16-bit numbers.
#[derive(Clone, Copy)]
pub struct I16x8(Vector);

/// Four 32-bit numbers.
#[derive(Clone, Copy)]
pub struct I32x4(Vector);

/// WebAssembly's instructions.
#[cfg(target_arch = "wasm32")]
mod instructions {
    use core::arch::wasm32::{
        i8x16_shuffle, i16x8_extend_low_u8x16, i16x8_shuffle, i32x4_shr, u8x16_narrow_i16x8,
        u32x4_extract_lane, u64x2, u64x2_extract_lane,
    };
    pub use core::arch::wasm32::{
        i16x8_add as add16, i16x8_max as max16, i16x8_min as min16, i16x8_mul as mul16,
        i16x8_narrow_i32x4 as narrow, i16x8_sub as sub16, i32x4_add as add32, i32x4_dot_i16x8 as dot,
        i32x4_sub as sub32, v128 as Vector,
    };

    #[inline(always)]
    pub fn low(a: Vector, b: Vector) -> Vector {
        i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b)
    }

    #[inline(always)]
    pub fn high(a: Vector, b: Vector) -> Vector {
        i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b)
    }

    #[inline(always)]
    pub fn shift<const BITS: i32>(a: Vector) -> Vector {
        i32x4_shr(a, BITS as u32)
    }

    #[inline(always)]
    pub fn from_bytes(bytes: u64) -> Vector {
        i16x8_extend_low_u8x16(u64x2(bytes, 0))
    }

    #[inline(always)]
    pub fn to_bytes(a: Vector) -> u64 {
        u64x2_extract_lane::<0>(u8x16_narrow_i16x8(a, a))
    }

    #[inline(always)]
    pub fn low_24(a: Vector) -> (u64, u32) {
        let packed = i8x16_shuffle::<0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15>(a, a);
        (u64x2_extract_lane::<0>(packed), u32x4_extract_lane::<2>(packed))
    }
}

/// Instructions that every x86-64 processor has (SSE2).
#[cfg(target_arch = "x86_64")]
mod instructions {
    pub use core::arch::x86_64::__m128i as Vector;
    use core::arch::x86_64::*;

    macro_rules! instructions {
        ($($name:ident = $instruction:ident;)*) => {$(
            #[inline(always)]
            pub fn $name(a: Vector, b: Vector) -> Vector {
                // SAFETY: every processor of this architecture has the instruction.
                #[allow(unused_unsafe)]
                unsafe { $instruction(a, b) }
            }
        )*};
    }
    instructions! {
        add16 = _mm_add_epi16;
        sub16 = _mm_sub_epi16;
        mul16 = _mm_mullo_epi16;
        min16 = _mm_min_epi16;
        max16 = _mm_max_epi16;
        low = _mm_unpacklo_epi16;
        high = _mm_unpackhi_epi16;
        dot = _mm_madd_epi16;
        add32 = _mm_add_epi32;
        sub32 = _mm_sub_epi32;
        narrow = _mm_packs_epi32;
    }

    #[inline(always)]
    pub fn shift<const BITS: i32>(a: Vector) -> Vector {
        // SAFETY: as above.
        #[allow(unused_unsafe)]
        unsafe {
            _mm_srai_epi32::<BITS>(a)
        }
    }

    #[inline(always)]
    pub fn from_bytes(bytes: u64) -> Vector {
        // SAFETY: as above.
        #[allow(unused_unsafe)]
        unsafe {
            _mm_unpacklo_epi8(_mm_cvtsi64_si128(bytes as i64), _mm_setzero_si128())
        }
    }

    #[inline(always)]
    pub fn to_bytes(a: Vector) -> u64 {
        // SAFETY: as above.
        #[allow(unused_unsafe)]
        unsafe {
            _mm_cvtsi128_si64(_mm_packus_epi16(a, a)) as u64
        }
    }

    #[inline(always)]
    pub fn low_24(a: Vector) -> (u64, u32) {
        // SAFETY: as above.
        #[allow(unused_unsafe)]
        let [first, last] = unsafe { [_mm_cvtsi128_si64(a), _mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a))] };
        let [first, last] =
            [first, last].map(|two| two as u64 & 0xFF_FFFF | (two as u64 >> 8) & 0xFFFF_FF00_0000);
        (first | last << 48, (last >> 16) as u32)
    }
}

/// Plain arithmetic, for other processors.
#[cfg(any(test, not(any(target_arch = "wasm32", target_arch = "x86_64"))))]
mod plain {
    use std::array::from_fn;

    pub type Vector = [i16; 8];

    fn wide(a: Vector) -> [i32; 4] {
        // SAFETY: the sizes are equal, and any bits are valid numbers.
        unsafe { std::mem::transmute(a) }
    }

    fn bits(a: [i32; 4]) -> Vector {
        // SAFETY: the sizes are equal, and any bits are valid numbers.
        unsafe { std::mem::transmute(a) }
    }

    pub fn add16(a: Vector, b: Vector) -> Vector {
        from_fn(|at| a[at].wrapping_add(b[at]))
    }
    pub fn sub16(a: Vector, b: Vector) -> Vector {
        from_fn(|at| a[at].wrapping_sub(b[at]))
    }
    pub fn mul16(a: Vector, b: Vector) -> Vector {
        from_fn(|at| a[at].wrapping_mul(b[at]))
    }
    pub fn min16(a: Vector, b: Vector) -> Vector {
        from_fn(|at| a[at].min(b[at]))
    }
    pub fn max16(a: Vector, b: Vector) -> Vector {
        from_fn(|at| a[at].max(b[at]))
    }
    pub fn low(a: Vector, b: Vector) -> Vector {
        from_fn(|at| if at % 2 == 0 { a[at / 2] } else { b[at / 2] })
    }
    pub fn high(a: Vector, b: Vector) -> Vector {
        from_fn(|at| if at % 2 == 0 { a[4 + at / 2] } else { b[4 + at / 2] })
    }
    pub fn dot(a: Vector, b: Vector) -> Vector {
        let product = |at: usize| i32::from(a[at]) * i32::from(b[at]);
        bits(from_fn(|at| product(2 * at).wrapping_add(product(2 * at + 1))))
    }
    pub fn add32(a: Vector, b: Vector) -> Vector {
        bits(from_fn(|at| wide(a)[at].wrapping_add(wide(b)[at])))
    }
    pub fn sub32(a: Vector, b: Vector) -> Vector {
        bits(from_fn(|at| wide(a)[at].wrapping_sub(wide(b)[at])))
    }
    pub fn narrow(a: Vector, b: Vector) -> Vector {
        let number = |at: usize| if at < 4 { wide(a)[at] } else { wide(b)[at - 4] };
        from_fn(|at| number(at).clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
    pub fn shift<const BITS: i32>(a: Vector) -> Vector {
        bits(wide(a).map(|number| number >> BITS))
    }
    pub fn from_bytes(bytes: u64) -> Vector {
        bytes.to_le_bytes().map(i16::from)
    }
    pub fn to_bytes(a: Vector) -> u64 {
        u64::from_le_bytes(a.map(|number| number.clamp(0, 255) as u8))
    }
    pub fn low_24(a: Vector) -> (u64, u32) {
        let [a, b, c, d] = wide(a).map(|number| number as u64 & 0xFF_FFFF);
        (a | b << 24 | c << 48, (c >> 16 | d << 8) as u32)
    }
}

use instructions::Vector;
#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
use plain as instructions;

impl From<[i16; 8]> for I16x8 {
    #[inline(always)]
    fn from(numbers: [i16; 8]) -> Self {
        // SAFETY: both have 128 bits, and any bits are valid numbers.
        Self(unsafe { std::mem::transmute::<[i16; 8], Vector>(numbers) })
    }
}

impl From<[u16; 8]> for I16x8 {
    #[inline(always)]
    fn from(numbers: [u16; 8]) -> Self {
        // SAFETY: both have 128 bits, and any bits are valid numbers.
        Self(unsafe { std::mem::transmute::<[u16; 8], Vector>(numbers) })
    }
}

impl From<[u8; 8]> for I16x8 {
    #[inline(always)]
    fn from(bytes: [u8; 8]) -> Self {
        Self(instructions::from_bytes(u64::from_le_bytes(bytes)))
    }
}

impl I16x8 {
    #[inline(always)]
    pub fn splat(number: i16) -> Self {
        [number; 8].into()
    }

    #[inline(always)]
    pub fn clamp(self, min: i16, max: i16) -> Self {
        Self(instructions::min16(instructions::max16(self.0, Self::splat(min).0), Self::splat(max).0))
    }

    /// Clamped to bytes.
    #[inline(always)]
    pub fn to_bytes(self) -> [u8; 8] {
        instructions::to_bytes(self.0).to_le_bytes()
    }

    /// `[a0, b0, ..., a3, b3]` and `[a4, b4, ..., a7, b7]`.
    #[inline(always)]
    pub fn interleave(self, other: Self) -> [Self; 2] {
        [Self(instructions::low(self.0, other.0)), Self(instructions::high(self.0, other.0))]
    }

    /// For each pair of numbers: the first times `a` plus the second times `b`.
    #[inline(always)]
    pub fn dot(self, a: i16, b: i16) -> I32x4 {
        I32x4(instructions::dot(self.0, Self::from([a, b, a, b, a, b, a, b]).0))
    }

    /// Each pair of numbers as one 32-bit number; the first is its low half.
    #[inline(always)]
    pub fn pairs(self) -> I32x4 {
        I32x4(self.0)
    }
}

impl I32x4 {
    #[inline(always)]
    pub fn splat(number: i32) -> Self {
        let (low, high) = (number as i16, (number >> 16) as i16);
        Self(I16x8::from([low, high, low, high, low, high, low, high]).0)
    }

    /// Arithmetic shift to the right.
    #[inline(always)]
    pub fn shift<const BITS: i32>(self) -> Self {
        Self(instructions::shift::<BITS>(self.0))
    }

    /// Clamped to 16 bits.
    #[inline(always)]
    pub fn narrow([first, last]: [Self; 2]) -> I16x8 {
        I16x8(instructions::narrow(first.0, last.0))
    }

    /// The three lowest bytes of each, lowest first.
    #[inline(always)]
    pub fn low_24(self) -> [u8; 12] {
        let (first, last) = instructions::low_24(self.0);
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&first.to_le_bytes());
        bytes[8..].copy_from_slice(&last.to_le_bytes());
        bytes
    }
}

macro_rules! operators {
    ($($numbers:ident: $operator:ident, $method:ident, $instruction:ident;)*) => {$(
        impl $operator for $numbers {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(instructions::$instruction(self.0, other.0))
            }
        }
    )*};
}
operators! {
    I16x8: Add, add, add16;
    I16x8: Sub, sub, sub16;
    I16x8: Mul, mul, mul16;
    I32x4: Add, add, add32;
    I32x4: Sub, sub, sub32;
}

#[cfg(test)]
mod tests {
    use std::mem::transmute;

    use super::*;

    /// Pseudo-random numbers, among them the largest and the smallest.
    fn vectors() -> impl Iterator<Item = [i16; 8]> {
        let mut state = 1u32;
        (0..200).map(move |_| {
            std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                match state >> 29 {
                    0 => i16::MAX,
                    1 => i16::MIN,
                    _ => (state >> 12) as i16,
                }
            })
        })
    }

    #[test]
    fn instructions_do_what_plain_arithmetic_does() {
        for (a, b) in vectors().zip(vectors().skip(1)) {
            // SAFETY: all have 128 bits, and any bits are valid numbers.
            let vector = |numbers| unsafe { transmute::<[i16; 8], Vector>(numbers) };
            let numbers = |vector| unsafe { transmute::<Vector, [i16; 8]>(vector) };
            macro_rules! alike {
                ($($name:ident)*) => {$(
                    let found = numbers(instructions::$name(vector(a), vector(b)));
                    assert_eq!(found, plain::$name(a, b), "{} of {a:?} and {b:?}", stringify!($name));
                )*};
            }
            alike! { add16 sub16 mul16 min16 max16 low high dot add32 sub32 narrow }
            assert_eq!(numbers(instructions::shift::<11>(vector(a))), plain::shift::<11>(a));
            assert_eq!(instructions::to_bytes(vector(a)), plain::to_bytes(a));
            assert_eq!(instructions::low_24(vector(a)), plain::low_24(a));
            let bytes = instructions::to_bytes(vector(a));
            assert_eq!(numbers(instructions::from_bytes(bytes)), plain::from_bytes(bytes));
        }
    }
}

use super::Error;

/// What is too much to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub bytes: u64,
    /// Width times height.
    pub pixels: u64,
}

impl Limits {
    /// For computers. 100 million pixels cover high-resolution modes and panoramas. Decoding takes three bytes a pixel,
    /// up to nine while a JPEG that loads progressively is put together or a photo is turned upright: 900 MB, which
    /// a 32-bit WebAssembly memory still holds. 100 MB are several times the largest JPEG of so many pixels.
    pub const COMPUTER: Self = Self { bytes: 100_000_000, pixels: 100_000_000 };

    /// For phones, whose browsers end a page that takes more than about a gigabyte. 52 million pixels are what their
    /// cameras' 50-megapixel modes write (8192 × 6144); by the reckoning above that takes 470 MB at most.
    pub const PHONE: Self = Self { bytes: 50_000_000, pixels: 52_000_000 };

    /// # Errors
    ///
    /// [`Error::TooManyBytes`].
    pub fn check_bytes(&self, bytes: u64) -> Result<(), Error> {
        if bytes <= self.bytes { Ok(()) } else { Err(Error::TooManyBytes { bytes, limit: self.bytes }) }
    }

    /// # Errors
    ///
    /// [`Error::TooManyPixels`].
    pub fn check_pixels(&self, (width, height): (u32, u32)) -> Result<(), Error> {
        if u64::from(width) * u64::from(height) <= self.pixels {
            Ok(())
        } else {
            Err(Error::TooManyPixels { width, height, limit: self.pixels })
        }
    }
}

/// [`Limits::COMPUTER`].
impl Default for Limits {
    fn default() -> Self {
        Self::COMPUTER
    }
}

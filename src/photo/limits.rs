use super::Error;

/// The largest files and pictures that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file, in bytes.
    pub bytes: u64,
    /// Width times height, in pixels.
    pub pixels: u64,
}

impl Limits {
    /// For computers. 100 million pixels cover high-resolution modes and panoramas. Decoding takes three bytes per pixel, and up
    /// to nine for progressive JPEGs and while a photo is turned upright: 900 MB, which a 32-bit WebAssembly memory can hold.
    /// 100 MB are several times the largest JPEG with as many pixels.
    pub const COMPUTER: Self = Self { bytes: 100_000_000, pixels: 100_000_000 };

    /// For phones, whose browsers end a page that takes more than about a gigabyte. 52 million pixels are enough for 50-megapixel
    /// cameras (8192 × 6144); at nine bytes per pixel that is 470 MB.
    pub const PHONE: Self = Self { bytes: 50_000_000, pixels: 52_000_000 };

    /// Checks a file's size in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBytes`].
    pub fn check_bytes(&self, bytes: u64) -> Result<(), Error> {
        if bytes <= self.bytes { Ok(()) } else { Err(Error::TooManyBytes { bytes, limit: self.bytes }) }
    }

    /// Checks a picture's width and height in pixels.
    ///
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

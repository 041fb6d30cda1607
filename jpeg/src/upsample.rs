//! Components that are coarser than the picture, brought to its size.
//!
//! A sample stands for the middle of its pixels. Where it stands for two of them, across or down or both, a pixel is
//! three quarters of its own sample and a quarter of the next nearest, as in libjpeg ("fancy upsampling"), also in how
//! it is rounded. Other ratios are rare; with those a pixel is the sample that it lies in.

/// How samples become pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsampling {
    /// A pixel a sample.
    None,
    /// Two pixels a sample, across.
    Across,
    /// Two pixels a sample, down.
    Down,
    /// Two by two pixels a sample.
    Both,
    /// Any other ratio, and rows of one or two samples: `part` samples across are as wide as `whole` pixels.
    Nearest { part: usize, whole: usize },
}

/// Room for a row.
#[derive(Default)]
pub struct Scratch {
    sums: Vec<u16>,
    pixels: Vec<u8>,
}

impl Upsampling {
    /// For a component with so many columns and rows of samples where the finest has `most`, and `width` samples in a
    /// row.
    pub fn new((columns, rows): (usize, usize), most: (usize, usize), width: usize) -> Self {
        let is_half = (2 * columns == most.0, 2 * rows == most.1);
        match (columns == most.0, rows == most.1) {
            (true, true) => Self::None,
            (true, false) if is_half.1 => Self::Down,
            (false, true) if is_half.0 && width > 2 => Self::Across,
            (false, false) if is_half == (true, true) && width > 2 => Self::Both,
            _ => Self::Nearest { part: columns, whole: most.0 },
        }
    }

    /// Whether a pixel is made of two rows of samples.
    pub fn is_vertical(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }

    /// At least `width` pixels, out of the row of samples that they lie in and, where two rows make them, the `other`
    /// one. That is above them if they are the `upper` of the pixels of their samples, and below otherwise.
    pub fn row<'r>(
        self,
        samples: &'r [u8],
        other: &[u8],
        upper: bool,
        width: usize,
        scratch: &'r mut Scratch,
    ) -> &'r [u8] {
        let Scratch { sums, pixels } = scratch;
        pixels.resize(width.max(2 * samples.len()), 0);
        match self {
            Self::None => return samples,
            Self::Across => {
                sums.resize(samples.len() + 2, 0);
                let inner = sums[1..].iter_mut().zip(samples);
                inner.for_each(|(sum, &sample)| *sum = sample.into());
                spread::<2>(sums, [1, 2], pixels);
            }
            Self::Down => {
                let half = if upper { 1 } else { 2 };
                for ((pixel, &near), &far) in pixels.iter_mut().zip(samples).zip(other) {
                    *pixel = ((3 * u16::from(near) + u16::from(far) + half) >> 2) as u8;
                }
            }
            Self::Both => {
                sums.resize(samples.len() + 2, 0);
                for ((sum, &near), &far) in sums[1..].iter_mut().zip(samples).zip(other) {
                    *sum = 3 * u16::from(near) + u16::from(far);
                }
                spread::<4>(sums, [8, 7], pixels);
            }
            Self::Nearest { part, whole } => {
                for (at, pixel) in pixels[..width].iter_mut().enumerate() {
                    *pixel = samples[at * part / whole];
                }
            }
        }
        pixels
    }
}

/// Two pixels a sum. The first and the last of the sums are room for what is next to the outermost.
fn spread<const BITS: usize>(sums: &mut [u16], halves: [u16; 2], pixels: &mut [u8]) {
    let end = sums.len() - 1;
    (sums[0], sums[end]) = (sums[1], sums[end - 1]);
    let (before, own, behind) = (&sums[..end - 1], &sums[1..end], &sums[2..]);
    for (((pair, &before), &own), &behind) in
        pixels.as_chunks_mut::<2>().0.iter_mut().zip(before).zip(own).zip(behind)
    {
        *pair = [(3 * own + before + halves[0]) >> BITS, (3 * own + behind + halves[1]) >> BITS]
            .map(|sum| sum as u8);
    }
}

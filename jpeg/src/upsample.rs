//! Upsampling: brings subsampled components to the picture's size.
//!
//! A sample lies in the centre of its pixels. Where it covers two of them, across or down or both, a pixel is three
//! quarters of its own sample and a quarter of the next nearest one, rounded as in libjpeg ("fancy upsampling"). Other
//! ratios are rare; there a pixel is the sample that it lies in.

/// How a component's samples become pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsampling {
    /// One pixel for each sample.
    None,
    /// Two pixels for each sample, side by side.
    Across,
    /// Two pixels for each sample, one above the other.
    Down,
    /// 2 × 2 pixels for each sample.
    Both,
    /// Any other ratio, and rows of one or two samples: `part` samples are as wide as `whole` pixels.
    Nearest { part: usize, whole: usize },
}

/// Buffers for a row.
#[derive(Default)]
pub struct Scratch {
    sums: Vec<u16>,
    pixels: Vec<u8>,
}

impl Upsampling {
    /// `columns` and `rows`: the component's samples in an MCU. `max`: those of a component that is not subsampled. `width`:
    /// samples in a row.
    pub fn new((columns, rows): (usize, usize), max: (usize, usize), width: usize) -> Self {
        let is_half = (2 * columns == max.0, 2 * rows == max.1);
        match (columns == max.0, rows == max.1) {
            (true, true) => Self::None,
            (true, false) if is_half.1 => Self::Down,
            (false, true) if is_half.0 && width > 2 => Self::Across,
            (false, false) if is_half == (true, true) && width > 2 => Self::Both,
            _ => Self::Nearest { part: columns, whole: max.0 },
        }
    }

    /// Whether a pixel is computed from two rows of samples.
    pub fn is_vertical(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }

    /// A row of at least `width` pixels, from the row of `samples` that they lie in. [Vertical](Self::is_vertical) upsampling
    /// also needs the next nearest row, `other`: the one above if the pixels are in the `upper` half of their samples, else
    /// the one below.
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

/// Writes two pixels for each of the sums but the first and the last, which receive copies of their neighbours.
fn spread<const BITS: usize>(sums: &mut [u16], halves: [u16; 2], pixels: &mut [u8]) {
    let end = sums.len() - 1;
    (sums[0], sums[end]) = (sums[1], sums[end - 1]);
    let (before, own, after) = (&sums[..end - 1], &sums[1..end], &sums[2..]);
    for (((pair, &before), &own), &after) in
        pixels.as_chunks_mut::<2>().0.iter_mut().zip(before).zip(own).zip(after)
    {
        *pair = [(3 * own + before + halves[0]) >> BITS, (3 * own + after + halves[1]) >> BITS]
            .map(|sum| sum as u8);
    }
}

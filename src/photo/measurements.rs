use serde::{Deserialize, Serialize};

/// What is measured on a photo's pixels, without any network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// Variance of the Laplacian of the luma (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR
    /// 2000), at least 0, where there is no edge at all. It is low for blurred photos, and for photos of plain things.
    pub sharpness: f32,
    pub fingerprint: Fingerprint,
}

/// A perceptual hash (pHash) of 256 bits, of which copies of a photo share all but a few. The Python pipeline computes the same
/// (`duplicates.py`), so that both call the same photos near-duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub(super) [u32; 8]);

impl Fingerprint {
    /// The most bits in which copies of one photo differ.
    const NEAR: u32 = 14;

    /// The number of bits that differ, 0 to 256.
    pub fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// Whether both are of the same picture, perhaps saved again, scaled or brightened.
    pub fn is_near(self, other: Self) -> bool {
        self.distance(other) <= Self::NEAR
    }
}

//! Randomly damaged files. The same number always gives the same file.

use std::{fs, path::Path};

use super::encode::crc32;

/// The photos to damage: small fixtures of every format.
const FIXTURES: [&str; 27] = [
    "alpha.png",
    "animated.gif",
    "formats/cmyk.jpg",
    "formats/one-component-a-scan.jpg",
    "formats/progressive-restart.jpg",
    "formats/progressive.jpg",
    "formats/progressive-scans.jpg",
    "formats/subsampled-restart.jpg",
    "formats/translucent.avif",
    "formats/turned.avif",
    "grey.jpg",
    "orientation-1.jpg",
    "orientation-6.jpg",
    "palette.png",
    "photo.bmp",
    "photo.webp",
    "sixteen-bit.png",
    "socks.jpg",
    "squares.png",
    "tiny-1x1.png",
    "tiny-3x2.png",
    "wide.jpg",
    "formats/upright.avif",
    "formats/lossy.webp",
    "avif/alpha-10-premultiplied.avif",
    "avif/grid-alpha.avif",
    "avif/turned-mirrored.avif",
];

/// The fixtures, with their names.
pub fn photos() -> Vec<(&'static str, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    FIXTURES.map(|name| (name, fs::read(folder.join(name)).expect(name))).into()
}

pub struct Mutations(Vec<(&'static str, Vec<u8>)>);

impl Mutations {
    /// From these files and their names.
    pub fn of(files: Vec<(&'static str, Vec<u8>)>) -> Self {
        Self(files)
    }

    /// Damaged file `number`, and the name of the original.
    pub fn file(&self, number: u64) -> (&'static str, Vec<u8>) {
        let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (name, whole) = &self.0[random.below(self.0.len())];
        let mut file = whole.clone();
        for _ in 0..=random.below(4) {
            if !file.is_empty() {
                self.mutate(&mut file, &mut random);
            }
        }
        // A wrong checksum would keep the decoder from reading further.
        if name.ends_with(".png") && random.below(4) > 0 {
            mend_checksums(&mut file);
        }
        (name, file)
    }

    fn mutate(&self, file: &mut Vec<u8>, random: &mut Random) {
        // Half of the damage is at the start, where the headers are.
        let reach = if random.below(2) == 0 { file.len().min(600) } else { file.len() };
        let at = random.below(reach);
        let length = 1 + random.below((file.len() - at).min(2000));
        match random.below(7) {
            0 => file[at] ^= 1 << random.below(8),
            1 => file[at] = random.next() as u8,
            2 => {
                const LIMITS: [u32; 10] =
                    [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF];
                let value = LIMITS[random.below(LIMITS.len())];
                let bytes = if random.below(2) == 0 { value.to_be_bytes() } else { value.to_le_bytes() };
                let width = [1, 2, 4][random.below(3)].min(file.len() - at);
                let low_end = if bytes[0] == 0 { 4 - width } else { 0 };
                file[at..at + width].copy_from_slice(&bytes[low_end..low_end + width]);
            }
            3 => file.truncate(at),
            4 => drop(file.drain(at..at + length)),
            5 => {
                let piece = file[at..at + length].to_vec();
                let to = random.below(file.len());
                file.splice(to..to, piece);
            }
            _ => {
                let (_, other) = &self.0[random.below(self.0.len())];
                file.truncate(at);
                file.extend(&other[random.below(other.len())..]);
            }
        }
    }
}

fn mend_checksums(png: &mut [u8]) {
    let mut at = 8;
    while let Some(&[a, b, c, d]) = png.get(at..at + 4) {
        let end = at.saturating_add(8).saturating_add(u32::from_be_bytes([a, b, c, d]) as usize);
        if end > png.len().saturating_sub(4) {
            break;
        }
        let sum = crc32(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

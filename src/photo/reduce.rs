//! How far a photo may be reduced while it is decoded. Only JPEGs can be.

use clothing_jpeg::Scale;

/// What must be left of a photo, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinSize {
    LongerSide(u32),
    ShorterSide(u32),
}

/// The smallest scale that leaves at least as much as that.
pub fn smallest_scale(width: u32, height: u32, min_size: MinSize) -> Scale {
    let (length, min) = match min_size {
        MinSize::LongerSide(min) => (width.max(height), min),
        MinSize::ShorterSide(min) => (width.min(height), min),
    };
    [Scale::Eighth, Scale::Quarter, Scale::Half]
        .into_iter()
        .find(|scale| length / scale.reduction() >= min)
        .unwrap_or(Scale::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_reduced_as_far_as_they_may_be() {
        for (width, height, min_size, expected) in [
            (4032, 3024, MinSize::LongerSide(448), 8),
            (4032, 3024, MinSize::ShorterSide(448), 4),
            (3583, 2000, MinSize::LongerSide(448), 4),
            (3584, 2000, MinSize::LongerSide(448), 8),
            (895, 640, MinSize::LongerSide(448), 1),
            (640, 896, MinSize::LongerSide(448), 2),
            (65500, 10, MinSize::LongerSide(448), 8),
            (65500, 10, MinSize::ShorterSide(448), 1),
        ] {
            assert_eq!(
                smallest_scale(width, height, min_size).reduction(),
                expected,
                "{width} × {height}, {min_size:?}"
            );
        }
    }
}

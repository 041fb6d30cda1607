use image::RgbImage;

/// A square's pixels as the network expects them: planes `[3, height, width]`, each value `(value / 255 - mean) / std`. `mean`
/// and `std` are given by channel (RGB).
pub fn normalise(square: &RgbImage, mean: [f32; 3], std: [f32; 3]) -> Vec<f32> {
    let mut planes = Vec::with_capacity(square.len());
    for channel in 0..3 {
        planes.extend(
            square.pixels().map(|pixel| (f32::from(pixel.0[channel]) / 255.0 - mean[channel]) / std[channel]),
        );
    }
    planes
}

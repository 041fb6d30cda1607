//! Convolutions compared with plain sums: natively, and in a browser with the real instructions.

use clothing_kernel::{Channels, Convolution, Epilogue, Window};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

const RELU: Epilogue = Epilogue { residual: None, min: 0.0 };
/// The window of Winograd's method.
const THREE: Window = window([3; 2], [1; 2], [1; 2], [1; 2]);
const ONE: Window = window([1; 2], [1; 2], [0; 2], [0; 2]);

const fn window(size: [usize; 2], stride: [usize; 2], before: [usize; 2], after: [usize; 2]) -> Window {
    Window { size, stride, before, after }
}

/// Pseudo-random numbers between -1 and 1, the same in each run (from a linear congruential generator).
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A pixel; 0 outside the picture.
fn pixel(input: &[f32], [height, width]: [usize; 2], channel: usize, [row, column]: [usize; 2]) -> f32 {
    if row < height && column < width { input[(channel * height + row) * width + column] } else { 0.0 }
}

/// The definition of a convolution. Weights are `[outputs, inputs, rows, columns]`, or `[channels, rows, columns]` if
/// `depthwise`.
fn naive(
    weights: &[f32],
    bias: &[f32],
    window: Window,
    depthwise: bool,
    input: &[f32],
    size: [usize; 2],
    epilogue: Epilogue,
) -> Vec<f32> {
    let inputs = input.len() / (size[0] * size[1]);
    let [rows, columns] = window.output_size(size).expect("a picture that is large enough");
    let area = window.size[0] * window.size[1];
    let mut output = Vec::new();
    for (channel, bias) in bias.iter().enumerate() {
        let (sources, weights) = if depthwise {
            (channel..channel + 1, &weights[channel * area..])
        } else {
            (0..inputs, &weights[channel * inputs * area..])
        };
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let mut sum = f64::from(*bias);
            for (from, weights) in sources.clone().zip(weights.chunks_exact(area)) {
                for (ix, weight) in weights.iter().enumerate() {
                    // Negative indices wrap to far outside the picture.
                    let place = [
                        (row * window.stride[0] + ix / window.size[1]).wrapping_sub(window.before[0]),
                        (column * window.stride[1] + ix % window.size[1]).wrapping_sub(window.before[1]),
                    ];
                    sum += f64::from(*weight) * f64::from(pixel(input, size, from, place));
                }
            }
            let residual = epilogue.residual.map_or(0.0, |residual| residual[output.len()]);
            output.push((sum as f32 + residual).max(epilogue.min));
        }
    }
    output
}

/// Single pixels, odd sides, fewer and more outputs than a vector or a tile holds, rows that end within one.
const SIZES: [[usize; 2]; 10] =
    [[1, 1], [1, 9], [2, 2], [3, 5], [5, 8], [6, 16], [7, 7], [8, 17], [14, 14], [28, 28]];

const WINDOWS: [Window; 9] = [
    THREE,
    ONE,
    window([1; 2], [2; 2], [0; 2], [0; 2]),
    window([1; 2], [1; 2], [1; 2], [0; 2]),
    window([3; 2], [2; 2], [0; 2], [1; 2]),
    window([5; 2], [1; 2], [2; 2], [2; 2]),
    window([5; 2], [2; 2], [1; 2], [2; 2]),
    window([3, 1], [1, 3], [1, 0], [1, 0]),
    window([2, 5], [3, 1], [1, 4], [0, 2]),
];

/// Compares all sizes and windows for these `(inputs, outputs)`, and returns the number of comparisons. `inputs` is 1 if
/// `depthwise`.
fn try_all(channels: &[(usize, usize)], depthwise: bool) -> usize {
    let mut tried = 0;
    for (seed, size) in (1..).zip(SIZES) {
        for (window, &(inputs, outputs)) in
            WINDOWS.into_iter().flat_map(|window| channels.iter().map(move |channels| (window, channels)))
        {
            let Some([rows, columns]) = window.output_size(size) else { continue };
            let weights = numbers(outputs * inputs * window.size[0] * window.size[1], seed);
            let bias = numbers(outputs, seed + 100);
            let sources = if depthwise { outputs } else { inputs };
            let input = numbers(sources * size[0] * size[1], seed + 200);
            let residual = numbers(outputs * rows * columns, seed + 300);
            let channels = if depthwise { Channels::Depthwise } else { Channels::All(inputs) };
            let convolution = Convolution::new(channels, window, &bias, |output, to| {
                let count = to.len();
                to.copy_from_slice(&weights[output * count..][..count]);
            });
            assert_eq!((convolution.outputs(), convolution.window()), (outputs, window));
            for epilogue in [
                RELU,
                Epilogue { min: f32::NEG_INFINITY, ..RELU },
                Epilogue { residual: Some(&residual), ..RELU },
                Epilogue { residual: Some(&residual), min: f32::NEG_INFINITY },
            ] {
                let mut found = vec![f32::NAN; outputs * rows * columns];
                convolution.run(&input, size, epilogue, &mut found);
                let expected = naive(&weights, &bias, window, depthwise, &input, size, epilogue);
                for (ix, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let tolerance = 1e-6 * (inputs * window.size[0] * window.size[1]) as f32;
                    assert!(
                        (found - expected).abs() <= tolerance,
                        "{found}, not {expected}: {ix} of {size:?}, {inputs} channels to {outputs}, {window:?}"
                    );
                }
                tried += 1;
            }
        }
    }
    tried
}

#[test]
fn convolutions_over_all_channels_agree_with_plain_sums() {
    let tried = try_all(&[(1, 1), (3, 16), (17, 5), (32, 40), (600, 2)], false);
    assert!(tried > 1000, "{tried}");
}

#[test]
fn depthwise_convolutions_agree_with_plain_sums() {
    let tried = try_all(&[(1, 1), (1, 3)], true);
    assert!(tried > 500, "{tried}");
}

#[test]
fn nan_stays_nan() {
    for (inputs, window) in [(16, THREE), (1, THREE), (1, ONE)] {
        let convolution =
            Convolution::new(Channels::All(inputs), window, &[0.0], |_, weights| weights.fill(1.0));
        let mut output = [0.0; 36];
        convolution.run(&vec![f32::NAN; inputs * 36], [6, 6], RELU, &mut output);
        assert!(output.iter().all(|value| value.is_nan()), "{output:?}");
    }
}

#[test]
fn a_window_that_does_not_fit_has_no_output() {
    assert_eq!(window([3; 2], [1; 2], [0; 2], [0; 2]).output_size([2, 9]), None);
    assert_eq!(window([3; 2], [2; 2], [0; 2], [1; 2]).output_size([224, 224]), Some([112, 112]));
    assert_eq!(window([1; 2], [0; 2], [0; 2], [0; 2]).output_size([4, 4]), None);
    assert_eq!(window([1; 2], [1; 2], [usize::MAX; 2], [1; 2]).output_size([4, 4]), None);
}

#[test]
fn windows_that_would_take_much_memory_are_not_supported() {
    assert!(window([3; 2], [2; 2], [0; 2], [1; 2]).supports([8, 8]));
    assert!(!window([9; 2], [2; 2], [0; 2], [0; 2]).supports([8, 8]));
    assert!(!window([3; 2], [1; 2], [3; 2], [0; 2]).supports([8, 8]));
    assert!(!window([3; 2], [1; 2], [0; 2], [0, 1 << 30]).supports([8, 8]));
    assert!(!window([3; 2], [1, 9], [0; 2], [0; 2]).supports([8, 8]));
}

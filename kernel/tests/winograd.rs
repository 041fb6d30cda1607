//! Convolutions with fewer multiplications, against those with all: natively, and in a browser with the real instructions.

use clothing_kernel::Convolution;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Numbers between -1 and 1 that look random and are the same in each run (a linear congruential generator's).
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn naive(weights: &[f32], bias: &[f32], input: &[f32], [height, width]: [usize; 2], least: f32) -> Vec<f32> {
    let inputs = input.len() / (height * width);
    let mut output = Vec::new();
    for (channel, bias) in bias.iter().enumerate() {
        for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
            let mut sum = f64::from(*bias);
            for (from, ix) in (0..inputs).flat_map(|from| (0..9).map(move |ix| (from, ix))) {
                let (row, column) = (row + ix / 3, column + ix % 3);
                if (1..=height).contains(&row) && (1..=width).contains(&column) {
                    let weight = weights[(channel * inputs + from) * 9 + ix];
                    sum +=
                        f64::from(weight) * f64::from(input[(from * height + row - 1) * width + column - 1]);
                }
            }
            output.push((sum as f32).max(least));
        }
    }
    output
}

#[test]
fn it_yields_what_all_multiplications_yield() {
    // Single pixels, odd sides, fewer and more patches than a vector or a tile holds, rows that end within one.
    let sides = [[1, 1], [1, 9], [2, 2], [3, 5], [5, 8], [6, 16], [7, 7], [8, 17], [14, 14], [28, 28]];
    for (seed, side) in (1..).zip(sides) {
        for (inputs, outputs) in [(1, 1), (3, 16), (17, 5), (32, 40)] {
            for least in [0.0, f32::NEG_INFINITY] {
                let weights = numbers(outputs * inputs * 9, seed);
                let (bias, input) =
                    (numbers(outputs, seed + 100), numbers(inputs * side[0] * side[1], seed + 200));
                let convolution = Convolution::new(&weights, &bias);
                assert_eq!(convolution.outputs(), outputs);
                let mut found = vec![f32::NAN; outputs * side[0] * side[1]];
                convolution.run(&input, side, least, &mut found);
                let expected = naive(&weights, &bias, &input, side, least);
                for (ix, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let tolerance = 1e-6 * (inputs * 9) as f32;
                    assert!(
                        (found - expected).abs() <= tolerance,
                        "{found}, not {expected}: {ix} of {side:?}, {inputs} channels to {outputs}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_no_number_stays_so() {
    let convolution = Convolution::new(&[1.0; 9], &[0.0]);
    let mut output = [0.0; 4];
    convolution.run(&[1.0, f32::NAN, 1.0, 1.0], [2, 2], 0.0, &mut output);
    assert!(output.iter().all(|value| value.is_nan()), "{output:?}");
}

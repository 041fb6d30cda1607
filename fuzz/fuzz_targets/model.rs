//! Any bytes as a model file: refused, or loaded as a classifier that answers a photo or gives an error.
#![no_main]

use std::time::Duration;

use clothing_classifier::{classifier::Classifier, words::Explained};
use image::RgbImage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    // Panics inside tract are caught by `from_onnx` and are no findings; libFuzzer's own hook would end the program.
    init: std::panic::set_hook(Box::new(|_| {})),
    |file: &[u8]| {
        match Classifier::from_onnx(file) {
            Ok(classifier) => drop(classifier.classify(&RgbImage::new(9, 7).into(), Duration::ZERO)),
            Err(error) => assert!(error.explanation().len() < 20_000),
        }
    }
);

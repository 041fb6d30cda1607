//! The model gives the same answers here as in PyTorch and onnxruntime.

use std::{env, fs, num::NonZero, path::PathBuf, thread};

use clothing_classifier::{
    classifier::Classifier,
    photo::{Limits, decode_reduced},
};
use serde::Deserialize;

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn classifier() -> Classifier {
    Classifier::from_onnx(fs::read(root().join("model/clothing.onnx")).unwrap()).unwrap()
}

fn logits(classifier: &Classifier, file: PathBuf) -> Vec<f32> {
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let info = classifier.info();
    let min_size = info.resize.min_size(info.input_size);
    classifier.logits(&decode_reduced(&bytes, &Limits::default(), min_size).unwrap()).unwrap()
}

fn best(logits: &[f32]) -> usize {
    (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap()
}

/// Another implementation's answer to a photo.
#[derive(Deserialize)]
struct Reference {
    file: String,
    /// In the fixture PyTorch's (`onnx_logits` are onnxruntime's); in the oracle onnxruntime's.
    logits: Vec<f32>,
    #[serde(default)]
    onnx_logits: Vec<f32>,
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Drawings in all formats, with the logits of onnxruntime for the same model file after training's own preprocessing, and
/// those of PyTorch before the weights were rounded to int8.
///
/// From identical pixels, logits differ by about 1e-5, since floating-point sums are rounded differently. But pixels differ by
/// one level of 255 where resizing rounds differently, and by a few in JPEG and lossy WebP, whose decoders round and
/// smooth colours differently. Logits range from -8 to 6.
#[test]
fn logits_agree_with_onnxruntime_and_pytorch() {
    #[derive(Deserialize)]
    struct Fixture {
        model: String,
        labels: Vec<String>,
        files: Vec<Reference>,
    }
    let fixture: Fixture =
        serde_json::from_slice(&fs::read(root().join("tests/fixtures/logits.json")).unwrap()).unwrap();
    let classifier = classifier();
    let info = classifier.info();
    assert_eq!(fixture.model, info.version, "the fixture belongs to another model");
    assert!(fixture.labels.iter().eq(info.labels.iter().map(|label| &label.id)));
    assert!(!fixture.files.is_empty());
    for reference in fixture.files {
        let name = &reference.file;
        let found = logits(&classifier, root().join("tests/fixtures").join(name));
        let to_onnxruntime = largest_difference(&found, &reference.onnx_logits);
        let to_pytorch = largest_difference(&found, &reference.logits);
        println!("{name}: {to_onnxruntime:.4} to onnxruntime, {to_pytorch:.4} to PyTorch");
        assert!(to_onnxruntime < 0.2, "{name}: {to_onnxruntime}");
        // The rounding of weights was not fitted to pictures of a few pixels.
        let allowed = if name.starts_with("tiny-") { 1.0 } else { 0.5 };
        assert!(to_pytorch < allowed, "{name}: {to_pytorch}");
    }
}

/// On real photos, which are not in the repository. `ORACLE` names a file with onnxruntime's answers, one JSON object a line,
/// with paths relative to the repository's root.
#[test]
fn top_labels_agree_with_onnxruntime() {
    let Some(oracle) = env::var_os("ORACLE") else {
        println!("Skipped: ORACLE is not set.");
        return;
    };
    let references: Vec<Reference> = fs::read_to_string(root().join(oracle))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let classifier = classifier();
    let compared = |references: &[Reference]| {
        let mut agreeing = 0;
        let mut largest = 0f32;
        for reference in references {
            let found = logits(&classifier, root().join(&reference.file));
            largest = largest.max(largest_difference(&found, &reference.logits));
            agreeing += usize::from(best(&found) == best(&reference.logits));
        }
        (agreeing, largest)
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (agreeing, largest) = thread::scope(|scope| {
        let parts = references.chunks(references.len().div_ceil(threads).max(1));
        let running: Vec<_> = parts.map(|part| scope.spawn(|| compared(part))).collect();
        let found = running.into_iter().map(|thread| thread.join().unwrap());
        found.fold((0, 0f32), |(agreeing, largest), part| (agreeing + part.0, largest.max(part.1)))
    });
    println!("{agreeing} of {} top labels agree; logits differ by {largest:.3} at most", references.len());
    assert!(references.len() >= 1000, "only {} photos", references.len());
    assert!(agreeing * 100 >= references.len() * 99, "{agreeing} of {} top labels agree", references.len());
}

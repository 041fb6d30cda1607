//! Any file given as a photo is answered, or refused with a reason, within a short time.

use std::{
    env, fs,
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::files::{
    awkward::{self, Outcome},
    mutate::{self, Mutations},
};
use clothing_classifier::{
    classifier::{Answer, Classifier, ClassifyError},
    photo::{Format, Limits, MinSize, decode, decode_reduced, sniff},
    words::Explained,
};

/// The time within which any file must be answered or refused.
const SOON: Duration = Duration::from_secs(2);

fn read(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn classifier() -> Classifier {
    Classifier::from_onnx(read("model/clothing.onnx")).expect("our own model")
}

fn classify(classifier: &Classifier, file: &[u8]) -> Result<Answer, ClassifyError> {
    classifier.classify_bytes(file, &Limits::default())
}

#[test]
fn awkward_files_are_answered_or_refused_in_words() {
    let classifier = classifier();
    let good = read("tests/fixtures/orientation-1.jpg");
    let label = |answer: Answer| (answer.prediction.label, answer.prediction.probability);
    let expected = label(classify(&classifier, &good).expect("a good photo"));

    let table = awkward::all(false);
    assert!(table.len() >= 60);
    let mut faults = Vec::new();
    for file in &table {
        let begin = Instant::now();
        let found = classify(&classifier, &file.bytes);
        let took = begin.elapsed();
        let as_expected = match (&found, file.outcome) {
            (Ok(answer), Outcome::Answer(width, height)) => {
                (answer.prediction.width, answer.prediction.height) == (width, height)
            }
            (Err(error), Outcome::Refusal(words)) => error.explanation().contains(words),
            _ => false,
        };
        if !as_expected || took > SOON {
            let found = found.map(|answer| (answer.prediction.width, answer.prediction.height));
            faults.push(format!("{}: {found:?} after {took:?}, not {:?}", file.name, file.outcome));
        }
        if classify(&classifier, &good).map(label).as_ref() != Ok(&expected) {
            faults.push(format!("after {} a good photo is answered otherwise", file.name));
        }
    }
    assert!(faults.is_empty(), "{} of {}: {faults:#?}", faults.len(), table.len());
    println!("{} awkward files answered or refused", table.len());
}

/// A JPEG that can be decoded can be decoded to a half, a quarter and an eighth.
fn every_scale_is_decoded(file: &[u8]) {
    let limits = Limits { pixels: 20_000_000, ..Limits::default() };
    let Ok(whole) = decode(file, &limits) else { return };
    let longer = whole.width().max(whole.height());
    for reduction in [2, 4, 8].into_iter().filter(|_| sniff(file) == Ok(Format::Jpeg)) {
        let reduced =
            decode_reduced(file, &limits, MinSize::LongerSide(longer / reduction)).expect("as the whole");
        assert_eq!((reduced.width, reduced.height), whole.dimensions());
        assert!(!reduced.pixels.is_empty());
    }
}

/// `MUTATED` photos, 1,000 by default; `make torture` tries ten thousand.
#[test]
fn mutated_photos_are_answered_or_refused_soon() {
    let count = env::var("MUTATED").map_or(1000, |count| count.parse().expect("MUTATED is a number"));
    let (classifier, mutations) = (classifier(), Mutations::of(mutate::photos()));
    let next = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel();
    let (mut answered, mut slowest, mut begun) = (0, (Duration::ZERO, 0), Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (sender, classifier, mutations, next) = (sender.clone(), &classifier, &mutations, &next);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let (_, file) = mutations.file(number);
                    sender.send((number, None)).expect("the test listens");
                    let begin = Instant::now();
                    let answered = classify(classifier, &file).is_ok();
                    let took = begin.elapsed();
                    every_scale_is_decoded(&file);
                    sender.send((number, Some((answered, took)))).expect("the test listens");
                }
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(Duration::from_secs(60)) {
                Ok((number, None)) => begun.push(number),
                Ok((number, Some((is_answered, took)))) => {
                    begun.retain(|other| *other != number);
                    answered += u64::from(is_answered);
                    slowest = slowest.max((took, number));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // Threads that hang cannot be joined.
                    eprintln!("mutated photos {begun:?} are still running after a minute");
                    std::process::exit(1);
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    let (took, number) = slowest;
    println!("{answered} of {count} mutated photos answered, the others refused; the slowest after {took:?}");
    let (name, _) = mutations.file(number);
    // Far more than needed, since several tests share the processors.
    assert!(took < 5 * SOON, "mutated photo {number}, made of {name}, took {took:?}");
    // Otherwise the mutations would be so crude that only headers are tested.
    assert!(answered > count / 10 && answered < count * 9 / 10, "{answered} of {count} answered");
}

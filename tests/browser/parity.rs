//! The page and onnxruntime agree on real photos.

use std::{env, fs, path::PathBuf, time::Instant};

use serde::Deserialize;

use crate::{
    harness::{Card, Page, project},
    pictures::SIX,
};

/// onnxruntime's answer to a photo.
#[derive(Deserialize)]
struct Oracle {
    file: PathBuf,
    label: String,
}

#[test]
fn the_page_agrees_with_onnxruntime() {
    let Some(path) = env::var_os("ORACLE") else {
        println!("Skipped: ORACLE is not set.");
        return;
    };
    let lines = fs::read_to_string(project().join(path)).expect("onnxruntime's answers");
    let oracles: Vec<Oracle> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an answer a line")).collect();
    let photos: Vec<_> = oracles.iter().map(|oracle| oracle.file.clone()).collect();

    let page = Page::ready();
    let begin = Instant::now();
    page.pick(&photos);
    let cards = page.answers(photos.len());
    let each = begin.elapsed().as_secs_f64() * 1000.0 / photos.len() as f64;

    let pairs = || oracles.iter().zip(&cards);
    let differs = |(oracle, card): &(&Oracle, &Card)| card.label.as_ref() != Some(&oracle.label);
    for (oracle, card) in pairs().filter(differs) {
        println!("{}: {}, the page: {card:?}", oracle.file.display(), oracle.label);
    }
    let same = 1.0 - pairs().filter(differs).count() as f64 / photos.len() as f64;
    println!("Page and onnxruntime agree on {same:.4} of {} photos; {each:.0} ms a photo.", photos.len());
    assert!(same >= 0.99);

    for label in SIX {
        let named = |(oracle, card): &(&Oracle, &Card)| {
            oracle.file.parent().is_some_and(|folder| folder.ends_with(label))
                && card.label.as_deref() == Some(label)
        };
        assert!(pairs().any(|pair| named(&pair)), "no photo of {label} is called so");
    }
}

//! Any file that is picked is answered, or refused with a reason, within a short time, and the next one is answered as usual.

use std::{env, fs};

use serde_json::{Value, json};

use crate::{
    files::{
        awkward::{self, Outcome},
        mutate::{self, Mutations},
    },
    harness::{Card, Page, Visit},
    pictures::{jpeg, shirt},
};

/// The time allowed, in milliseconds.
const SOON: f64 = 2000.0;

/// All that the page says about a photo.
fn said(card: &Card) -> (&str, Option<&str>, Option<&str>, &str) {
    (&card.state, card.label.as_deref(), card.headline.as_deref(), card.words())
}

#[test]
fn awkward_files_are_answered_or_refused_in_words_and_harm_no_other() {
    let page = Page::ready();
    let good = page.file("good.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])));
    page.pick(std::slice::from_ref(&good));
    let expected = page.answer("good.jpg");
    assert_eq!(expected.state, "done", "{expected:?}");
    page.click("[id^=remove-]");

    let table = awkward::all(true);
    let picked: Vec<_> =
        table.iter().flat_map(|file| [page.file(file.name, &file.bytes), good.clone()]).collect();
    page.run::<Value>(include_str!("times.js"));
    page.pick(&picked);
    let cards = page.answers(picked.len());
    page.click(".downloads button:nth-child(2)");
    let rows: Vec<Value> = serde_json::from_str(&page.downloaded("garments.json")).expect("JSON");
    assert_eq!(rows.len(), cards.len());

    let mut faults = Vec::new();
    for ((file, pair), row) in table.iter().zip(cards.chunks(2)).zip(rows.iter().step_by(2)) {
        let as_expected = match file.outcome {
            Outcome::Answer(width, height) => {
                pair[0].state == "done" && row["width"] == width && row["height"] == height
            }
            Outcome::Refusal(words) => pair[0].state == "refused" && pair[0].words().contains(words),
        };
        if pair[0].file != file.name || !as_expected {
            faults.push(format!("{}: {:?}, not {:?}", file.name, said(&pair[0]), file.outcome));
        }
        if said(&pair[1]) != said(&expected) {
            faults.push(format!("after {}: {:?}, not {:?}", file.name, said(&pair[1]), said(&expected)));
        }
    }
    let took: Vec<(String, f64)> = page.run("return took;");
    let slow = took.iter().filter(|(_, milliseconds)| *milliseconds > SOON);
    faults.extend(slow.map(|(file, milliseconds)| format!("{file} took {milliseconds:.0} ms")));
    assert!(faults.is_empty(), "{} of {}: {faults:#?}", faults.len(), table.len());
    assert_eq!(page.workers(), 1, "none of them ends the worker");
    let slowest = took.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("some were watched");
    println!("{} awkward files; the slowest, {}, took {:.0} ms", table.len(), slowest.0, slowest.1);
}

/// In browsers that do not distinguish folders from files.
#[test]
fn a_folder_that_passes_for_a_file_is_refused_in_words() {
    let page = Visit::to("/").after_script("delete DataTransferItem.prototype.webkitGetAsEntry;").open();
    page.wait_for_offline();
    let folder = page.file("inside.txt", b"").with_file_name("folder.jpg");
    fs::create_dir(&folder).expect("a folder");
    page.excuse("Failed to load resource"); // its preview
    page.drop(&json!({ "items": [], "files": [folder], "dragOperationsMask": 1 }));
    let card = page.answer("folder.jpg");
    let words = "This file could not be read. It may be a folder, or have been moved or deleted. Choose the photo again.";
    assert_eq!((&*card.state, card.words()), ("refused", words));
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    assert_eq!(page.answer("shirt.jpg").state, "done");
}

/// With `MUTATED` photos, 200 by default; `make torture` tries a thousand.
#[test]
fn mutated_photos_neither_end_nor_hold_up_the_engine() {
    const LOT: u64 = 100;
    let count = env::var("MUTATED").map_or(200, |count| count.parse().expect("MUTATED is a number"));
    let page = Page::ready();
    let mutations = Mutations::of(mutate::photos());
    let good = page.file("good.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])));
    page.pick(std::slice::from_ref(&good));
    let expected = page.answer("good.jpg");
    page.click("[id^=remove-]");
    page.run::<Value>(include_str!("times.js"));

    let mut answered = 0;
    for first in (0..count).step_by(LOT as usize) {
        let numbers = first..(first + LOT).min(count);
        let mut picked: Vec<_> =
            numbers.map(|number| page.file(&format!("{number}.jpg"), &mutations.file(number).1)).collect();
        picked.push(good.clone());
        page.pick(&picked);
        let cards = page.answers(picked.len());
        let (last, cards) = cards.split_last().expect("a card a file");
        assert_eq!(said(last), said(&expected));
        for card in cards {
            let words = card.words();
            let crashed = words.contains("more memory") || words.contains("too long");
            assert!(card.state == "done" || !crashed && words.len() > 40, "{card:?}");
        }
        answered += cards.iter().filter(|card| card.state == "done").count();
        page.click(".toolbar button:last-child");
        page.wait_until("the list is empty", |seen| seen.cards.is_empty());
    }
    assert_eq!(page.workers(), 1, "none of them ends the worker");
    let took: Vec<(String, f64)> = page.run("return took;");
    let slowest = took.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("some were watched");
    println!(
        "{answered} of {count} mutated photos answered, the others refused; the slowest, {}, took {:.0} ms",
        slowest.0, slowest.1
    );
}

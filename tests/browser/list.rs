//! The list of photos: many at once, removing, downloads, memory.

use serde_json::Value;

use crate::{
    harness::{Fault, MODEL, Page, Snapshot, Visit},
    pictures::{jpeg, long_to_read, shirt},
};

/// Writes `count` different photos, `1.jpg` and so on.
fn photos(page: &Page, count: u8) -> Vec<std::path::PathBuf> {
    let draw = |number: u8| jpeg(&shirt(320, 400, [20 * number, 250 - 20 * number, 90]));
    (1..=count).map(|number| page.file(&format!("{number}.jpg"), &draw(number))).collect()
}

fn files(seen: &Snapshot) -> Vec<&str> {
    seen.cards.iter().map(|card| card.file.as_str()).collect()
}

fn remove(page: &Page, file: &str) -> Snapshot {
    let seen = page.snapshot();
    let card = seen.card(file).unwrap_or_else(|| panic!("{file} is not in the list"));
    page.click(&format!("#{}", card.remove));
    page.wait_until(&format!("{file} is gone"), |seen| seen.card(file).is_none())
}

#[test]
fn many_photos_are_answered_in_their_order_and_each_can_be_removed() {
    let page = Page::ready();
    page.pick(&photos(&page, 12));
    page.wait_until("all are in the list", |seen| seen.cards.len() == 12);
    page.answers(12);
    let seen = page.snapshot();
    assert_eq!(files(&seen)[..3], ["1.jpg", "2.jpg", "3.jpg"]);
    assert_eq!(seen.count.as_deref(), Some("12 photos"));
    assert_eq!(seen.announced.as_deref(), Some("All 12 photos are answered."));

    let seen = remove(&page, "2.jpg");
    assert_eq!(files(&seen)[..3], ["1.jpg", "3.jpg", "4.jpg"]);
    assert_eq!(seen.count.as_deref(), Some("11 photos"));

    for file in ["12.jpg", "1.jpg", "3.jpg"] {
        remove(&page, file);
    }
    assert_eq!(page.snapshot().cards.len(), 8);
    page.click(".toolbar button:last-child");
    let seen = page.wait_until("the list is empty", |seen| seen.cards.is_empty());
    assert_eq!(seen.count, None);
    assert_eq!(seen.announced.as_deref(), Some("All photos removed."));
}

#[test]
fn the_count_tells_how_far_it_is() {
    let page = Visit::to("/").with(MODEL, Fault::HeldAfter(0.0)).open();
    page.pick(&photos(&page, 3));
    let seen = page.wait_until("all are in the list", |seen| seen.cards.len() == 3);
    assert_eq!(seen.count.as_deref(), Some("0 of 3 photos answered"));
    page.server.release();
    page.answers(3);
    assert_eq!(page.snapshot().count.as_deref(), Some("3 photos"));
}

#[test]
fn newly_picked_photos_come_first_and_the_same_can_be_picked_again() {
    let page = Page::ready();
    let photos = photos(&page, 3);
    page.pick(&photos[..2]);
    page.answers(2);
    page.pick(&photos[2..]);
    page.answers(3);
    page.pick(&photos[2..]);
    page.answers(4);
    assert_eq!(files(&page.snapshot()), ["3.jpg", "3.jpg", "1.jpg", "2.jpg"]);
}

#[test]
fn a_download_has_a_row_for_each_photo_with_what_is_shown() {
    let page = Page::ready();
    let mut picked = photos(&page, 3);
    picked.push(page.file("letter.jpg", b"no photo"));
    picked.push(page.file("=1+1,\"x\".jpg", &jpeg(&shirt(200, 200, [0, 90, 0]))));
    page.pick(&picked);
    let cards = page.answers(5);

    page.click(".downloads button:nth-child(2)");
    let rows: Vec<Value> = serde_json::from_str(&page.downloaded("garments.json")).expect("JSON");
    assert_eq!(rows.len(), cards.len());
    for (row, card) in rows.iter().zip(&cards) {
        assert_eq!(row["file"], card.file);
        if card.state == "done" {
            assert_eq!(row["label"], card.label.clone().expect("an answer has a label"));
            assert!(row["probability"].as_f64().is_some_and(|share| share > 0.0 && share <= 1.0), "{row}");
            assert!(row["alternatives"].as_array().is_some_and(|others| others.len() > 5), "{row}");
        } else {
            assert!(card.words().contains(row["error"].as_str().expect("why not")), "{row}, {card:?}");
        }
    }

    page.click(".downloads button:nth-child(1)");
    let table = page.downloaded("garments.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name| header.iter().position(|column| column == name).expect("the column");
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), cards.len());
    for (row, card) in rows.iter().zip(&cards) {
        // A spreadsheet must not read a file's name as a formula.
        let name = if card.file.starts_with('=') { format!("'{}", card.file) } else { card.file.clone() };
        assert_eq!(row[column("file")], name);
        assert_eq!(&row[column("label")], card.label.as_deref().unwrap_or_default());
        assert_eq!(row[column("error")].is_empty(), card.state == "done", "{row:?}");
    }
}

#[test]
fn what_is_removed_while_it_waits_is_not_answered_and_the_others_are() {
    let page = Visit::to("/").with(MODEL, Fault::HeldAfter(0.5)).open();
    page.pick(&photos(&page, 5));
    page.wait_until("all are in the list", |seen| seen.cards.len() == 5);
    remove(&page, "1.jpg");
    remove(&page, "4.jpg");
    page.server.release();
    page.answers(3);
    assert_eq!(files(&page.snapshot()), ["2.jpg", "3.jpg", "5.jpg"]);
}

/// Photos are added to the list a few at a time.
#[test]
fn a_large_pick_comes_whole_and_in_order_and_can_be_removed_while_it_comes() {
    let page = Page::ready();
    let letter = |number: usize| page.file(&format!("{number}.jpg"), b"no photo");
    let letters: Vec<_> = (0..150).map(letter).collect();
    page.pick(&letters);
    let cards = page.answers(150);
    assert!(cards.iter().enumerate().all(|(number, card)| card.file == format!("{number}.jpg")), "{cards:?}");
    page.click(".toolbar button:last-child");
    page.wait_until("the list is empty", |seen| seen.cards.is_empty());

    page.run::<Value>(
        "new MutationObserver((_, observer) => {
           const all = document.querySelector('.toolbar button:last-child');
           if (all) { observer.disconnect(); all.click(); }
         }).observe(document.body, { childList: true, subtree: true });",
    );
    page.pick(&letters);
    page.wait_until("the list is empty", |seen| seen.announced.as_deref() == Some("All photos removed."));
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    assert_eq!(page.answer("shirt.jpg").state, "done");
    assert_eq!(files(&page.snapshot()), ["shirt.jpg"]);
}

#[test]
fn what_is_removed_while_it_is_looked_at_is_never_heard_of_again() {
    let page = Page::ready();
    page.pick(&[page.file("long.jpg", long_to_read())]);
    page.wait_until("it is looked at", |seen| {
        seen.card("long.jpg").is_some_and(|card| card.state == "working")
    });
    let told = page.record_announcements();
    remove(&page, "long.jpg");
    page.pick(&[page.file("next.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    assert_eq!(page.answer("next.jpg").state, "done");
    assert_eq!(files(&page.snapshot()), ["next.jpg"]);
    let told = told();
    assert_eq!(told.iter().filter(|words| words.contains("long.jpg")).count(), 1, "{told:?}");
    assert_eq!(told[0], "long.jpg removed.");
}

#[test]
fn photos_that_are_removed_are_let_go_of() {
    let page = Visit::to("/")
        .after_script(
            "window.held = new Set();
             const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
             URL.createObjectURL = (what) => { const url = create(what); held.add(url); return url; };
             URL.revokeObjectURL = (url) => { held.delete(url); revoke(url); };",
        )
        .open();
    let held = || page.run::<usize>("return held.size;");
    page.wait_for_engine();
    page.pick(&photos(&page, 4));
    page.answers(4);
    assert_eq!(held(), 4);
    remove(&page, "2.jpg");
    assert_eq!(held(), 3);
    page.click(".toolbar button:last-child");
    page.wait_until("the list is empty", |seen| seen.cards.is_empty());
    assert_eq!(held(), 0);
}

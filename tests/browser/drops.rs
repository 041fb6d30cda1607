//! Photos dropped on the page, or pasted into it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    harness::{Page, Visit},
    pictures::{jpeg, shirt},
};

const COPY: u8 = 1;

fn files(paths: &[PathBuf]) -> Value {
    json!({ "items": [], "files": paths, "dragOperationsMask": COPY })
}

fn text(words: &str) -> Value {
    json!({ "items": [{ "mimeType": "text/plain", "data": words }], "dragOperationsMask": COPY })
}

#[test]
fn dropped_photos_are_answered() {
    let page = Page::ready();
    let photo = |name: &str, colour| page.file(name, &jpeg(&shirt(300, 400, colour)));
    let dropped = files(&[photo("red.jpg", [170, 40, 50]), photo("green.jpg", [40, 120, 60])]);

    page.drag(&dropped);
    page.wait_until("the page asks to drop the photos", |seen| seen.dropping);
    page.drop(&dropped);
    let cards = page.answers(2);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    assert!(!page.seen().dropping);
}

#[test]
fn a_drop_on_about_leads_to_its_answer() {
    let page = Visit::to("/about").open();
    page.wait_for_engine();
    page.drop(&files(&[page.file("blue.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]));
    page.wait_until("the list is there", |seen| seen.path == "/" && seen.cards.len() == 1);
    assert_eq!(page.answer("blue.jpg").state, "done");
}

#[test]
fn a_drop_that_is_no_file_is_explained() {
    let page = Page::ready();
    page.drop(&text("a red shirt"));
    let seen = page.wait_until("the page says why nothing happens", |seen| seen.notice.is_some());
    assert!(seen.notice.as_ref().is_some_and(|notice| notice.starts_with("That was no file.")), "{seen:?}");
    assert_eq!(seen.announced, seen.notice);

    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    page.answer("shirt.jpg");
    assert_eq!(page.seen().notice, None);
}

/// Pastes what a script puts into `clipboard`, a DataTransfer.
fn paste(page: &Page, script: &str, bytes: &[u8]) {
    let script = format!(
        "const clipboard = new DataTransfer(); {script}
         document.activeElement.dispatchEvent(
             new ClipboardEvent('paste', {{ clipboardData: clipboard, bubbles: true, cancelable: true }}));"
    );
    page.run_with::<Value>(&script, bytes);
}

#[test]
fn a_pasted_picture_is_answered() {
    let page = Page::ready();
    let script = "clipboard.items.add(new File([new Uint8Array(arguments[0])], 'pasted.jpg', { type: 'image/jpeg' }));";
    paste(&page, script, &jpeg(&shirt(300, 400, [40, 70, 150])));
    assert_eq!(page.answer("pasted.jpg").state, "done");
}

#[test]
fn pasted_words_are_explained() {
    let page = Page::ready();
    paste(&page, "clipboard.setData('text/plain', 'a red shirt');", &[]);
    let seen = page.wait_until("the page says why nothing happens", |seen| seen.notice.is_some());
    assert!(seen.notice.is_some_and(|notice| notice.starts_with("There is no picture to paste.")));
}

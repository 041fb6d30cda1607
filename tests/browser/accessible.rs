//! The page with the keyboard alone, and for screen readers.

use thirtyfour::Key;

use crate::{
    harness::{Fault, MODEL, Page, Visit},
    pictures::{jpeg, shirt},
};

fn pick(page: &Page, names: &[&str]) {
    let photo = jpeg(&shirt(300, 400, [40, 70, 150]));
    page.pick(&names.iter().map(|name| page.file(name, &photo)).collect::<Vec<_>>());
    page.answers(names.len());
}

/// Presses Tab until the wanted element has the focus, and returns the elements passed.
#[track_caller]
pub fn tab_to(page: &Page, focus: &str) -> Vec<String> {
    let mut passed = Vec::new();
    while passed.len() < 20 {
        page.press(Key::Tab);
        let now = page.snapshot().focus;
        if now == focus {
            return passed;
        }
        passed.push(now);
    }
    panic!("Tab does not lead to {focus} but to {passed:?}");
}

#[test]
fn all_can_be_done_by_keyboard() {
    let page = Page::ready();
    let passed = tab_to(&page, "#choose");
    assert_eq!(passed[0], "Skip to the content");

    pick(&page, &["a.jpg"]);
    tab_to(&page, "Hide details of a.jpg");
    page.press(Key::Enter);
    page.wait_until("the card is closed", |seen| !seen.cards[0].open);
    assert_eq!(page.snapshot().focus, "Show details of a.jpg");
    page.press(Key::Enter);
    page.wait_until("the card is open", |seen| seen.cards[0].open);
    page.press(Key::Tab);
    page.press(Key::Enter);
    page.wait_until("the photo is gone", |seen| seen.cards.is_empty());
    page.wait_until("the focus is on the picker", |seen| seen.focus == "#choose");
}

#[test]
fn after_removing_the_focus_is_on_the_next_photo() {
    let page = Page::ready();
    pick(&page, &["a.jpg", "b.jpg", "c.jpg"]);
    let cards = page.snapshot().cards;
    let goes_to = |removed: usize, then: usize| {
        page.click(&format!("#{}", cards[removed].remove));
        let wanted = format!("#{}", cards[then].remove);
        page.wait_until(&format!("the focus is on {wanted}"), |seen| seen.focus == wanted);
    };
    goes_to(1, 2);
    goes_to(2, 0);
}

#[test]
fn an_answer_is_told_once() {
    let page = Page::ready();
    let told = page.record_announcements();
    pick(&page, &["a.jpg"]);
    let card = page.answer("a.jpg");
    let answer = format!("a.jpg: {}, {}.", card.headline.as_deref().unwrap_or_default(), card.words());
    page.wait_until("the answer is announced", |_| told().iter().any(|words| plain(words) == answer));
    let told: Vec<_> = told().iter().map(|words| plain(words)).collect();
    assert_eq!(told.iter().filter(|words| **words == answer).count(), 1, "{told:?}");
    assert!(told.len() <= 2, "at most that the photo is being classified, then the answer: {told:?}");
}

fn plain(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks everything that a screen reader needs, in the page's current state.
#[track_caller]
pub fn assert_named(page: &Page) {
    let faults: Vec<String> = page.run(include_str!("accessible.js"));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn everything_has_a_name_in_every_state() {
    let page = Visit::to("/").with(MODEL, Fault::CutAfter(0.5)).open();
    page.excuse("Failed to load resource");
    page.wait_until("the page is there", |seen| seen.loading.is_some() || seen.failed.is_some());
    assert_named(&page);
    page.wait_until("the failure is shown", |seen| seen.failed.is_some());
    assert_named(&page);
    page.click(".failed button");
    page.wait_for_engine();

    pick(&page, &["a.jpg"]);
    page.click(".card [aria-pressed]");
    assert_named(&page);
    page.pick(&[
        page.file("letter.jpg", b"no photo"),
        page.file("b.jpg", &jpeg(&shirt(200, 200, [9, 9, 9]))),
    ]);
    page.answers(3);
    assert_named(&page);

    page.excuse_missing("/no-such-page");
    for path in ["/about", "/widget", "/no-such-page"] {
        page.go_to(path);
        page.wait_for_engine();
        assert_named(&page);
    }
    for path in ["/embed?compact", "/licences"] {
        page.go_to(path);
        page.wait_until("the page is there", |seen| seen.heading.is_some());
        assert_named(&page);
    }
}

//! The page while a translator changes it: it says the same as an untranslated page.

use serde_json::{Value, json};
use thirtyfour::Key;

use crate::{
    clean,
    harness::{Page, Visit},
    pictures::{jpeg, shirt},
    tiny_model::colour_model,
};

/// All visible or announced words, without the translator's marks. `null` while they change.
const WORDS: &str = r#"
    const words = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement: parent } = walker.currentNode;
      const text = data.replace(/[‹›]/g, "").replace(/\s+/g, " ").replace(/\d+ ms/g, "some ms")
        .replaceAll(location.origin, "").trim();
      if (text && parent.checkVisibility() && parent.tagName !== "SCRIPT") words.push(text);
    }
    const all = words.join("\n");
    const isSettled = !window.translating && window.former === all;
    window.former = all;
    return isSettled ? words : null;"#;

/// The page's words at each step.
type Said = Vec<(&'static str, Vec<String>)>;

fn look(page: &Page, when: &'static str, said: &mut Said) {
    let mut words = None;
    page.wait_until(when, |_| {
        std::thread::sleep(std::time::Duration::from_millis(150));
        words = page.run::<Option<Vec<String>>>(WORDS);
        words.is_some()
    });
    said.extend(words.map(|words| (when, words)));
}

/// Makes the same visit twice, the second time with the translator.
#[track_caller]
fn assert_says_the_same(begin: impl Fn() -> Visit, visit: impl Fn(&Page) -> Said) {
    let plain = visit(&begin().open());
    let page = begin().after_script(include_str!("translator.js")).open();
    let translated = visit(&page);
    assert!(page.run::<bool>("return document.querySelector('font font').textContent.startsWith('‹');"));
    for ((when, plain), (_, translated)) in plain.iter().zip(&translated) {
        let missing: Vec<_> = plain.iter().filter(|words| !translated.contains(words)).collect();
        let stale: Vec<_> = translated.iter().filter(|words| !plain.contains(words)).collect();
        assert_eq!(plain, translated, "{when}: {missing:#?} is missing, {stale:#?} should not be there");
    }
    assert_eq!(page.run::<Vec<String>>("return lost;"), [] as [String; 0], "said to nodes that are gone");
}

/// Waits until a page without service worker is idle.
fn wait_for_all(page: &Page) {
    page.wait_until("all is there", |seen| {
        let is_ready = seen.announced.as_ref().is_some_and(|words| words.contains("Ready to recognise"));
        is_ready && seen.offline.as_deref() == Some("unavailable")
    });
}

/// Opens the photo's card, or closes it.
fn toggle(page: &Page, file: &str) {
    page.click(&format!("[data-file='{file}'] [aria-expanded]"));
}

#[test]
fn words_follow_the_photos() {
    assert_says_the_same(
        || Visit::to("/"),
        |page| {
            let mut said = Said::new();
            page.wait_until("it can answer, also offline", |seen| {
                seen.loading.is_none() && seen.offline.as_deref() == Some("ready")
            });
            page.drop(&json!({ "items": [{ "mimeType": "text/plain", "data": "a shirt" }], "dragOperationsMask": 1 }));
            look(page, "nothing was dropped", &mut said);

            let colours = [("red", [170, 40, 50]), ("green", [40, 120, 60]), ("blue", [40, 70, 150])];
            let photo = |(name, colour)| page.file(&format!("{name}.jpg"), &jpeg(&shirt(300, 400, colour)));
            let mut photos = Vec::from(colours.map(photo));
            photos.push(page.file("letter.jpg", b"no photo"));
            page.pick(&photos);
            page.answers(4);
            look(page, "all are answered", &mut said);

            toggle(page, "red.jpg");
            look(page, "one is open", &mut said);
            for when in ["the heat map is shown", "the heat map is hidden"] {
                page.click("[aria-pressed]");
                look(page, when, &mut said);
            }
            page.click("[data-file='green.jpg'] [id^=remove]");
            look(page, "one is removed", &mut said);

            let model = page.file("colours.onnx", &colour_model());
            page.drop(&json!({ "items": [], "files": [model], "dragOperationsMask": 1 }));
            let answered_by = |own: bool| {
                page.wait_for(&format!("return !!document.querySelector('.own-model') === {own};"));
                page.answers(3);
            };
            answered_by(true);
            look(page, "another network answers", &mut said);
            page.click("nav a[href$='/about']");
            page.wait_for("return !!document.querySelector('.labels');");
            look(page, "it is described", &mut said);
            page.click(".brand");
            page.click(".own-model button");
            answered_by(false);
            look(page, "the page's own answers again", &mut said);
            page.click(".downloads button:last-child");
            look(page, "all are removed", &mut said);
            said
        },
    );
}

#[test]
fn words_follow_what_is_cleaned() {
    assert_says_the_same(
        || Visit::to("/clean").online_only(),
        |page| {
            let mut said = Said::new();
            wait_for_all(page);
            let folder = clean::things(page);
            clean::give(page, &page.file("colours.onnx", &colour_model()));
            clean::open(page, &folder);
            page.wait_until("the keys are heard", |seen| seen.focus == "#review");
            look(page, "a folder is open", &mut said);
            page.press(Key::Right);
            look(page, "a photo is selected", &mut said);
            for key in ["r", "d", "k", "u", "2"] {
                page.press(key);
                look(page, key, &mut said);
            }
            page.click("#filter [value=decided]");
            look(page, "the decided are shown", &mut said);
            said
        },
    );
}

#[test]
fn words_follow_what_a_site_chooses() {
    assert_says_the_same(
        || Visit::to("/widget").online_only(),
        |page| {
            let mut said = Said::new();
            wait_for_all(page);
            page.wait_for(crate::widget::OPEN);
            look(page, "it is open", &mut said);
            page.click("select[name=theme] option:nth-child(3)");
            page.click("select[name=loading] option:nth-child(2)");
            page.click("input[name=compact]");
            look(page, "it is dark, eager and compact", &mut said);
            page.click(".options summary");
            page.click("input[name=labels]");
            page.run::<Value>("navigator.clipboard.writeText = async () => {}; return null;");
            page.click(".snippet button");
            look(page, "its lines are copied", &mut said);
            page.click("input[name=multiple]");
            look(page, "they have changed", &mut said);
            said
        },
    );
}

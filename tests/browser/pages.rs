//! The pages and the links between them; what is sent; browsers that cannot run the page.

use crate::{
    harness::{Fault, Page, Visit, dist},
    pictures::{jpeg, shirt},
};

fn one_photo(page: &Page) {
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    page.answer("shirt.jpg");
}

#[test]
fn about_opens_directly_and_tells_what_the_model_knows() {
    let page = Visit::to("/about").open();
    let seen = page.wait_until("About is there", |seen| seen.heading.as_deref() == Some("About"));
    assert!(seen.title.starts_with("About"), "{seen:?}");
    page.wait_for_engine();
    let labels: Vec<String> =
        page.run("return [...document.querySelectorAll('.labels li')].map((label) => label.textContent);");
    assert!(labels.len() >= 6, "{labels:?}");
    let facts: String = page.run("return document.querySelector('.facts').textContent;");
    assert!(facts.starts_with("Model 20"), "{facts}");
    let found: Vec<(String, String)> = page.run(
        "return [...document.querySelectorAll('.recall li')].map((bar) =>
           [bar.dataset.label, bar.querySelector('.bar-figure').textContent]);",
    );
    assert!(found.iter().any(|(label, share)| label == "polo-shirt" && share.ends_with('%')), "{found:?}");
}

#[test]
fn about_leads_to_the_licences_of_what_is_built_in_without_a_server_too() {
    let page = Page::ready();
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    page.go_to("/about");
    page.click("main a[href$='licences']");
    page.wait_until("they are there", |seen| seen.heading.as_deref() == Some("Licences"));
    let words: String = page.run("return document.body.textContent;");
    for needed in
        ["EfficientNet-Lite2", "tract-onnx 0.", "leptos 0.", "Permission is hereby granted", "Apache License"]
    {
        assert!(words.contains(needed), "{needed}");
    }
    page.wait_for("return document.documentElement.scrollWidth <= innerWidth;");
    page.click("nav a");
    page.wait_until("About is there", |seen| seen.heading.as_deref() == Some("About"));
}

#[test]
fn photos_and_answers_are_still_there_on_the_way_back() {
    let page = Page::ready();
    one_photo(&page);
    page.click("nav a[href$='/about']");
    page.wait_until("About is there", |seen| seen.path == "/about" && seen.cards.is_empty());
    page.go_back();
    let seen = page.wait_until("the list is there", |seen| seen.path == "/" && seen.cards.len() == 1);
    assert_eq!(seen.cards[0].state, "done", "{seen:?}");
    page.wait_until("the photo is shown", |seen| seen.cards[0].preview);
    assert_eq!(seen.title, "What garment is this?");
}

#[test]
fn a_photo_picked_before_a_walk_to_about_is_answered_meanwhile() {
    let page = Page::ready();
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    page.click("nav a[href$='/about']");
    page.wait_until("the answer is announced", |seen| {
        seen.announced.as_ref().is_some_and(|words| words.starts_with("shirt.jpg: "))
    });
    page.click("a.brand");
    assert_eq!(page.answer("shirt.jpg").state, "done");
}

#[test]
fn an_unknown_address_says_so_and_leads_home() {
    let page = Visit::to("/no-such-page").open();
    page.excuse_missing("/no-such-page");
    let not_found = "There is no page at this address";
    page.wait_until("the page says so", |seen| seen.heading.as_deref() == Some(not_found));
    page.click("main a");
    page.wait_until("the picker is there", |seen| seen.path == "/" && seen.title == "What garment is this?");
    page.wait_for_engine();
    one_photo(&page);
}

#[test]
fn nothing_leaves_the_device_and_nothing_is_fetched_while_photos_are_answered() {
    let page = Page::ready();
    let loaded = page.server.requests();
    one_photo(&page);
    page.click("nav a[href$='/about']");
    page.wait_until("About is there", |seen| seen.path == "/about");
    page.go_back();
    page.answer("shirt.jpg");
    assert_eq!(page.server.requests(), loaded);
    let kept: String =
        page.run("return document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage);");
    assert_eq!(kept, "", "nothing is kept on the device either");
}

#[test]
fn every_hashed_file_is_fetched_once() {
    let page = Page::ready();
    one_photo(&page);
    let mut asked = page.server.requests();
    // The service worker takes all files with a hash in their name from the browser's cache.
    asked.retain(|path| path.contains('-'));
    asked.sort();
    let all = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), all, "{asked:?}");
    assert!(all >= 8, "{asked:?}");
}

#[test]
fn the_heading_is_there_before_any_code() {
    let page = Visit::to("/").with("page-*.wasm", Fault::HeldAfter(0.0)).open();
    let seen = page.snapshot();
    assert_eq!((seen.heading.as_deref(), seen.failed), (Some("What garment is this?"), None));
    page.server.release();
    page.wait_for_engine();
}

#[test]
fn a_browser_without_web_assembly_is_told_so() {
    let page = Visit::to("/").after_script("delete window.WebAssembly;").open();
    page.excuse("WebAssembly");
    let seen = page.wait_until("the page says why it does not work", |seen| seen.failed.is_some());
    assert!(seen.failed.as_ref().is_some_and(|words| words.contains("too old")), "{seen:?}");
    assert!(seen.failed.as_ref().is_some_and(|words| words.contains("Update it")), "{seen:?}");
}

#[test]
fn a_page_whose_own_code_is_missing_says_so() {
    let page = Visit::to("/").with("page-*.wasm", Fault::Status(503)).open();
    page.excuse("503");
    page.excuse("WebAssembly");
    let seen = page.wait_until("the page says why it does not work", |seen| seen.failed.is_some());
    assert!(seen.failed.as_ref().is_some_and(|words| words.contains("could not be loaded")), "{seen:?}");
    assert!(seen.failed.as_ref().is_some_and(|words| words.contains("reload")), "{seen:?}");
}

/// A page opened from a disk, or hosted under another path than it was built for, cannot find its files.
#[test]
fn a_page_that_is_opened_from_a_disk_or_under_another_path_says_why_it_cannot_work() {
    let bundle = dist();
    let (above, name) = (bundle.parent().expect("a folder"), bundle.file_name().expect("a name"));
    let page =
        Visit::to(&format!("/{}/index.html", name.to_string_lossy())).with_bundle(above).online_only().open();
    for words in
        ["404", "there is no", "ERR_FILE_NOT_FOUND", "ERR_FAILED", "MIME type", "CORS", "from origin 'null'"]
    {
        page.excuse(words);
    }
    let check = |place: &str| {
        page.wait_for("return document.readyState === 'complete';");
        let shown: String = page.run("return document.body.innerText;");
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            shown.starts_with("This page cannot find its own files. Opened from a disk it cannot work"),
            "{place}: {shown}"
        );
        assert!(shown.contains("make serve") && shown.contains("any web server"), "{place}: {shown}");
        assert!(!shown.contains("Opening") && !shown.contains("reload"), "{place}: {shown}");
    };
    check("another path");
    for file in ["index.html", "about.html", "clean.html", "widget.html", "embed.html"] {
        page.go_to(&format!("file://{}", bundle.join(file).display()));
        check(file);
    }
}

#[test]
fn where_no_script_arrives_the_page_itself_says_what_to_do() {
    let page =
        Visit::to("/").with("boot.js", Fault::Status(503)).with("page-*.wasm", Fault::Status(503)).open();
    page.excuse("503");
    page.excuse("WebAssembly");
    let advice = "const advice = document.querySelector('.late'); return !!advice && advice.checkVisibility({
        visibilityProperty: true }) && advice.textContent.includes('reload');";
    assert!(!page.run::<bool>(advice), "it is no good while all may yet be well");
    page.wait_for(advice);
}

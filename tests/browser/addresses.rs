//! Links spell addresses in different ways: each spelling opens the page that is meant, online and offline.

use std::path::Path;

use crate::harness::{Page, Visit, at_path, dist};

const HOME: (&str, &str) = ("", "What garment is this?");
const ABOUT: (&str, &str) = ("about", "About");
const CLEAN: (&str, &str) = ("clean", "Clean labelled photos");
const WIDGET: (&str, &str) = ("widget", "For your site");
const EMBED: (&str, &str) = ("embed", "What garment is this?");

/// The part of a link after the bundle's own path, the page's canonical address, and its heading.
const SPELLINGS: [(&str, (&str, &str)); 15] = [
    ("index.html", HOME),
    ("/", HOME),
    ("//index.html", HOME),
    ("about/", ABOUT),
    ("about.html", ABOUT),
    ("about/index.html", ABOUT),
    ("//about//", ABOUT),
    ("clean/", CLEAN),
    ("clean.html", CLEAN),
    ("clean/index.html", CLEAN),
    ("widget/", WIDGET),
    ("/widget.html", WIDGET),
    ("embed/", EMBED),
    ("embed.html", EMBED),
    ("/embed/index.html", EMBED),
];

/// Addresses of no page. Capital letters make another address.
const UNKNOWN: [&str; 3] = ["no-such-page/", "no-such-page.html", "About"];

/// Opens each address under `root`, with a query and a fragment, which must stay.
#[track_caller]
fn assert_each_opens_its_page(page: &Page, root: &str) {
    for (spelling, (address, heading)) in SPELLINGS {
        let asked = format!("{root}{spelling}?compact=no#main");
        page.go_to(&asked);
        // Before any code has run, the HTML has the first page's heading.
        page.wait_until(&format!("{asked} is there"), |seen| {
            seen.heading.as_deref() == Some(heading) && page.run("return !document.querySelector('.unseen');")
        });
        let meant = format!("{root}{address}?compact=no#main");
        page.wait_until(&format!("{asked} becomes {meant}"), |_| {
            page.run::<String>("return location.pathname + location.search + location.hash;") == meant
        });
        let is_frame: bool = page.run("return document.documentElement.dataset.view === 'embed';");
        assert_eq!(is_frame, address == "embed", "{asked}");
    }
    for unknown in UNKNOWN {
        page.go_to(&format!("{root}{unknown}"));
        let heading = "There is no page at this address";
        page.wait_until(&format!("{unknown} is missed"), |seen| seen.heading.as_deref() == Some(heading));
    }
}

#[track_caller]
fn opens_each_page(visit: Visit, root: &str) {
    let page = visit.online_only().open();
    page.excuse("404");
    for unknown in UNKNOWN {
        page.excuse(unknown);
    }
    assert_each_opens_its_page(&page, root);
}

#[track_caller]
fn opens_each_page_without_a_server(visit: Visit, root: &str) {
    let page = visit.open();
    page.wait_for_offline();
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    assert_each_opens_its_page(&page, root);
}

#[test]
fn every_spelling_opens_its_page_in_chromium() {
    opens_each_page(Visit::to("/"), "/");
}

#[test]
fn every_spelling_opens_its_page_in_firefox() {
    opens_each_page(Visit::to("/").with_firefox(), "/");
}

#[test]
fn every_spelling_opens_its_page_without_a_server_in_chromium() {
    opens_each_page_without_a_server(Visit::to("/"), "/");
}

#[test]
fn every_spelling_opens_its_page_without_a_server_in_firefox() {
    opens_each_page_without_a_server(Visit::to("/").with_firefox(), "/");
}

#[test]
fn every_spelling_opens_its_page_under_a_path() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spelled-under-a-path");
    at_path(&dist(), &folder, "/tools/clothes/");
    let page = Visit::to("/tools/clothes").with_bundle(&folder).open();
    page.wait_for_offline();
    assert_eq!(page.snapshot().path, "/tools/clothes/");
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    assert_each_opens_its_page(&page, "/tools/clothes/");
}

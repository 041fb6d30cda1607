//! Offline use, updates, installation, and photos shared from other apps.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    harness::{Fault, Page, Snapshot, Visit, dist, other_version},
    pictures::{jpeg, shirt},
};

/// Records when the page is ready to answer, in milliseconds since the start of the navigation.
const NOTE_READY: &str = "
    new MutationObserver(() => {
      const said = document.querySelector('[role=status]')?.textContent.trim();
      if (said === 'Ready to recognise photos.') window.readyAfter ??= performance.now();
    }).observe(document, { subtree: true, childList: true, characterData: true });";

/// Another version of the bundle.
fn other() -> &'static Path {
    static OTHER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-version");
        other_version(&dist(), &folder);
        folder
    });
    &OTHER
}

#[track_caller]
fn assert_answers(page: &Page) {
    let count = page.snapshot().cards.len();
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    let cards = page.answers(count + 1);
    assert_eq!(cards[0].state, "done", "{cards:?}");
}

fn is(state: &'static str) -> impl Fn(&Snapshot) -> bool {
    move |seen| seen.offline.as_deref() == Some(state)
}

/// The origin's caches: name and number of files.
fn caches(page: &Page) -> Vec<(String, usize)> {
    page.run_async(
        "const names = await caches.keys();
         return Promise.all(names.map(async (name) => [name, (await (await caches.open(name)).keys()).length]));",
    )
}

/// The list of files in the service worker.
#[derive(Deserialize)]
struct Bundle {
    version: String,
    files: Vec<Value>,
}

fn listed(bundle: &Path) -> Bundle {
    let script = std::fs::read_to_string(bundle.join("sw.js")).expect("a service worker");
    let line = script.lines().find_map(|line| line.strip_prefix("const BUNDLE = ")?.strip_suffix(';'));
    serde_json::from_str(line.expect("a sealed service worker")).expect("a list of files")
}

#[track_caller]
fn assert_kept_whole(page: &Page, bundle: &Path) {
    let Bundle { version, files } = listed(bundle);
    let kept = caches(page);
    assert_eq!(kept.len(), 1, "older caches are gone: {kept:?}");
    assert!(kept[0].0.ends_with(&version), "{kept:?}, {version}");
    assert_eq!(kept[0].1, files.len(), "{kept:?}");
}

/// The page is loaded once, the server ends and the browser is closed: then the page still opens and answers.
#[track_caller]
fn works_without_a_server(visit: Visit) {
    let mut page = visit.open();
    page.wait_for_offline();
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED"); // no server to ask for a newer version
    page.reopen("/");
    let seen = page.wait_until("the page works offline", is("ready"));
    assert_eq!(seen.offline_words.as_deref(), Some("Works offline."));
    assert_answers(&page);
    page.go_to("/about");
    page.wait_until("About is there", |seen| seen.heading.as_deref() == Some("About"));
    page.go_to("/no-such-page");
    let not_found = "There is no page at this address";
    page.wait_until("the page says so", |seen| seen.heading.as_deref() == Some(not_found));
}

#[test]
fn loaded_once_it_works_without_a_server_in_chromium() {
    works_without_a_server(Visit::to("/"));
}

#[test]
fn loaded_once_it_works_without_a_server_in_firefox() {
    works_without_a_server(Visit::to("/").with_firefox());
}

#[test]
fn it_is_said_once_that_it_works_offline() {
    let page = Visit::to("/").open();
    page.wait_until("the page is there", |seen| seen.offline.is_some());
    let told = page.record_announcements();
    let seen = page.wait_until("the page works offline", is("ready"));
    assert_eq!(seen.offline_words.as_deref(), Some("Ready to work offline."));
    assert_eq!(told().iter().filter(|words| *words == "Ready to work offline.").count(), 1, "{:?}", told());

    page.go_to("/about");
    page.wait_until("the page is there", |seen| seen.offline.is_some());
    let told = page.record_announcements();
    let seen = page.wait_until("the page works offline", is("ready"));
    assert_eq!(seen.offline_words.as_deref(), Some("Works offline."));
    assert!(!told().iter().any(|words| words.contains("offline")), "{:?}", told());
}

#[test]
fn an_install_that_was_killed_half_way_is_mended_by_the_next_visit() {
    let held = Visit::to("/").with("widget-*.wasm", Fault::HeldAfter(0.5)).and_service_worker();
    let mut page = held.open();
    let all = listed(&dist()).files.len();
    page.wait_until("half of the files are cached", |_| {
        caches(&page).iter().any(|(_, kept)| kept * 2 >= all)
    });
    let seen = page.snapshot();
    assert_eq!(seen.offline.as_deref(), Some("preparing"));
    let half = caches(&page)[0].1;
    assert!(half < all, "{half} of {all}");

    page.crash();
    page.server.release();
    page.reopen("/");
    page.wait_for_offline();
    assert_kept_whole(&page, &dist());
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    page.reopen("/");
    assert_answers(&page);
}

#[test]
fn files_that_are_lost_are_brought_back() {
    let mut page = Page::ready();
    page.run_async::<Value>(
        "const cache = await caches.open((await caches.keys())[0]);
         const kept = await cache.keys();
         for (const request of kept.filter((_, index) => index % 2)) await cache.delete(request);
         return null;",
    );
    page.reopen("/");
    page.wait_for_offline();
    assert_kept_whole(&page, &dist());
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    page.reopen("/");
    assert_answers(&page);
}

#[test]
fn without_room_it_works_online_and_says_why_it_cannot_offline() {
    let page = Visit::to("/").with_quota(4_000_000).open();
    page.excuse("QuotaExceededError");
    let seen = page.wait_until("the page says why", is("unavailable"));
    let words = seen.offline_words.unwrap_or_default();
    assert!(words.contains("Works online only") && words.contains("no room"), "{words}");
    assert_answers(&page);
    assert_eq!(caches(&page), [], "the room is given back");
    page.go_to("/about");
    page.wait_for_engine();
}

#[test]
fn without_service_workers_it_works_online_and_says_so() {
    let page = Visit::to("/").online_only().open();
    let seen = page.wait_until("the page says why", is("unavailable"));
    assert!(seen.offline_words.is_some_and(|words| words.contains("this browser")));
    assert_answers(&page);
}

#[test]
fn a_second_visit_takes_half_the_time_and_asks_only_for_a_newer_version() {
    let page = Visit::to("about:blank").after_script(NOTE_READY).open();
    // Like an average phone connection: 10 Mbit/s.
    page.server.slow_down(1_250_000);
    page.go_to("/");
    page.wait_for_offline();
    let first: f64 = page.run("return window.readyAfter;");
    let first_bytes = page.server.sent();
    let before = page.server.requests().len();

    page.go_to("about:blank");
    page.go_to("/");
    page.wait_for_offline();
    let second: f64 = page.run("return window.readyAfter;");
    let asked = page.server.requests().split_off(before);
    println!(
        "Ready after {first:.0} ms and {first_bytes} bytes, the second time after {second:.0} ms: {asked:?}"
    );
    assert!(asked.iter().all(|path| path == "/sw.js"), "{asked:?}");
    assert!(page.server.sent() < 8_000, "the service worker's script and nothing else");
    assert!(second <= 0.5 * first, "{second} ms of {first} ms");
}

#[test]
fn a_new_version_waits_until_it_is_asked_for() {
    let page = Page::ready();
    page.server.swap(other());
    page.go_to("/about");
    page.wait_for_engine();
    page.click("a.brand");
    assert_answers(&page);
    let seen = page.wait_until("the update is offered", is("update-waiting"));
    assert_eq!(seen.offline_words.as_deref(), Some("Update available: updating clears your list of photos."));
    assert_eq!(seen.cards.len(), 1, "the photo is still there: {seen:?}");
    assert_version(&page, &dist());
    assert_answers(&page);

    page.click("#update");
    page.wait_until("the page has been reloaded", |seen| seen.cards.is_empty() && is("ready")(seen));
    assert_version(&page, other());
    assert_kept_whole(&page, other());
    assert_answers(&page);
}

#[test]
fn a_new_version_is_not_put_under_the_photos_of_another_tab() {
    let page = Page::ready();
    assert_answers(&page);
    page.server.swap(other());
    page.open_tab("/");
    page.wait_until("the update is offered", is("update-waiting"));
    page.click("#update");
    let seen = page.wait_until("it says what is in the way", |seen| {
        seen.offline_words.as_ref().is_some_and(|words| words.contains("other tabs"))
    });
    assert_eq!(seen.offline.as_deref(), Some("update-waiting"));
    assert_version(&page, &dist());

    page.close_tab();
    let seen = page.wait_until("the update is offered", is("update-waiting"));
    assert_eq!(seen.cards.len(), 1, "{seen:?}");
    assert_answers(&page);
    page.click("#update");
    page.wait_until("the page has been reloaded", |seen| seen.cards.is_empty() && is("ready")(seen));
    assert_version(&page, other());
}

#[test]
fn a_new_version_takes_over_when_the_page_was_closed() {
    let mut page = Page::ready();
    page.server.swap(other());
    page.go_to("/");
    page.wait_until("the update is offered", is("update-waiting"));
    page.reopen("/");
    page.wait_for_offline();
    assert_version(&page, other());
    assert_kept_whole(&page, other());
}

/// The bundle of the current page. Fails if the page mixes several.
#[track_caller]
fn version(page: &Page) -> &'static Path {
    // All files that the page loaded or refers to, and all cached ones.
    let names: Vec<String> = page.run(
        "const engine = JSON.parse(document.getElementById('engine-files').textContent);
         const loaded = performance.getEntriesByType('resource').map((entry) => entry.name);
         const named = [...document.querySelectorAll('[src], link[href]')].map((element) => element.src ?? element.href);
         return [...Object.values(engine).map((file) => file.url), ...loaded, ...named];",
    );
    let is_hashed = |name: &&String| {
        name.split(['-', '.', '_', '/']).any(|part| part.len() == 16 && u64::from_str_radix(part, 16).is_ok())
    };
    let names: Vec<_> =
        names.iter().filter(is_hashed).map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
    assert!(names.len() >= 8, "{names:?}");
    let found: Vec<&Path> = [bundle_a(), other()]
        .into_iter()
        .filter(|bundle| names.iter().all(|name| bundle.join(name).is_file()))
        .collect();
    assert_eq!(found.len(), 1, "a mix: {names:?}");
    found[0]
}

fn bundle_a() -> &'static Path {
    static DIST: LazyLock<PathBuf> = LazyLock::new(dist);
    &DIST
}

#[track_caller]
fn assert_version(page: &Page, bundle: &Path) {
    assert_eq!(version(page), bundle);
}

/// Waits until the page is ready or has failed.
#[track_caller]
fn settle(page: &Page) -> Snapshot {
    page.wait_until("the page is ready or has failed", |seen| {
        let ends = ["ready", "update-waiting", "unavailable"];
        let has_failed = seen.failed.is_some() && seen.offline.is_none();
        has_failed || seen.offline.as_deref().is_some_and(|state| ends.contains(&state))
    })
}

/// Opens the page again, and waits until it has checked for a newer version and no installation is running: browsers let a check
/// wait for the previous one and share its outcome.
#[track_caller]
fn visit_to_the_end(page: &Page) {
    let asked = || page.server.requests().iter().filter(|path| *path == "/sw.js").count();
    let before = asked();
    page.go_to("/");
    page.wait_until("a newer version was asked for", |_| asked() > before);
    thread::sleep(Duration::from_secs(1)); // the browser compares the response with its version
    page.wait_until("nothing is being installed", |_| {
        page.run_async("return !(await navigator.serviceWorker.getRegistration())?.installing;")
    });
}

/// The bundle is replaced during the first visit, before each of its requests in turn. Whatever becomes of that visit, versions
/// are never mixed, and the next visit answers.
#[test]
fn a_deploy_during_the_first_visit_mixes_nothing() {
    let requests =
        ["boot.js", "style-", "start-", "page-", "engine-", "clothing-", "sw.js", "about", "maskable-"];
    for before in requests {
        let page = Visit::to("/").swapping_before(before, other()).open();
        page.excuse(""); // missing files cause errors in the console
        let seen = settle(&page);
        let first = version(&page);
        println!("Changed before {before}*: {:?} {:?}, {}", seen.offline, seen.failed, first.display());
        if seen.failed.is_none() {
            assert_answers(&page);
        }
        page.go_to("/");
        let seen = settle(&page);
        assert_eq!(seen.failed, None, "changed before {before}*");
        let second = version(&page);
        assert_answers(&page);
        page.go_to("/");
        page.wait_until("the page has settled on one", |seen| {
            is("ready")(seen) || is("update-waiting")(seen)
        });
        assert!(version(&page) == second || version(&page) == other(), "changed before {before}*");
        assert_answers(&page);
    }
}

/// The bundle is replaced after the page was cached: to a new version and back, with and without the visitor's consent.
#[test]
fn a_deploy_after_the_first_visit_mixes_nothing() {
    let (one, two) = (bundle_a(), other());
    let mut page = Page::ready();
    page.excuse("");

    // The new server ends before the new version is complete.
    page.server.swap(two);
    page.server.swap_before("maskable-", one);
    visit_to_the_end(&page);
    page.wait_for_offline();
    assert_version(&page, one);
    assert_answers(&page);

    // To the new version, which waits; and back, so that the old one waits.
    page.server.swap(two);
    visit_to_the_end(&page);
    page.wait_until("the update is offered", is("update-waiting"));
    assert_version(&page, one);
    page.server.swap(one);
    visit_to_the_end(&page);
    page.wait_until("an update is offered", is("update-waiting"));
    assert_version(&page, one);
    assert_answers(&page);
    page.reopen("/");
    page.wait_for_offline();
    assert_version(&page, one);
    assert_kept_whole(&page, one);

    // To the new version, accepted, and then without a server.
    page.server.swap(two);
    page.go_to("/");
    page.wait_until("the update is offered", is("update-waiting"));
    page.click("#update");
    page.wait_for_offline();
    assert_version(&page, two);
    page.server.end();
    page.reopen("/");
    assert_answers(&page);
    assert_version(&page, two);
}

#[test]
fn a_photo_shared_from_another_app_is_answered() {
    let page = Page::ready();
    let before = page.server.requests().len();
    page.run_with::<Value>(
        "const form = document.createElement('form');
         Object.assign(form, { method: 'post', enctype: 'multipart/form-data', action: 'share' });
         const input = Object.assign(document.createElement('input'), { type: 'file', name: 'photos' });
         const data = new DataTransfer();
         data.items.add(new File([new Uint8Array(arguments[0])], 'shared.jpg', { type: 'image/jpeg' }));
         input.files = data.files;
         form.append(input);
         document.body.append(form);
         setTimeout(() => form.submit());
         return null;",
        &jpeg(&shirt(300, 400, [40, 70, 150])),
    );
    assert_eq!(page.answer("shared.jpg").state, "done");
    page.wait_for_offline();
    let asked = page.server.requests().split_off(before);
    assert!(asked.iter().all(|path| path == "/sw.js"), "the photo stays here: {asked:?}");
    let address: String = page.run("return location.pathname + location.search;");
    assert_eq!(address, "/");
    assert_kept_whole(&page, &dist());
}

#[test]
fn a_shared_photo_that_did_not_arrive_is_missed() {
    let page = Visit::to("/?shared").open();
    let seen = page.wait_until("the page says so", |seen| seen.notice.is_some());
    assert!(seen.notice.is_some_and(|notice| notice.contains("did not arrive. Share or open it again")));
}

#[test]
fn it_can_be_installed() {
    let page = Page::ready();
    let errors = page.cdp("Page.getAppManifest", json!({}));
    assert_eq!(errors["errors"], json!([]), "{errors}");
    let hindrances = page.cdp("Page.getInstallabilityErrors", json!({}));
    assert_eq!(hindrances["installabilityErrors"], json!([]), "{hindrances}");
    let manifest: Value = page.run_async("return (await fetch('manifest.webmanifest')).json();");
    for picture in
        [&manifest["icons"], &manifest["screenshots"]].into_iter().flat_map(|list| list.as_array()).flatten()
    {
        let size: String = page.run_async(&format!(
            "const image = new Image(); image.src = {}; await image.decode();
             return `${{image.naturalWidth}}x${{image.naturalHeight}}`;",
            picture["src"]
        ));
        assert!(picture["sizes"] == size || picture["sizes"] == "any", "{picture}: {size}");
    }
    for shortcut in manifest["shortcuts"].as_array().expect("shortcuts") {
        page.go_to(&format!("/{}", shortcut["url"].as_str().expect("an address").trim_start_matches("./")));
        page.wait_for_offline();
    }
}

#[test]
fn the_install_button_asks_the_browser_and_goes() {
    let page = Page::ready();
    page.wait_until("the browser offers it", |_| {
        page.run("return document.getElementById('install') !== null;")
    });
    page.run::<Value>("installPrompt.prompt = () => { window.prompted = true; }; return null;");
    page.click("#install");
    page.wait_until("the button is gone", |_| {
        page.run("return document.getElementById('install') === null;")
    });
    assert!(page.run::<bool>("return window.prompted;"));
}

//! The first minute: samples, small photos, ways to pass photos in, and what search engines and other sites read.

use std::{collections::HashSet, fs, path::Path, process::Command};

use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::Key;

use crate::{
    accessible::tab_to,
    harness::{Fault, Page, Screen, Visit, dist, project},
    pictures::shirt,
    widget,
};

const PHONE: Screen = Screen { width: 390, height: 844, touch: true, dark: false };
const SMALLEST: Screen = Screen { width: 320, height: 568, touch: true, dark: false };
const DESKTOP: Screen = Screen { width: 1440, height: 900, touch: false, dark: false };

/// The samples: their names for screen readers, their files and their labels.
const SAMPLES: [(&str, &str, &str); 3] = [
    ("Green polo shirt", "sample1.webp", "polo-shirt"),
    ("Red dress with white flowers", "sample2.webp", "dress"),
    ("Pair of blue sneakers", "sample3.webp", "shoes"),
];

fn samples_shown(page: &Page) -> usize {
    page.run("return [...document.querySelectorAll('.sample')].filter((sample) => sample.checkVisibility()).length;")
}

#[test]
fn a_sample_is_answered_and_told_like_any_photo() {
    let page = Page::ready();
    let told = page.record_announcements();
    for (index, (_, file, label)) in SAMPLES.into_iter().enumerate() {
        page.click(&format!(".sample:nth-of-type({})", index + 1));
        let card = page.answer(file);
        assert_eq!(
            (card.label.as_deref(), card.verdict.as_deref()),
            (Some(label), Some("garment")),
            "{card:?}"
        );
        assert!(card.open, "{card:?}");
        page.wait_until("the photo is shown", |seen| seen.cards[0].preview);
        assert!(
            told().iter().any(|words| words.starts_with(file) && words.ends_with("sure.")),
            "{:?}",
            told()
        );
        assert_eq!(samples_shown(&page), 0, "there is a photo now");
        page.click(&format!("#{}", card.remove));
        page.wait_until("the list is empty", |seen| seen.cards.is_empty());
        assert_eq!(samples_shown(&page), 3);
    }
}

#[test]
fn a_sample_is_tried_by_keyboard() {
    let page = Page::ready();
    for (name, file, _) in SAMPLES {
        tab_to(&page, name);
        page.press(Key::Enter);
        let card = page.answer(file);
        page.wait_until("the focus is on the picker", |seen| seen.focus == "#choose");
        page.click(&format!("#{}", card.remove));
        page.wait_until("the list is empty", |seen| seen.cards.is_empty());
    }
}

#[test]
fn samples_are_there_without_a_connection() {
    let mut page = Page::ready();
    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED"); // no server to ask for a newer version
    page.reopen("/");
    page.wait_for(
        "return [...document.querySelectorAll('.sample img')].every((image) => image.naturalWidth > 0);",
    );
    page.click(".sample");
    assert_eq!(page.answer("sample1.webp").state, "done");
}

#[test]
fn a_sample_that_does_not_come_is_missed_in_words() {
    let page = Visit::to("/").with_times(9, "sample1.webp", Fault::Status(503)).open();
    page.excuse("503");
    page.wait_for_engine();
    page.click(".sample");
    let seen = page.wait_until("the page says so", |seen| seen.notice.is_some());
    assert!(seen.notice.is_some_and(|notice| notice.contains("could not be loaded")), "{:?}", seen.announced);
    page.click(".sample:nth-of-type(2)");
    assert_eq!(page.answer("sample2.webp").state, "done");
    assert_eq!(page.snapshot().notice, None);
}

#[test]
fn the_demonstration_of_the_widget_has_samples_and_other_sites_have_none() {
    let page = Visit::to("/widget").on(PHONE).open();
    page.wait_for(widget::OPEN);
    page.enter(widget::FRAME);
    page.click(".sample:nth-of-type(3)");
    let card = page.answer("sample3.webp");
    assert_eq!(card.label.as_deref(), Some("shoes"), "{card:?}");
    page.leave();
    page.wait_for("return document.querySelector('.log').textContent.includes('\"file\":\"sample3.webp\"');");

    let shop = widget::shop(&page);
    page.go_to(&shop.url("/"));
    page.wait_for(widget::OPEN);
    page.enter(widget::FRAME);
    page.wait_for("return document.querySelector('h1') !== null;");
    assert_eq!(samples_shown(&page), 0);
}

/// Records layout shifts from the start, except in the footer, whose message about offline use changes its number of lines.
const WATCH_SHIFTS: &str = "
    window.shifted = [];
    const isFoot = (node) => (node?.parentElement ?? node)?.closest('.bottom');
    new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) => {
      const moved = sources.filter(({ node }) => !isFoot(node));
      shifted.push(...moved.map(({ node }) => `${value} ${(node?.outerHTML ?? node?.data)?.slice(0, 200)}`));
    })).observe({ type: 'layout-shift', buffered: true });";

#[test]
fn nothing_moves_when_the_page_takes_the_place_of_what_was_painted() {
    const PLACES: &str =
        "return ['h1', '.lead', '.whom', '.picker', '.samples', '.private', '.engine'].map((part) =>
        Math.round(document.querySelector(part).getBoundingClientRect().top));";
    for screen in [PHONE, SMALLEST, DESKTOP] {
        let page = Visit::to("/")
            .with("page-*.wasm", Fault::HeldAfter(0.0))
            .after_script(WATCH_SHIFTS)
            .on(screen)
            .open();
        page.wait_for(
            "return document.querySelector('.samples') !== null && document.styleSheets.length > 0;",
        );
        let painted: Vec<i32> = page.run(PLACES);
        page.server.release();
        page.wait_for_engine();
        page.wait_for(
            "return [...document.querySelectorAll('.sample img')].every((image) => image.complete);",
        );
        assert_eq!(page.run::<Vec<i32>>(PLACES), painted, "{screen:?}");
        assert_eq!(page.run::<Vec<String>>("return window.shifted;"), [""; 0], "{screen:?}");
    }
}

#[test]
fn what_is_touched_is_large_enough() {
    let page = Visit::to("/").on(SMALLEST).open();
    page.wait_for_engine();
    let small: Vec<String> = page.run(
        "return [...document.querySelectorAll('.top a, .sample, label.button')]
           .filter((target) => target.checkVisibility())
           .map((target) => [target.getBoundingClientRect(), target.textContent.trim() || target.outerHTML])
           .filter(([box]) => box.width < 40 || box.height < 44)
           .map(([box, words]) => `${words}: ${box.width} x ${box.height}`);",
    );
    assert!(small.is_empty(), "{small:?}");
}

#[test]
fn cleaning_is_found_from_the_header() {
    let page = Page::ready();
    page.click("nav a[href$='/clean']");
    page.wait_until("Clean is there", |seen| seen.heading.as_deref() == Some("Clean labelled photos"));
    let current: Vec<String> = page.run(
        "return [...document.querySelectorAll('nav [aria-current=page]')].map((link) => link.textContent);",
    );
    assert_eq!(current, ["Clean"]);
}

/// A photo in its frame, in CSS pixels.
#[derive(Debug, Deserialize)]
struct Shown {
    width: f64,
    height: f64,
    field: [f64; 2],
    /// Distance between the centres of class map and photo.
    map: [f64; 2],
}

#[test]
fn small_photos_are_enlarged_and_their_field_fits() {
    for screen in [DESKTOP, PHONE, SMALLEST] {
        let page = Visit::to("/").on(screen).open();
        page.wait_for_engine();
        for (width, height) in [(64, 64), (90, 160), (160, 90), (200, 60), (24, 32), (300, 400), (700, 40)] {
            let file = format!("{width}x{height}.png");
            let mut png = std::io::Cursor::new(Vec::new());
            shirt(width, height, [40, 70, 150]).write_to(&mut png, image::ImageFormat::Png).expect("memory");
            page.pick(&[page.file(&file, png.get_ref())]);
            let card = page.answer(&file);
            page.wait_until("the photo is shown", |seen| seen.cards[0].preview);
            page.click(".card [aria-pressed]");
            page.wait_for("return document.querySelector('.class-map') !== null;");
            let shown: Shown = page.run(
                "const [photo, field, map] = ['.card img', '.photo-box', '.class-map'].map((part) =>
                   document.querySelector(part).getBoundingClientRect());
                 return { width: photo.width, height: photo.height, field: [field.width, field.height],
                   map: [map.left + map.right - photo.left - photo.right, map.top + map.bottom - photo.top - photo.bottom] };",
            );
            let case = format!("{file} on {screen:?}: {shown:?}");
            let longest = shown.width.max(shown.height);
            let least = if width.max(height) < 320 { 240.0 } else { f64::from(width.max(height)).min(240.0) };
            assert!(longest >= least, "too small: {case}");
            assert!(longest <= f64::from(width.max(height)).max(321.0), "too large: {case}");
            let shape = f64::from(width) / f64::from(height);
            let tolerance = 1.0 / shown.width.min(shown.height);
            assert!((shown.width / shown.height / shape - 1.0).abs() < tolerance, "out of shape: {case}");
            let [across, down] = shown.field;
            assert!(
                (across - shown.width).abs() < 1.0 && (down - shown.height).abs() < 1.0,
                "no fit: {case}"
            );
            assert!(shown.map.iter().all(|off| off.abs() < 4.0), "the class map lies elsewhere: {case}");
            page.click(&format!("#{}", card.remove));
            page.wait_until("the list is empty", |seen| seen.cards.is_empty());
        }
    }
}

/// Simulates opening a picture with the installed page, since browsers under test cannot install pages.
const OPENED_WITH_A_PICTURE: &str = "
    const opened = (async () => {
      const canvas = new OffscreenCanvas(60, 80);
      canvas.getContext('2d').fillRect(10, 10, 40, 60);
      const folder = await navigator.storage.getDirectory();
      const handle = await folder.getFileHandle('opened.png', { create: true });
      const stream = await handle.createWritable();
      await stream.write(await canvas.convertToBlob());
      await stream.close();
      return handle;
    })();
    Object.defineProperty(window, 'launchQueue', { value: { async setConsumer(consumer) {
      window.launch = async (files) => consumer({ files });
      window.opened = await opened;
      if (location.pathname === '/') consumer({ files: [window.opened] });
    } } });";

#[test]
fn photos_opened_with_the_installed_page_come_to_the_list() {
    let page = Visit::to("/").after_script(OPENED_WITH_A_PICTURE).open();
    assert!(page.answer("opened.png").open);
    page.wait_for_offline();

    // The next picture is added to the list, whichever page is open.
    page.click("nav a[href$='/about']");
    page.wait_until("About is there", |seen| seen.heading.as_deref() == Some("About"));
    page.run::<Value>("window.launch([window.opened, window.opened]); return null;");
    let cards = page.answers(3);
    assert_eq!(page.snapshot().path, "/");
    assert!(cards.iter().all(|card| card.file == "opened.png" && card.state == "done"), "{cards:?}");

    // Started from its icon, the page neither shows a photo nor reports a missing one.
    page.run::<Value>("window.launch([]); return null;");
    page.run::<Value>(
        "const gone = async () => { throw new DOMException('gone', 'NotFoundError'); };
         window.launch([{ name: 'gone.png', getFile: gone }]);
         return null;",
    );
    assert_eq!(page.answer("gone.png").state, "refused");
    assert_eq!(page.snapshot().cards.len(), 4);
}

#[test]
fn the_manifest_says_who_it_is_and_what_it_opens() {
    let page = Page::ready();
    let id = page.cdp("Page.getAppId", json!({}));
    assert_eq!(id["appId"], page.server.url("/"), "as it was without an id, so that who has it keeps it");
    let manifest: Value = page.run_async("return (await fetch('manifest.webmanifest')).json();");
    assert_eq!(
        manifest["launch_handler"]["client_mode"], "navigate-new",
        "no list is taken away by a launch"
    );
    let opened = manifest["file_handlers"][0]["accept"].as_object().expect("types");
    let picked: String = page.run("return document.querySelector('#choose').accept;");
    let picked: HashSet<_> = picked.split(',').collect();
    assert_eq!(opened.keys().map(String::as_str).collect::<HashSet<_>>(), picked);
}

/// The title and descriptions in a page's HTML, before any code has run.
fn meta(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("\"{name}\" content=\""))?;
    Some(rest.split_once('"')?.0.into())
}

fn title(html: &str) -> &str {
    html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).expect("a title").0
}

const PAGES: [(&str, &str); 4] =
    [("", "index"), ("about", "about"), ("clean", "clean"), ("widget", "widget")];

#[test]
fn every_page_has_a_title_and_a_description_of_its_own() {
    let page = Visit::to("/").open();
    let mut seen_before = HashSet::new();
    for (path, file) in PAGES {
        let html = fs::read_to_string(dist().join(file).with_extension("html")).expect("a page");
        let description = meta(&html, "description").expect("a description");
        assert!((50..=160).contains(&description.chars().count()), "{description}");
        assert!(seen_before.insert(description), "two pages have one description");
        assert!(seen_before.insert(title(&html).into()), "two pages have one title");
        page.go_to(&format!("/{path}"));
        page.wait_until("the page is there", |seen| seen.offline.is_some());
        assert_eq!(page.snapshot().title, title(&html));
    }
}

#[test]
fn links_are_shown_with_a_picture_where_the_site_is_known_at_build() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("described");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let files = PAGES.map(|(_, file)| format!("{file}.html"));
    for file in files.iter().map(String::as_str).chain(["manifest.webmanifest"]) {
        fs::copy(dist().join(file), folder.join(file)).expect("a file of the bundle");
    }
    let describe = |site: &str| {
        let mut command = Command::new(project().join("tools/describe.sh"));
        command.arg(&folder).env("SITE", site).env("TRUNK_PUBLIC_URL", "/tools/clothes/");
        command.output().expect("a shell")
    };
    let refused = describe("example.org");
    assert!(!refused.status.success());
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("give it as https://example.org"),
        "{refused:?}"
    );

    assert!(describe("https://example.org/").status.success());
    for (path, file) in PAGES {
        let html = fs::read_to_string(folder.join(file).with_extension("html")).expect("a page");
        let address = format!("https://example.org/tools/clothes/{path}");
        assert_eq!(meta(&html, "og:url"), Some(address.clone()));
        assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{address}\">")), "{html}");
        assert_eq!(meta(&html, "og:title").as_deref(), Some(title(&html)));
        assert_eq!(meta(&html, "og:description"), meta(&html, "description"));
        assert_eq!(meta(&html, "twitter:card").as_deref(), Some("summary_large_image"));
        let picture = meta(&html, "og:image").expect("a picture");
        let picture =
            picture.strip_prefix("https://example.org/tools/clothes/").expect("an absolute address");
        let size = image::image_dimensions(dist().join(picture)).expect("a picture of the bundle");
        let told = ["width", "height"].map(|side| meta(&html, &format!("og:image:{side}")));
        assert_eq!(told, [size.0, size.1].map(|side| Some(side.to_string())));
    }
    let manifest = fs::read_to_string(folder.join("manifest.webmanifest")).expect("the manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["id"], "/tools/clothes/");
}

#[test]
fn a_page_built_for_no_site_names_none() {
    for (_, file) in PAGES {
        let html = fs::read_to_string(dist().join(file).with_extension("html")).expect("a page");
        assert!(!html.contains("og:") && !html.contains("canonical"), "an address that may be wrong: {html}");
    }
}

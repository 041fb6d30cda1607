//! The page in other sites: the element, the plain frame, and what a hostile site may try.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answers::{Said, command_line},
    harness::{Fault, MODEL, Page, SCRIPT, Screen, Site, Visit, at_path, dist},
    pictures::{SIX, jpeg, long_to_read, real, shirt},
};

/// A script that returns the frame of the first element.
pub const FRAME: &str =
    "return document.querySelector('clothing-classifier').shadowRoot.querySelector('iframe');";
pub const OPEN: &str =
    "return !!document.querySelector('clothing-classifier')?.shadowRoot?.querySelector('.box.open');";

/// Records the events that a site receives, its layout shifts and its long tasks.
const RECORD: &str = "
    window.heard = [];
    for (const type of ['ready', 'progress', 'classified', 'error']) {
      document.addEventListener(type, (event) => {
        if (event instanceof CustomEvent) heard.push({ type, code: event.detail?.code, detail: event.detail });
      });
    }
    window.shifts = [];
    window.longTasks = [];
    for (const [type, into] of [['layout-shift', shifts], ['longtask', longTasks]]) {
      if (PerformanceObserver.supportedEntryTypes.includes(type)) {
        new PerformanceObserver((list) => into.push(...list.getEntries().map((entry) => entry.value ?? entry.duration)))
          .observe({ type, buffered: true });
      }
    }
    return null;";

/// A page that loads the element's script first.
fn with_script(page: &Page, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><title>A shop</title><script type=module src=\"{}\"></script>\n{body}",
        page.server.url("/embed.js")
    )
}

fn html(body: &str) -> (String, Vec<u8>) {
    (String::new(), body.into())
}

/// Opens a site in a browser: the element's script, then this body.
fn host(visit: Visit, body: &str) -> (Page, Site) {
    let page = visit.open();
    let site = site(&page, body, &[]);
    page.go_to(&site.url("/"));
    page.run::<Value>(RECORD);
    (page, site)
}

/// The same, with these photos in addition to the ten.
fn site(page: &Page, body: &str, more: &[(&str, &[u8])]) -> Site {
    let mut resources = HashMap::from([("/".to_string(), html(&with_script(page, body)))]);
    for (index, photo) in photos().into_iter().enumerate() {
        resources.insert(format!("/{index}.jpg"), (String::new(), photo));
    }
    for (path, photo) in more {
        resources.insert(path.to_string(), (String::new(), photo.to_vec()));
    }
    Site::start(resources)
}

/// A typical site, for screenshots.
pub fn shop(page: &Page) -> Site {
    site(
        page,
        "<meta name=viewport content=\"width=device-width\"><meta name=color-scheme content=\"light dark\">
         <body style=\"max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1.1rem/1.6 Georgia, serif\">
         <h1>Second Hand Corner</h1><p>Not sure what you have found in the attic?</p>
         <clothing-classifier><h2 slot=label>Ask the classifier</h2>
         <small slot=footer>Your photo is not sent to us.</small></clothing-classifier>
         <p>We take all of it, on weekdays from nine to five.</p>",
        &[],
    )
}

fn away() -> Visit {
    Visit::to("about:blank")
}

const ELEMENT: &str = "<clothing-classifier></clothing-classifier>";

/// Ten different photos.
fn photos() -> Vec<Vec<u8>> {
    let real = SIX.iter().filter_map(|label| fs::read(real(label).first()?).ok());
    let drawn = (0..10).map(|index| jpeg(&shirt(300 + 20 * index, 400, [25 * index as u8, 90, 150])));
    real.chain(drawn).take(10).collect()
}

fn shirt_file(page: &Page) -> PathBuf {
    page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))
}

#[derive(Debug, Deserialize)]
struct Heard {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    detail: Value,
}

fn heard(page: &Page, kind: &str) -> Vec<Heard> {
    let all: Vec<Heard> = page.run("return heard;");
    all.into_iter().filter(|heard| heard.kind == kind).collect()
}

/// A visitor chooses a photo in the frame, and the site receives the answer.
#[track_caller]
fn assert_answers_a_visitor(page: &Page) {
    page.wait_for(OPEN);
    let photo = shirt_file(page);
    page.enter(FRAME);
    page.pick(std::slice::from_ref(&photo));
    let card = page.answer("shirt.jpg");
    page.leave();
    assert_eq!(card.state, "done", "{card:?}");
    page.wait_for("return heard.some(({ type }) => type === 'classified');");
    let told = &heard(page, "classified")[0].detail;
    assert_eq!((told["label"].as_str(), told["file"].as_str()), (card.label.as_deref(), Some("shirt.jpg")));
    let text = told.to_string();
    assert!(!text.contains("blob:") && text.len() < 4_000, "the answer and no photo: {text}");
}

#[track_caller]
fn assert_answers_the_site(page: &Page) {
    let label: String = page.run_with(
        "return document.querySelector('clothing-classifier')
           .classify(new File([new Uint8Array(arguments[0])], 'a.jpg')).then(({ label }) => label);",
        &jpeg(&shirt(300, 400, [40, 70, 150])),
    );
    assert!(!label.is_empty());
}

#[track_caller]
fn assert_works_in_a_strict_page(page: &Page) {
    let widget = page.server.url("");
    let policy = format!(
        "content-security-policy: default-src 'none'; script-src {widget}; frame-src {widget}; \
         require-trusted-types-for 'script'\r\n"
    );
    let body = with_script(page, ELEMENT).into_bytes();
    let site = Site::start(HashMap::from([("/".into(), (policy, body))]));
    page.excuse("/favicon.ico"); // requested by the browser itself; the policy forbids it
    page.go_to(&site.url("/"));
    page.run::<Value>(RECORD);
    assert_answers_a_visitor(page);
    assert_answers_the_site(page);
}

#[test]
fn it_works_in_a_page_that_allows_nothing_else() {
    assert_works_in_a_strict_page(&away().open());
}

/// A page from the disk has no origin, but is not in a sandbox.
#[track_caller]
fn assert_works_from_the_disk(page: &Page) {
    let file = page.file("host.html", with_script(page, ELEMENT).as_bytes());
    page.go_to(&format!("file://{}", file.display()));
    page.run::<Value>(RECORD);
    assert_answers_a_visitor(page);
    assert_answers_the_site(page);
}

#[test]
fn it_works_in_a_page_from_the_disk() {
    assert_works_from_the_disk(&away().open());
}

/// Cross-origin isolated sites accept only frames that opt in.
#[track_caller]
fn assert_works_in_isolated_pages(page: &Page) {
    for policy in ["require-corp", "credentialless"] {
        let site = isolated_site(page, policy);
        page.go_to(&site.cross_site_url("/"));
        page.run::<Value>(RECORD);
        assert!(page.run::<bool>("return crossOriginIsolated;"), "{policy}");
        assert_answers_a_visitor(page);
        assert_answers_the_site(page);
        let label: String = page.run_with(
            "const bytes = new Uint8Array(new SharedArrayBuffer(arguments[0].length));
             bytes.set(arguments[0]);
             return document.querySelector('clothing-classifier').classify(bytes).then(({ label }) => label);",
            &jpeg(&shirt(300, 400, [40, 70, 150])),
        );
        assert!(!label.is_empty(), "from shared memory");
    }
}

fn isolated_site(page: &Page, policy: &str) -> Site {
    let headers =
        format!("cross-origin-opener-policy: same-origin\r\ncross-origin-embedder-policy: {policy}\r\n");
    Site::start(HashMap::from([("/".into(), (headers, with_script(page, ELEMENT).into_bytes()))]))
}

#[test]
fn it_works_in_isolated_pages_and_isolates_none_of_ours() {
    let page = away().open();
    assert_works_in_isolated_pages(&page);
    for path in ["/", "/about", "/clean", "/widget"] {
        page.go_to(path);
        assert!(!page.run::<bool>("return crossOriginIsolated;"), "{path}");
    }
}

#[test]
fn it_works_in_an_isolated_page_from_what_is_kept_on_the_device() {
    let page = Page::ready();
    let before = page.server.requests().len();
    let site = isolated_site(&page, "require-corp");
    page.go_to(&site.url("/")); // the same site, so that the cache is shared
    page.run::<Value>(RECORD);
    assert_answers_a_visitor(&page);
    let asked = page.server.requests().split_off(before);
    assert!(!asked.iter().any(|path| path.contains("/embed?") || path.contains("engine-")), "{asked:?}");
}

/// In any kind of page without an origin nothing can be loaded, which is reported at once.
#[track_caller]
fn assert_says_that_a_sandbox_keeps_it_out(page: &Page) {
    let inner = with_script(page, ELEMENT);
    let framed = |attributes: &str| {
        html(&format!("<!doctype html><title>A playground</title><iframe id=frame {attributes}></iframe>"))
    };
    let quoted = inner.replace('&', "&amp;").replace('"', "&quot;");
    let site = Site::start(HashMap::from([
        ("/inner".into(), html(&inner)),
        ("/by-address".into(), framed("sandbox=allow-scripts src=/inner")),
        ("/by-text".into(), framed(&format!("sandbox=allow-scripts srcdoc=\"{quoted}\""))),
        (
            "/by-policy".into(),
            ("content-security-policy: sandbox allow-scripts\r\n".into(), inner.clone().into_bytes()),
        ),
        ("/with-origin".into(), framed("sandbox=\"allow-scripts allow-same-origin\" src=/inner")),
        ("/plain".into(), framed(&format!("sandbox=allow-scripts src=\"{}\"", page.server.url("/embed")))),
    ]));
    let open = |path: &str| {
        page.go_to(&site.url(path));
        if path != "/by-policy" {
            page.enter("return document.getElementById('frame');");
        }
        page.wait_for("return document.readyState === 'complete';");
    };
    for path in ["/by-address", "/by-text", "/by-policy"] {
        open(path);
        page.run::<Value>(RECORD);
        let (code, milliseconds): (String, f64) = page.run_async(
            "const begin = performance.now();
             const asked = document.querySelector('clothing-classifier').classify(new Blob(['x']));
             return [await asked.catch(({ code }) => code), performance.now() - begin];",
        );
        assert_eq!(code, "sandboxed", "{path}");
        assert!(milliseconds < 5_000.0, "{path}: {milliseconds} ms");
        let note: String =
            page.run("return document.querySelector('clothing-classifier').shadowRoot.querySelector('small[role]').textContent;");
        assert!(note.contains("allow-same-origin"), "{path}: {note}");
        page.leave();
    }
    open("/with-origin");
    assert_answers_the_site(page);
    page.leave();
    open("/plain");
    let said =
        "return [...document.querySelectorAll('[role=alert]')].filter((alert) => alert.checkVisibility())
        .map((alert) => alert.id);";
    assert_eq!(page.run::<Vec<String>>(said), ["sandboxed"]);
    page.leave();
}

#[test]
fn a_sandbox_that_keeps_it_out_is_named_at_once() {
    let page = away().open();
    for blocked in ["blocked by CORS", "ERR_BLOCKED_BY_RESPONSE", "ERR_FAILED"] {
        page.excuse(blocked); // what the plain frame cannot load
    }
    assert_says_that_a_sandbox_keeps_it_out(&page);
}

/// A policy that forbids the frame is reported; one in report-only mode changes nothing.
#[track_caller]
fn assert_says_that_a_policy_keeps_it_out(page: &Page) {
    let policy = format!("script-src {}; frame-src 'self'", page.server.url(""));
    let body = with_script(page, ELEMENT).into_bytes();
    let site = Site::start(HashMap::from([
        ("/enforced".into(), (format!("content-security-policy: {policy}\r\n"), body.clone())),
        ("/reported".into(), (format!("content-security-policy-report-only: {policy}\r\n"), body)),
    ]));
    page.go_to(&site.url("/enforced"));
    page.wait_for("return !!customElements.get('clothing-classifier');");
    let (code, milliseconds): (String, f64) = page.run_async(
        "const begin = performance.now();
         const asked = document.querySelector('clothing-classifier').classify(new Blob(['x']));
         return [await asked.catch(({ code }) => code), performance.now() - begin];",
    );
    assert_eq!(code, "forbidden");
    assert!(milliseconds < 5_000.0, "{milliseconds} ms");
    page.go_to(&site.url("/reported"));
    page.wait_for("return !!customElements.get('clothing-classifier');");
    assert_answers_the_site(page);
}

#[test]
fn a_policy_that_keeps_it_out_is_named_at_once() {
    let page = away().open();
    page.excuse("Content Security Policy");
    page.excuse("frame-src");
    assert_says_that_a_policy_keeps_it_out(&page);
}

#[test]
fn a_hostile_style_sheet_does_not_break_its_inside() {
    let style = "<style>
        html, body { margin: 20px }
        body * { all: unset; display: none !important; color: red !important; font-size: 3px; opacity: 1 }
        body { font: italic 40px/4 fantasy; text-transform: uppercase; letter-spacing: 1em }
        </style>";
    let (page, _site) = host(away(), &format!("{style}{ELEMENT}"));
    assert_answers_a_visitor(&page);
    let box_of = |part: &str| -> [f64; 2] {
        page.run(&format!(
            "const part = document.querySelector('clothing-classifier').shadowRoot.querySelector('{part}');
             const {{ width, height }} = part.getBoundingClientRect();
             return [width, height];"
        ))
    };
    let [width, height] = box_of("iframe");
    assert!(width > 300.0 && height > 300.0, "{width} x {height}");
    let inner: [String; 3] = page.run(
        "const button = document.querySelector('clothing-classifier').shadowRoot.querySelector('button');
         const { fontSize, letterSpacing, textTransform } = getComputedStyle(button);
         return [fontSize, letterSpacing, textTransform];",
    );
    assert_eq!(inner, ["16px", "normal", "none"]);
}

#[test]
fn below_the_fold_it_costs_a_site_next_to_nothing() {
    let below = format!("<p style=\"height: 3000px\">Above.</p>{ELEMENT}<p>Below.</p>");
    let page = away().open();
    let site = site(&page, &below, &[]);
    page.go_to(&site.cross_site_url("/"));
    page.run::<Value>(RECORD);
    page.wait_for("return !!customElements.get('clothing-classifier');");
    page.run::<Value>("longTasks.length = 0; return null;");
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(page.run::<Vec<f64>>("return longTasks;"), [] as [f64; 0], "it waits and does nothing");
    let (bytes, asked) = (page.server.sent(), page.server.requests());
    println!("A widget below the fold loads {bytes} bytes, headers included.");
    assert_eq!(asked, ["/embed.js"]);
    assert!(bytes < 6_000, "{bytes}");

    page.run::<Value>("document.querySelector('clothing-classifier').scrollIntoView(); return null;");
    page.wait_for(OPEN);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(page.run::<Vec<f64>>("return shifts;"), [] as [f64; 0], "it has its room from the beginning");
    let asked = page.server.requests();
    assert!(!asked.iter().any(|path| path.contains("clothing-") || path.contains("engine-")), "{asked:?}");
    let alone: Vec<f64> = page.run("return longTasks;");
    println!("The site's tasks over 50 ms while the frame opened: {alone:?}");
}

#[test]
fn a_site_gets_the_pages_own_answers_in_order() {
    let (page, _site) = host(away(), ELEMENT);
    // The same as the command line's.
    let said = command_line(&files_of(&page, 10));
    page.run::<Value>(
        "window.photos = [];
         window.element = document.querySelector('clothing-classifier');
         return Promise.all([...Array(10).keys()].map((index) => fetch(`/${index}.jpg`)
           .then((response) => response.blob()).then((blob) => { photos[index] = blob; }))).then(() => null);",
    );
    let check = |answers: &[Value]| {
        for (index, answer) in answers.iter().enumerate() {
            let said: &Said = &said[index % 10];
            assert_eq!(answer["label"], *said.label, "{index}: {answer}, {said:?}");
            let probability = answer["probability"].as_f64().expect("a number");
            assert!((probability - said.probability).abs() < 0.02, "{index}: {answer}, {said:?}");
            assert_eq!(answer["width"], said.width, "{index}");
        }
    };
    let in_a_row: Vec<Value> = page.run_async(
        "const answers = [];
         for (let index = 0; index < 50; index += 1) answers.push(await element.classify(photos[index % 10]));
         return answers;",
    );
    assert_eq!(in_a_row.len(), 50);
    check(&in_a_row);

    page.run::<Value>("heard.length = 0; return null;");
    #[derive(Deserialize)]
    struct AtOnce {
        answers: Vec<Value>,
        order: Vec<usize>,
    }
    let AtOnce { answers, order } = page.run_async(
        "const order = [];
         const answers = await Promise.all([...Array(20).keys()].map(async (index) => {
           const answer = await element.classify(new File([photos[index % 10]], `${index}.jpg`));
           order.push(index);
           return answer;
         }));
         return { answers, order };",
    );
    check(&answers);
    assert_eq!(order, (0..20).collect::<Vec<_>>());
    let files: Vec<_> = heard(&page, "classified").iter().map(|heard| heard.detail["file"].clone()).collect();
    assert_eq!(files, (0..20).map(|index| format!("{index}.jpg")).collect::<Vec<_>>());
    page.wait_for("return heard.filter(({ type }) => type === 'progress').length >= 20;");
    let progress = heard(&page, "progress");
    let last = &progress.last().expect("progress").detail;
    assert_eq!((&last["phase"], &last["done"]), (&"classifying".into(), &last["total"]));
    let done: Vec<_> = progress.iter().map(|heard| heard.detail["done"].as_u64()).collect();
    assert!(done.is_sorted(), "{done:?}");

    // Visitors are told the same.
    page.enter(FRAME);
    page.pick(&files_of(&page, 1));
    page.answer("0.jpg");
    page.leave();
    page.wait_for("return heard.some(({ type, detail }) => type === 'classified' && detail.file === '0.jpg' && heard.indexOf(detail) < 0);");
    let visitors = &heard(&page, "classified").pop().expect("an answer").detail;
    for field in
        ["label", "name", "probability", "recognised", "family", "alternatives", "model", "width", "height"]
    {
        assert_eq!(visitors[field], in_a_row[0][field], "{field}");
    }
}

fn files_of(page: &Page, count: usize) -> Vec<PathBuf> {
    photos()
        .iter()
        .take(count)
        .enumerate()
        .map(|(index, photo)| page.file(&format!("{index}.jpg"), photo))
        .collect()
}

#[test]
fn images_and_addresses_can_be_asked_about_and_what_cannot_be_read_is_refused() {
    let (page, _site) = host(away(), &format!("{ELEMENT}<img src=\"/1.jpg\">"));
    page.excuse("404");
    page.excuse("CORS");
    page.excuse("ERR_FAILED");
    #[derive(Deserialize, Debug, PartialEq)]
    struct Outcomes {
        labels: Vec<String>,
        codes: Vec<String>,
    }
    let outcomes: Outcomes = page.run_with(
        "return (async () => {
           const element = document.querySelector('clothing-classifier');
           const image = document.querySelector('img');
           await image.decode();
           const bytes = await (await fetch('/1.jpg')).arrayBuffer();
           const labels = [];
           for (const photo of [image, '/1.jpg', new URL('/1.jpg', location), bytes, new Uint8Array(bytes)]) {
             labels.push((await element.classify(photo)).label);
           }
           const codes = [];
           const outside = document.createElement('clothing-classifier');
           const far = 'http://localhost:' + location.port + '/1.jpg';
           for (const [from, photo] of [[element, '/none.jpg'], [element, far], [element, new Blob(['no photo'])],
               [element, new Blob([])], [outside, new Blob(['x'])]]) {
             codes.push(await from.classify(photo).then(() => 'answered', ({ code }) => code));
           }
           return { labels, codes };
         })();",
        &[],
    );
    assert!(outcomes.labels.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:?}");
    assert_eq!(outcomes.codes, ["unreadable", "unreadable", "photo", "photo", "removed"]);
}

/// Everything that shows a picture, by name, in `photos`.
const HELD: &str = "
    const element = document.querySelector('clothing-classifier');
    const image = document.querySelector('img');
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.naturalWidth, height: image.naturalHeight });
    canvas.getContext('2d').drawImage(image, 0, 0);
    const offscreen = new OffscreenCanvas(canvas.width, canvas.height);
    offscreen.getContext('2d').drawImage(image, 0, 0);
    const video = Object.assign(document.createElement('video'), { srcObject: canvas.captureStream(), muted: true });
    await video.play();
    const other = document.body.appendChild(document.createElement('iframe')).contentWindow;
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const padded = new Uint8Array(bytes.byteLength + 4 - bytes.byteLength % 4);
    padded.set(new Uint8Array(bytes));";

#[test]
fn what_shows_a_picture_can_be_asked_about() {
    let (page, _site) = host(away(), &format!("{ELEMENT}<img src=\"/1.jpg\">"));
    let answers: Vec<(String, String, u32, u32)> = page.run_async(&format!(
        "{HELD}
         const photos = {{ image, canvas, offscreen, video,
           data: canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height),
           bitmap: await createImageBitmap(image), frame: new VideoFrame(canvas, {{ timestamp: 0 }}),
           address: '/1.jpg', inline: canvas.toDataURL(), view: new DataView(bytes),
           floats: new Float32Array(padded.buffer), other: new other.File([bytes], 'a.jpg') }};
         const answers = [];
         for (const [what, photo] of Object.entries(photos)) {{
           const {{ label, width, height }} = await element.classify(photo);
           answers.push([what, label, width, height]);
         }}
         return answers;"
    ));
    let (_, label, width, height) = answers[0].clone();
    for answer in &answers {
        assert_eq!((&answer.1, answer.2, answer.3), (&label, width, height), "{answer:?}");
    }
    // Transparent pixels become white, not black.
    let [on_nothing, on_white]: [String; 2] = page.run_async(&format!(
        "{HELD}
         const labels = [];
         for (const ground of ['transparent', 'white']) {{
           const context = canvas.getContext('2d');
           context.clearRect(0, 0, canvas.width, canvas.height);
           context.fillStyle = ground;
           context.fillRect(0, 0, canvas.width, canvas.height);
           context.drawImage(image, canvas.width / 4, canvas.height / 4, canvas.width / 2, canvas.height / 2);
           const {{ label, probability }} = await element.classify(canvas);
           labels.push(`${{label}} ${{probability.toFixed(3)}}`);
         }}
         return labels;"
    ));
    assert_eq!(on_nothing, on_white);
}

#[test]
fn what_is_no_photo_is_refused_by_its_name_without_a_request() {
    let (page, _site) = host(away(), &format!("{ELEMENT}<img src=\"/1.jpg\">"));
    let refused: Vec<(String, String, String)> = page.run_async(&format!(
        "{HELD}
         const chooser = Object.assign(document.createElement('input'), {{ type: 'file' }});
         const chosen = new DataTransfer();
         chosen.items.add(new File([bytes], 'a.jpg'));
         chooser.files = chosen.files;
         const closed = await createImageBitmap(image);
         closed.close();
         const before = performance.getEntriesByType('resource').length;
         const refused = [];
         for (const [photo, name, code] of [
           [chooser.files, 'FileList', 'argument'], [chooser, 'HTMLInputElement', 'argument'], [[bytes], 'Array', 'argument'],
           [undefined, 'Undefined', 'argument'], [null, 'Null', 'argument'], [7, 'Number', 'argument'],
           [{{}}, 'Object', 'argument'], [Symbol('x'), 'Symbol', 'argument'], [() => canvas, 'Function', 'argument'],
           [new Promise(() => {{}}), 'Promise', 'argument'], [new Response(bytes), 'Response', 'argument'],
           [new Request('/1.jpg'), 'Request', 'argument'], [document.body, 'HTMLBodyElement', 'argument'],
           ['', 'empty address', 'argument'], [' ', 'empty address', 'argument'], ['http://', 'http://', 'argument'],
           [new Image(), 'HTMLImageElement', 'unreadable'], [document.createElement('canvas'), 'none', 'unreadable'],
           [document.createElement('video'), 'HTMLVideoElement', 'unreadable'], [closed, 'ImageBitmap', 'unreadable'],
         ]) {{
           if (name === 'none') photo.width = 0;
           const error = await element.classify(photo).catch((error) => error);
           refused.push([name === 'none' ? 'HTMLCanvasElement' : name, error.message ?? 'answered', error.code === code ? '' : error.code]);
         }}
         refused.push(['', '', String(performance.getEntriesByType('resource').length - before)]);
         return refused;"
    ));
    let (requests, refused) = refused.split_last().expect("one at least");
    for (name, message, other_code) in refused {
        assert!(message.contains(&**name), "{name}: {message}");
        assert_eq!(other_code, "", "{name}: {message}");
    }
    assert_eq!(requests.2, "0", "requests");
}

/// Two pictures of another site: one with CORS headers, which can be read, and one without, which can only be shown.
#[test]
fn pictures_of_other_sites_are_read_where_their_servers_allow_it() {
    let page = away().open();
    let kept = "cache-control: max-age=600\r\n";
    let photo = photos().remove(1);
    let resources =
        [("/asked.jpg", format!("{kept}access-control-allow-origin: *\r\n")), ("/shown.jpg", kept.into())];
    let other = Site::start(resources.map(|(path, headers)| (path.into(), (headers, photo.clone()))).into());
    let images =
        ["/asked.jpg", "/shown.jpg"].map(|path| format!("<img src=\"{}\">", other.cross_site_url(path)));
    let site = site(&page, &format!("{ELEMENT}{}", images.concat()), &[]);
    page.go_to(&site.url("/"));
    page.excuse("blocked by CORS");
    page.excuse("ERR_FAILED");
    let [plain, image, address]: [String; 3] = page.run_async(
        "window.element = document.querySelector('clothing-classifier');
         window.images = [...document.images];
         await Promise.all(images.map((image) => image.decode()));
         const ask = (photo) => element.classify(photo).then(({ label }) => label, ({ message }) => message);
         return [await fetch(images[0].src).then(() => 'read', () => 'refused'), await ask(images[0]), await ask(images[0].src)];",
    );
    assert_eq!(plain, "refused", "the browser keeps it as it was shown");
    assert_eq!(image, address);
    assert!(!image.contains(' '), "{image}");
    let refused: Vec<(String, String)> = page.run_async(
        "const canvas = document.createElement('canvas');
         canvas.getContext('2d').drawImage(images[1], 0, 0);
         const refused = [];
         for (const photo of [images[1], images[1].src, canvas, await createImageBitmap(images[1])]) {
           refused.push(await element.classify(photo).then(() => ['answered', ''], ({ code, message }) => [code, message]));
         }
         return refused;",
    );
    for ((code, message), name) in
        refused.iter().zip(["HTMLImageElement", "/shown.jpg", "HTMLCanvasElement", "ImageBitmap"])
    {
        assert_eq!(code, "unreadable", "{message}");
        assert!(message.contains(name) && message.contains("CORS"), "{message}");
    }
}

#[test]
fn a_large_photo_does_not_block_the_site() {
    let page = away().open();
    let site = site(&page, ELEMENT, &[("/large.jpg", &jpeg(&shirt(4000, 3000, [40, 70, 150])))]);
    // Like most widgets, from another site, which the browser runs in another process.
    page.go_to(&site.cross_site_url("/"));
    page.run::<Value>(RECORD);
    page.wait_for(OPEN);
    assert_answers_the_site(&page);
    #[derive(Deserialize)]
    struct Large {
        width: u32,
        long_tasks: Vec<f64>,
        milliseconds: f64,
    }
    let large: Large = page.run_async(
        "const blob = await (await fetch('/large.jpg')).blob();
         await new Promise((resolve) => setTimeout(resolve, 500));
         longTasks.length = 0;
         const begin = performance.now();
         const { width } = await document.querySelector('clothing-classifier').classify(blob);
         const milliseconds = performance.now() - begin;
         await new Promise((resolve) => setTimeout(resolve, 500));
         return { width, long_tasks: longTasks, milliseconds };",
    );
    println!("A photo of 12 megapixels is answered after {:.0} ms.", large.milliseconds);
    assert_eq!((large.width, large.long_tasks), (4000, vec![]));
}

/// Makes the worker send regular requests while it is alive.
const ALIVE: Fault = Fault::Appended("setInterval(() => fetch('/healthz'), 100);");

#[test]
fn taken_out_in_the_middle_of_work_it_ends_its_worker_and_works_again_when_put_back() {
    let page = away().with_times(9, SCRIPT, ALIVE).open();
    let site = site(&page, ELEMENT, &[("/long.jpg", long_to_read())]);
    // Like most widgets, from another site, which the browser runs in another process.
    page.go_to(&site.cross_site_url("/"));
    page.run::<Value>(RECORD);
    let alive = || page.server.requests().iter().filter(|path| *path == "/healthz").count();
    page.wait_for(OPEN);
    assert_answers_the_site(&page);
    while alive() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let full = page.memory();
    let code: String = page.run_async(
        "window.element = document.querySelector('clothing-classifier');
         window.long = await (await fetch('/long.jpg')).blob();
         const answer = element.classify(long);
         setTimeout(() => element.remove(), 200);
         return answer.then(() => 'answered', ({ code }) => code);",
    );
    assert_eq!(code, "removed");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let before = alive();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(alive(), before, "the worker has ended");
    if let (Some(full), Some(left)) = (full, page.memory()) {
        println!("Taking the widget out leaves {} of {} MB.", left / 1_000_000, full / 1_000_000);
        assert!(left + 50_000_000 < full, "{left} bytes are left of {full}");
    }

    page.run::<Value>("document.body.append(element); return null;");
    assert_answers_the_site(&page);
    // Moved while it works, it asks again and answers.
    let outcome: String = page.run_async(
        "const answer = element.classify(long);
         setTimeout(() => document.body.prepend(element), 100);
         return answer.then(() => 'answered', ({ code }) => code);",
    );
    assert_eq!(outcome, "answered");
}

#[test]
fn twenty_widgets_share_one_engine_and_the_others_go_on_when_its_frame_is_taken_out() {
    let element = "<clothing-classifier loading=eager compact></clothing-classifier>\n";
    let (page, _site) = host(away(), &element.repeat(20));
    page.wait_for("return heard.filter(({ type }) => type === 'ready').length === 20;");
    let asked = |begin: &str, end: &str| {
        let is_meant = |path: &&String| path.starts_with(begin) && path.ends_with(end);
        page.server.requests().iter().filter(is_meant).count()
    };
    let loaded = || (asked("/clothing-", ".onnx"), asked("/engine-", ".wasm"), asked("/engine-", ".js"));
    assert_eq!(loaded(), (0, 0, 0), "none is used yet");
    let ask_all = "const photo = new Blob([new Uint8Array(arguments[0])]);
        const all = [...document.querySelectorAll('clothing-classifier')].map((element) => element.classify(photo));";
    let photo = jpeg(&shirt(300, 400, [40, 70, 150]));
    let count = page.run_with::<Vec<String>>(
        &format!("{ask_all} return Promise.all(all).then((answers) => answers.map(({{ label }}) => label));"),
        &photo,
    );
    assert_eq!((count.len(), loaded()), (20, (1, 1, 1)));

    // Any frame may run the engine, so they are removed one by one until a single one is left.
    for left in [12, 5, 1] {
        let outcomes: Vec<String> = page.run_with(
            &format!(
                "{ask_all}
                 const elements = document.querySelectorAll('clothing-classifier');
                 for (const element of [...elements].slice(0, -{left})) element.remove();
                 return Promise.all(all.map((answer) => answer.then(() => 'answered', ({{ code }}) => code)));"
            ),
            &photo,
        );
        let answered = outcomes.iter().filter(|outcome| *outcome == "answered").count();
        assert!(answered >= left, "{left} are left: {outcomes:?}");
        assert!(outcomes.iter().all(|outcome| outcome == "answered" || outcome == "removed"), "{outcomes:?}");
    }
}

#[test]
fn it_works_upgraded_late_in_shadow_roots_and_beside_others() {
    let page = away().open();
    let body = "<clothing-classifier id=late></clothing-classifier><div id=shadow></div>";
    let site = Site::start(HashMap::from([(
        "/".into(),
        html(&format!("<!doctype html><title>A shop</title>{body}")),
    )]));
    page.go_to(&site.url("/"));
    let origin = page.server.url("");
    let outcome: Value = page.run_async(&format!(
        "late.theme = 'dark';
         late.multiple = true;
         late.labels = 'jeans,socks';
         const inner = document.createElement('clothing-classifier');
         shadow.attachShadow({{ mode: 'open' }}).append(inner);
         let composed = 0;
         addEventListener('ready', () => {{ composed += 1; }});
         await import('{origin}/embed.js');
         await import('{origin}/embed.js?twice');
         late.loading = inner.loading = 'eager';
         await Promise.all([late.ready, inner.ready]);
         const {{ src }} = late.shadowRoot.querySelector('iframe');
         late.theme = null;
         late.multiple = false;
         return {{ src, composed, left: late.getAttributeNames().sort().join() }};"
    ));
    let begin = format!("{origin}/embed?theme=dark&labels=jeans%2Csocks&multiple=&page=");
    assert!(outcome["src"].as_str().is_some_and(|src| src.starts_with(&begin)), "{outcome}");
    assert_eq!(outcome["composed"], 2, "{outcome}");
    assert_eq!(outcome["left"], "id,labels,loading");
}

/// React before version 19 sets attributes instead of properties: false becomes "false".
#[test]
fn what_is_false_in_words_is_false() {
    let attributes = "loading=eager multiple=false compact=false hidden=false";
    let (page, _site) = host(away(), &format!("<clothing-classifier {attributes}></clothing-classifier>"));
    page.wait_for(OPEN);
    #[derive(Debug, Deserialize)]
    struct Told {
        src: String,
        height: f64,
        flags: Vec<bool>,
        written: Vec<Option<String>>,
    }
    let told: Told = page.run(
        "const element = document.querySelector('clothing-classifier');
         const { src } = element.shadowRoot.querySelector('iframe');
         const { height } = element.getBoundingClientRect();
         const flags = [element.multiple, element.compact];
         const written = [];
         for (const value of [true, 'false', '', false, 'true', null, 'multiple', undefined]) {
           element.multiple = value;
           flags.push(element.multiple);
           written.push(element.getAttribute('multiple'));
         }
         element.setAttribute('compact', 'true');
         flags.push(element.compact);
         return { src, height, flags, written };",
    );
    assert!(!told.src.contains("multiple") && !told.src.contains("compact"), "{told:?}");
    assert!(told.height >= 24.0 * 16.0, "{told:?}");
    let (on, off) = (true, false);
    assert_eq!(told.flags, [off, off, on, off, on, off, on, off, on, off, on]);
    let written = told.written.iter().map(Option::as_deref).collect::<Vec<_>>();
    assert_eq!(written, [Some(""), None, Some(""), None, Some(""), None, Some(""), None]);
}

#[test]
fn options_are_heeded_when_it_opens_and_later() {
    let attributes = "theme=dark accent=#ff0 labels=jeans multiple loading=eager";
    let (page, _site) = host(away(), &format!("<clothing-classifier {attributes}></clothing-classifier>"));
    page.wait_for(OPEN);
    let look = "const style = getComputedStyle(document.documentElement);
        return [style.colorScheme, getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector('.button.primary')).backgroundColor,
          String(document.querySelector('#choose').multiple)];";
    page.enter(FRAME);
    assert_eq!(page.run::<[String; 4]>(look), ["dark", "rgb(20, 22, 23)", "rgb(255, 255, 0)", "true"]);
    page.pick(&[shirt_file(&page)]);
    let card = page.answer("shirt.jpg");
    assert!(["jeans", "not-clothing"].contains(&card.label.as_deref().unwrap_or_default()), "{card:?}");
    page.leave();
    page.run::<Value>(
        "const element = document.querySelector('clothing-classifier');
         element.theme = 'light'; element.accent = ''; element.labels = ''; element.multiple = false;
         return null;",
    );
    page.enter(FRAME);
    page.wait_for("return !document.querySelector('#choose').multiple;");
    // Colours change in a transition.
    page.wait_for(
        "return getComputedStyle(document.querySelector('.button.primary')).backgroundColor === 'rgb(14, 107, 94)';",
    );
    assert_eq!(page.run::<[String; 4]>(look), ["light", "rgb(250, 248, 245)", "rgb(14, 107, 94)", "false"]);
    page.pick(&[page.file("b.jpg", &jpeg(&shirt(200, 300, [90, 20, 20])))]);
    let cards = page.answers(1);
    assert_eq!(cards[0].file, "b.jpg", "one photo at a time: the last");
    page.leave();
    page.run::<Value>("document.querySelector('clothing-classifier').reset(); return null;");
    page.enter(FRAME);
    page.wait_until("the list is empty", |seen| seen.cards.is_empty());
}

#[test]
fn a_plain_frame_needs_no_script_and_no_referrer() {
    let page = away().open();
    let body = format!(
        "<!doctype html><meta name=referrer content=no-referrer><title>A school</title>
         <iframe id=frame src=\"{}\" title=\"What garment is this?\" width=600 height=500></iframe>",
        page.server.url("/embed?theme=light&compact")
    );
    let policy =
        format!("content-security-policy: default-src 'none'; frame-src {}\r\n", page.server.url(""));
    page.excuse("/favicon.ico");
    let site = Site::start(HashMap::from([("/".into(), (policy, body.into_bytes()))]));
    page.go_to(&site.url("/"));
    page.enter("return document.getElementById('frame');");
    page.pick(&[shirt_file(&page)]);
    assert_eq!(page.answer("shirt.jpg").state, "done");
}

/// A site that sends arbitrary messages to the frame gets typed errors only, and the frame keeps working.
#[track_caller]
fn assert_withstands_hostile_messages(page: &Page) {
    let body = format!(
        "<!doctype html><title>A trap</title><iframe id=frame src=\"{}\" title=trap width=600 height=500></iframe>",
        page.server.url("/embed")
    );
    let site = Site::start(HashMap::from([("/".into(), html(&body))]));
    page.go_to(&site.url("/"));
    page.enter("return document.getElementById('frame');");
    page.pick(&[shirt_file(page)]);
    page.answer("shirt.jpg");
    page.leave();
    let replies: Vec<Value> = page.run_async(include_str!("hostile.js"));
    assert!(replies.len() >= 20, "{}", replies.len());
    for reply in &replies {
        assert_eq!(reply["protocol"], "clothing-classifier/1", "{reply}");
        let told = reply.to_string();
        assert!(!told.contains("blob") && !told.contains("shirt.jpg"), "{told}");
        let codes = ["version", "unknown", "malformed", "photo"];
        let known = match reply["type"].as_str() {
            Some("error") => codes.contains(&reply["code"].as_str().unwrap_or_default()),
            Some(kind) => ["ready", "size", "progress"].contains(&kind),
            None => false,
        };
        assert!(known, "{reply}");
    }
    page.enter("return document.getElementById('frame');");
    let seen = page.snapshot();
    assert_eq!((seen.failed, seen.cards.len()), (None, 1));
    assert_eq!(seen.path, "/embed");
    page.pick(&[page.file("b.jpg", &jpeg(&shirt(200, 300, [90, 20, 20])))]);
    page.answer("b.jpg");
}

#[test]
fn hostile_messages_change_nothing() {
    assert_withstands_hostile_messages(&away().open());
}

/// In one visit, because Firefox is slow to start.
#[test]
fn firefox_does_the_same() {
    let page = away().with_firefox().open();
    let elements = "<clothing-classifier loading=eager></clothing-classifier>".repeat(3);
    let site = site(&page, &elements, &[]);
    page.go_to(&site.cross_site_url("/"));
    page.run::<Value>(RECORD);
    assert_answers_a_visitor(&page);
    #[derive(Deserialize)]
    struct Told {
        label: String,
        order: usize,
    }
    let told: Vec<Told> = page.run_async(
        "const elements = document.querySelectorAll('clothing-classifier');
         const photos = await Promise.all([...Array(10).keys()].map(
           async (index) => (await fetch(`/${index}.jpg`)).blob()));
         let order = 0;
         return Promise.all(photos.map(async (photo, index) => {
           const { label } = await elements[index % 3].classify(photo);
           return { label, order: order++ };
         }));",
    );
    for (index, (told, said)) in told.iter().zip(command_line(&files_of(&page, 10))).enumerate() {
        assert_eq!(told.label, said.label, "{index}");
    }
    for element in 0..3 {
        let order: Vec<_> = told.iter().skip(element).step_by(3).map(|told| told.order).collect();
        assert!(order.is_sorted(), "of element {element}: {order:?}");
    }
    let networks = page.server.requests().iter().filter(|path| path.ends_with(".onnx")).count();
    assert_eq!(networks, 1);
    page.run::<Value>("document.querySelector('clothing-classifier').remove(); return null;");
    assert_answers_the_site(&page);

    assert_withstands_hostile_messages(&page);
    assert_works_in_a_strict_page(&page);
    assert_works_from_the_disk(&page);
    assert_works_in_isolated_pages(&page);
    assert_says_that_a_sandbox_keeps_it_out(&page);
    assert_says_that_a_policy_keeps_it_out(&page);
}

/// Messages to the element from other senders than its frame, and from a lying frame.
#[test]
fn a_hostile_frame_cannot_make_the_element_err() {
    let (page, _site) = host(away(), ELEMENT);
    page.wait_for(OPEN);
    let before = heard(&page, "classified").len();
    page.run::<Value>(
        "const protocol = 'clothing-classifier/1';
         const prediction = { label: 'jeans', name: 'Jeans', probability: 1, recognised: true, family: null, alternatives: [] };
         for (const data of [null, 1, 'x', {}, { protocol }, { protocol, type: 'hello' }, { protocol, type: 'ready' },
             { protocol, type: 'classified', file: 'x', prediction }, { protocol, type: 'error', code: 'x' },
             { protocol: 'clothing-classifier/2', type: 'hello' }, { protocol, type: 'size', height: 1e9 }]) {
           window.postMessage(data, '*');
           dispatchEvent(new MessageEvent('message', { data, origin: 'https://example.org' }));
           dispatchEvent(new MessageEvent('message', { data, source: window }));
         }
         return new Promise((resolve) => setTimeout(() => resolve(null), 500));",
    );
    assert_eq!(heard(&page, "classified").len(), before);
    assert!(heard(&page, "error").is_empty());
    assert!(page.run::<bool>(OPEN), "the frame was not closed");
    assert_answers_the_site(&page);
}

/// Messages of a foreign or broken frame, which is served instead of the page.
const LIAR: &str = "<!doctype html><title>A liar</title><script>
    const protocol = 'clothing-classifier/1';
    const prediction = { label: 'jeans', name: 'Jeans', probability: 0.9, recognised: false, family: { id: 'bottom', name: 'Bottoms', probability: 0.9 }, alternatives: [] };
    const told = [];
    addEventListener('message', ({ data, ports: [port] }) => {
      if (!port) return;
      port.onmessage = ({ data }) => {
        told.push(data);
        if (data.type !== 'classify') return;
        const { id } = data;
        const answer = { protocol, type: 'classified', id, file: 'a.jpg', prediction };
        const failure = { protocol, type: 'error', id, code: 'photo', reason: 'It is none.', remedy: 'Choose another.' };
        const wrong = [
          null, 1, 'x', [], {}, prediction, { ...answer, protocol: undefined }, { ...answer, protocol: 'clothing-classifier/2' },
          { ...answer, protocol: [protocol] }, { ...answer, type: 'Classified' }, { ...answer, type: 'constructor' },
          { ...answer, file: undefined }, { ...answer, file: 7 }, { ...answer, prediction: null }, { ...answer, prediction: [] },
          ...Object.keys(prediction).flatMap((key) => [undefined, null, {}, -1, 2, NaN, '<b>'].map((value) =>
            ({ ...answer, prediction: { ...prediction, [key]: value } })).filter(({ prediction }) =>
              !(typeof prediction[key] === 'string' && (key === 'label' || key === 'name')) && !(prediction[key] === null && key === 'family'))),
          { ...answer, prediction: { ...prediction, family: { id: 'bottom', name: 'Bottoms' } } },
          { ...answer, prediction: { ...prediction, alternatives: [null] } },
          { ...answer, prediction: { ...prediction, alternatives: [{ label: 1, probability: 0.1 }] } },
          { ...answer, prediction: { ...prediction, alternatives: [{ label: 'x', probability: 7 }] } },
          { ...failure, code: undefined }, { ...failure, reason: 7 }, { ...failure, remedy: {} },
          ...[-1, 0, NaN, Infinity, 1e9, '100', '1px;position:fixed', null, {}].map((height) => ({ protocol, type: 'size', height })),
          { protocol, type: 'progress', phase: 'loading', done: 2, total: 1 },
          { protocol, type: 'progress', phase: {}, done: 1, total: 1 },
          { protocol, type: 'progress', phase: 'loading', done: -1, total: 1 },
        ];
        for (const message of wrong) port.postMessage(message);
        port.postMessage({ ...answer, file: String(wrong.length) });
      };
      port.postMessage({ protocol, type: 'ready' });
    });
    parent.postMessage({ protocol, type: 'hello' }, '*');
    </script>";

#[test]
fn a_lying_frame_is_not_believed() {
    let page = away().open();
    let script = fs::read_to_string(dist().join("embed.js")).expect("the bundle's script");
    let body =
        format!("<!doctype html><title>A shop</title><script type=module src=embed.js></script>{ELEMENT}");
    let mut resources = HashMap::from([("/".to_string(), html(&body)), ("/embed".to_string(), html(LIAR))]);
    resources.insert("/embed.js".into(), (String::new(), script.into_bytes()));
    let site = Site::start(resources);
    page.go_to(&site.url("/"));
    page.run::<Value>(RECORD);
    let label: String = page.run_async(
        "return (await document.querySelector('clothing-classifier').classify(new Blob(['x']))).label;",
    );
    assert_eq!(label, "jeans", "the one that is well-formed");
    let all: Vec<Heard> = page.run("return heard.filter(({ type }) => type !== 'ready');");
    let kinds: Vec<_> = all.iter().map(|heard| &*heard.kind).collect();
    assert_eq!(kinds, ["classified"], "{all:?}");
    let lies: u32 = all[0].detail["file"].as_str().expect("a name").parse().expect("how many there were");
    assert!(lies >= 50, "{lies}");
    let height: f64 =
        page.run("return document.querySelector('clothing-classifier').getBoundingClientRect().height;");
    assert!(height < 1_000.0, "{height}");
}

#[test]
fn what_goes_wrong_is_told_with_its_cause_and_can_be_tried_again() {
    let (page, _site) = host(away().with(MODEL, Fault::Status(404)), ELEMENT);
    page.excuse("404");
    let ask = "return document.querySelector('clothing-classifier')
        .classify(new Blob([new Uint8Array(arguments[0])])).then(() => 'answered', ({ code }) => code);";
    let photo = jpeg(&shirt(300, 400, [40, 70, 150]));
    assert_eq!(page.run_with::<String>(ask, &photo), "engine");
    let told = heard(&page, "error");
    assert_eq!(told.iter().map(|error| error.code.as_deref()).collect::<Vec<_>>(), [Some("engine")]);
    assert_eq!(page.run_with::<String>(ask, &photo), "answered");
}

/// Hosted under a path, such as `https://example.org/tools/clothes/`.
#[test]
fn it_can_stand_under_a_path() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("under-a-path");
    at_path(&dist(), &root, "/tools/clothes/");
    let mut page = Visit::to("/tools/clothes/").with_bundle(&root).open();
    page.wait_for_offline();
    page.pick(&[shirt_file(&page)]);
    assert_eq!(page.answer("shirt.jpg").state, "done");
    page.click("nav a[href$='/about']");
    page.wait_until("About is there", |seen| seen.heading.as_deref() == Some("About"));
    assert_eq!(page.snapshot().path, "/tools/clothes/about");

    let body = format!(
        "<!doctype html><title>A shop</title><script type=module src=\"{}\"></script>{ELEMENT}",
        page.server.url("/tools/clothes/embed.js")
    );
    let site = Site::start(HashMap::from([("/".into(), html(&body))]));
    page.go_to(&site.url("/"));
    page.run::<Value>(RECORD);
    assert_answers_a_visitor(&page);
    let asked = page.server.requests();
    assert!(asked.iter().all(|path| path.starts_with("/tools/clothes/")), "{asked:?}");

    page.server.end();
    page.excuse("ERR_CONNECTION_REFUSED");
    for path in ["/tools/clothes/", "/tools/clothes/embed", "/tools/clothes/widget"] {
        page.reopen(path);
        if path.ends_with("widget") {
            page.wait_until("the page is there", |seen| seen.heading.as_deref() == Some("For your site"));
        } else {
            page.pick(&[shirt_file(&page)]);
            assert_eq!(page.answer("shirt.jpg").state, "done", "{path}");
        }
    }
}

#[test]
fn its_own_page_shows_it_and_gives_the_lines_to_paste() {
    let page = Visit::to("/widget").open();
    page.wait_until("the page is there", |seen| seen.heading.as_deref() == Some("For your site"));
    page.click("select[name=theme] option:nth-child(3)");
    page.click("input[name=compact]");
    let snippets: Vec<String> =
        page.run("return [...document.querySelectorAll('.snippet code')].map((code) => code.textContent);");
    let place = page.server.url("/");
    assert_eq!(
        snippets[0],
        format!(
            "<script type=\"module\" src=\"{place}embed.js\"></script>\n\
             <clothing-classifier theme=\"dark\" compact></clothing-classifier>"
        )
    );
    assert!(
        snippets[1].contains(&format!("src=\"{place}embed?theme=dark&amp;compact=\"")),
        "{}",
        snippets[1]
    );

    page.wait_for(OPEN);
    page.drop(
        &json!({ "items": [], "files": [page.file("beside.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))],
        "dragOperationsMask": 1 }),
    );
    page.wait_for("return document.querySelector('.log').textContent.includes('\"file\":\"beside.jpg\"');");

    page.enter(FRAME);
    page.pick(&[shirt_file(&page)]);
    let card = page.answer("shirt.jpg");
    page.leave();
    let label = format!("\"label\":\"{}\"", card.label.unwrap_or_default());
    page.wait_for(&format!(
        "return document.querySelector('.log').textContent.includes('classified {{') &&
           document.querySelector('.log').textContent.includes({label:?});"
    ));
}

/// Visitors use the keyboard, too.
#[test]
fn the_placeholder_leads_a_keyboard_into_the_frame() {
    let far = "<p style=\"height: 3000px\">Above.</p><clothing-classifier></clothing-classifier>";
    let (page, _site) = host(away().on(Screen { width: 800, height: 600, touch: false, dark: false }), far);
    page.wait_for("return !!customElements.get('clothing-classifier');");
    page.run::<Value>(
        "document.querySelector('clothing-classifier').shadowRoot.querySelector('button').click(); return null;",
    );
    page.wait_for(OPEN);
    page.wait_for(
        "return document.querySelector('clothing-classifier').shadowRoot.activeElement?.tagName === 'IFRAME';",
    );
}

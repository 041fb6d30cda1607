//! Every state of the page on screens of all sizes: nothing is cut off. Takes screenshots for people to judge.

use std::{
    cell::RefCell,
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    answers::{Said, command_line},
    clean,
    harness::{Fault, MODEL, Page, Screen, Visit, project},
    pictures::{SIX, jpeg, long_to_read, real, shirt},
    widget,
};

const PHONE: Screen = Screen { width: 390, height: 844, touch: true, dark: false };
const DESKTOP: Screen = Screen { width: 1440, height: 900, touch: false, dark: false };
const SMALLEST: Screen = Screen { width: 320, height: 568, touch: true, dark: false };

#[test]
fn all_fits_on_the_smallest_screen() {
    let faults = RefCell::new(Vec::new());
    tour(SMALLEST, |page, state| {
        let wide: u32 = page.run("return document.documentElement.scrollWidth;");
        if wide > SMALLEST.width {
            faults.borrow_mut().push(format!("{state}: {wide} pixels wide"));
        }
        let torn: Vec<String> = page.run(include_str!("torn.js"));
        if !torn.is_empty() {
            faults.borrow_mut().push(format!("{state}: words torn in two: {torn:?}"));
        }
        picture(page, state, "320-light");
    });
    assert!(faults.borrow().is_empty(), "{:#?}", faults.borrow());
}

#[test]
fn pictures_of_every_state() {
    if pictures_folder().is_none() {
        println!("Skipped: SCREENSHOTS is not set.");
        return;
    }
    for (name, screen) in [("390", PHONE), ("1440", DESKTOP)] {
        for (scheme, dark) in [("light", false), ("dark", true)] {
            tour(Screen { dark, ..screen }, |page, state| picture(page, state, &format!("{name}-{scheme}")));
        }
    }
}

fn pictures_folder() -> Option<PathBuf> {
    env::var_os("SCREENSHOTS").map(|folder| project().join(folder))
}

fn picture(page: &Page, state: &str, screen: &str) {
    if let Some(folder) = pictures_folder() {
        page.screenshot(&folder.join(format!("{screen}-{state}.png")));
    }
}

/// The screenshots of `make pictures`: for app stores and the browser's install dialogue, for links to the page, and for the
/// documentation. `PICTURES` is a folder with drawings to clean (`closet`) and the page that `explore` made of them (`look`).
#[test]
fn screenshots() {
    let Some(folder) = env::var_os("PICTURES").map(|folder| project().join(folder)) else {
        println!("Skipped: PICTURES is not set.");
        return;
    };
    let (shown, documents) = (project().join("public/screenshots"), project().join("docs"));
    for (screen, file) in [
        (PHONE, shown.join("narrow.png")),
        (DESKTOP, shown.join("wide.png")),
        (Screen { width: 1200, height: 630, ..DESKTOP }, shown.join("social.png")),
    ] {
        answered(screen, &file);
    }
    for (dark, ending) in [(false, ".png"), (true, "-dark.png")] {
        let file = |what: &str| documents.join(format!("{what}{ending}"));
        let screen = |height| Screen { width: 1080, height, touch: false, dark };
        answered(screen(620), &file("page"));

        let page = Visit::to("/clean").on(screen(850)).open();
        page.wait_for_offline();
        page.choose("open-folder", &[folder.join("closet")]);
        clean::wait(&page, "all are answered", |seen| seen.count == "closet: 120 photos");
        page.click(".thumbs button");
        page.wait_for("return document.querySelector('.stage img').complete;");
        page.screenshot_of(screen(850), &file("clean"));

        // The page's beginning and end.
        let page = Visit::to("about:blank").on(screen(600)).open();
        page.go_to(&format!("file://{}", folder.join("look/index.html").display()));
        page.run::<Value>(
            "document.querySelectorAll('section:not(#odd)').forEach((part) => part.remove());
            return null;",
        );
        page.screenshot(&file("explore"));
    }
}

/// Takes a screenshot of the page with a photo and its answer.
fn answered(screen: Screen, file: &Path) {
    let page = Visit::to("/").on(screen).open();
    page.pick(&[project().join("tests/fixtures/polo-shirt.jpg")]);
    page.wait_for_offline();
    page.answers(1);
    page.wait_until("the photo is shown", |seen| seen.cards[0].preview);
    page.screenshot_of(screen, file);
}

/// Brings the page into each of its states, and calls `look` in each.
fn tour(screen: Screen, look: impl Fn(&Page, &str)) {
    let page = Visit::to("/").with(MODEL, Fault::HeldAfter(0.4)).on(screen).open();
    page.wait_until("loading has begun", |seen| seen.loading.is_some_and(|value| value > 20.0));
    look(&page, "loading");
    let photos = Photos::choose(&page);
    page.pick(std::slice::from_ref(&photos.garment));
    page.wait_until("the photo is shown", |seen| seen.cards.iter().any(|card| card.preview));
    look(&page, "waiting");
    page.server.release();
    page.answers(1);
    look(&page, "garment");
    page.click(".card [aria-pressed]");
    look(&page, "class-map");

    start_anew(&page);
    for (state, photo) in
        [("family", &photos.family), ("unsure", &photos.unsure), ("no-garment", &photos.nothing)]
    {
        let Some(photo) = photo else { continue };
        page.pick(std::slice::from_ref(photo));
        page.answers(1);
        look(&page, state);
        start_anew(&page);
    }
    look(&page, "empty");
    let letter = page.file("letter.jpg", b"no photo");
    page.pick(std::slice::from_ref(&letter));
    page.answers(1);
    look(&page, "refused");

    let mut many = vec![letter];
    many.extend(photos.all());
    many.extend((1..5).map(|number| {
        let name =
            format!("IMG_20261123_{number}_a-long-name-without-any-space-as-phones-like-to-write-them.jpg");
        page.file(&name, &jpeg(&shirt(400, 300, [60 * number, 90, 120])))
    }));
    page.pick(&many);
    page.answers(many.len() + 1);
    look(&page, "many");
    page.drag(&json!({ "items": [], "files": [many[0]], "dragOperationsMask": 1 }));
    page.wait_until("the page asks to drop the photos", |seen| seen.dropping);
    look(&page, "drag-over");

    page.go_to("/");
    page.wait_for_engine();
    page.pick(&[page.file("large.jpg", long_to_read()), many[1].clone()]);
    page.wait_until("a photo is selected", |seen| seen.cards.iter().any(|card| card.state == "working"));
    look(&page, "busy");
    page.go_to("/about");
    page.wait_for_engine();
    look(&page, "about");
    page.click("main a[href$='licences']");
    page.wait_until("the licences are there", |seen| seen.heading.as_deref() == Some("Licences"));
    look(&page, "licences");
    page.go_to("/clean");
    page.wait_for_engine();
    look(&page, "clean-empty");
    page.choose("open-folder", &[labelled(&page)]);
    clean::wait(&page, "all photos are answered", |seen| seen.count == "labelled: 24 photos");
    look(&page, "clean-ranked");
    page.click(".thumbs button");
    for key in ["r", "d", "k"] {
        page.press(key);
    }
    clean::wait(&page, "some are decided", |seen| seen.decisions.starts_with(['2', '3']));
    page.choose("give-model", &[page.file("half.onnx", b"no model")]);
    clean::wait(&page, "the network is refused", |seen| !seen.refused_model.is_empty());
    look(&page, "clean-decided");
    page.go_to("/clean");
    page.wait_for_engine();
    clean::fill_and_open_closet(&page);
    for (file, key) in [("polo-shirt/blurred.jpg", "d"), ("jeans/polo.jpg", "2")] {
        page.click(&format!("[data-file='{file}'] button"));
        page.press(key);
    }
    page.click("[data-file='polo-shirt/polo.jpg'] button");
    page.click("#apply");
    clean::wait(&page, "the page asks", |seen| !seen.question.is_empty());
    look(&page, "clean-apply");
    page.click("#confirm");
    clean::wait(&page, "it is done", |seen| seen.applied.starts_with("1 photo moved"));
    look(&page, "clean-applied");
    page.go_to("/widget");
    page.wait_for(widget::OPEN);
    look(&page, "widget");
    page.go_to("/embed");
    look(&page, "embed");
    page.pick(&[many[1].clone()]);
    page.answers(1);
    look(&page, "embed-answer");
    page.go_to("/embed?compact&accent=%23b00040&multiple");
    look(&page, "embed-compact");
    page.pick(&many[1..3]);
    page.answers(2);
    look(&page, "embed-compact-answers");
    let shop = widget::shop(&page);
    page.go_to(&shop.url("/"));
    page.wait_for(widget::OPEN);
    look(&page, "shop");
    page.enter(widget::FRAME);
    page.pick(&[many[1].clone()]);
    page.answers(1);
    page.leave();
    look(&page, "shop-answer");
    page.excuse_missing("/no-such-page");
    page.go_to("/no-such-page");
    page.wait_for_engine();
    look(&page, "not-found");
    drop(page);

    let page = Visit::to("/").with(MODEL, Fault::Status(404)).on(screen).open();
    page.excuse("404");
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    page.wait_until("the failure is shown", |seen| seen.failed.is_some());
    look(&page, "failed");
    drop(page);

    let page = Visit::to("/").after_script("delete window.WebAssembly;").on(screen).open();
    page.excuse("WebAssembly");
    page.wait_until("the failure is shown", |seen| seen.failed.is_some());
    look(&page, "old-browser");
}

/// A folder of photos, a few of them under wrong labels.
fn labelled(page: &Page) -> PathBuf {
    let mut folder = PathBuf::new();
    for (place, label) in SIX.iter().enumerate() {
        let photos = real(label);
        for number in 0..4 {
            let drawn = || jpeg(&shirt(300, 400, [60 * number, 40 * place as u8, 150]));
            let bytes =
                photos.get(usize::from(number)).map_or_else(drawn, |photo| fs::read(photo).expect("a photo"));
            let label = if number == 3 && place < 3 { SIX[place + 3] } else { label };
            let photo = page.file(&format!("labelled/{label}/{place}-{number}.jpg"), &bytes);
            folder = photo.parent().and_then(Path::parent).expect("the folder").into();
        }
    }
    folder
}

fn start_anew(page: &Page) {
    page.click("[id^=remove-]");
    page.wait_until("the list is empty", |seen| seen.cards.is_empty());
}

/// A photo for each kind of answer, if there is one.
struct Photos {
    garment: PathBuf,
    family: Option<PathBuf>,
    unsure: Option<PathBuf>,
    nothing: Option<PathBuf>,
}

impl Photos {
    fn choose(page: &Page) -> Self {
        let drawn = page.file("shirt.jpg", &jpeg(&shirt(480, 640, [40, 70, 150])));
        let labels = ["t-shirt", "not-clothing", "accessory", "hat", "longsleeve"];
        let mut files: Vec<_> = labels.iter().flat_map(|label| real(label).into_iter().take(8)).collect();
        files.push(drawn);
        let said = command_line(&files);
        let find = |wanted: &dyn Fn(&Said) -> bool| {
            said.iter().find(|said| wanted(said)).map(|said| said.file.clone())
        };
        Self {
            garment: find(&|said| said.recognised)
                .unwrap_or_else(|| Path::new(&files[files.len() - 1]).into()),
            family: find(&|said| said.family.is_some()),
            unsure: find(&|said| !said.recognised && said.family.is_none() && said.label != "not-clothing"),
            nothing: find(&|said| said.family.is_none() && said.label == "not-clothing"),
        }
    }

    fn all(self) -> impl Iterator<Item = PathBuf> {
        [Some(self.garment), self.family, self.unsure, self.nothing].into_iter().flatten()
    }
}

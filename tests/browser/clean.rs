//! The cleaning page, and custom networks.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use image::{Rgb, RgbImage, imageops};
use prost::Message;
use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::Key;
use tract_onnx::pb::{ModelProto, tensor_proto::DataLocation};

use crate::{
    accessible::{assert_named, tab_to},
    harness::{Page, Visit, project},
    pictures::{jpeg, name, shirt},
    tiny_model::colour_model,
};

/// What `clean.js` reads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Cleaned {
    pub count: String,
    notes: String,
    notice: String,
    pub refused_model: String,
    own_model: String,
    pub rows: Vec<Row>,
    look: Option<Look>,
    changes: Vec<String>,
    pub decisions: String,
    /// Whether the decisions can be applied to the folder itself.
    can_apply: bool,
    pub question: String,
    /// The report after applying.
    pub applied: String,
}

/// A photo in the list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Row {
    file: String,
    decision: String,
    loss: String,
    sharpness: String,
    given: String,
    said: String,
    current: bool,
}

/// The selected photo.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Look {
    file: String,
    given: String,
    said: String,
    loss: String,
    decided: String,
    refusal: String,
    proposal: String,
    /// Its near-duplicates.
    twins: Vec<String>,
}

impl Cleaned {
    fn of(page: &Page) -> Self {
        page.run(include_str!("clean.js"))
    }

    fn files(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.file.as_str()).collect()
    }

    #[track_caller]
    fn look(&self) -> &Look {
        self.look.as_ref().unwrap_or_else(|| panic!("no photo is looked at: {self:?}"))
    }

    #[track_caller]
    fn row(&self, file: &str) -> &Row {
        self.rows
            .iter()
            .find(|row| row.file == file)
            .unwrap_or_else(|| panic!("{file} is not shown: {self:?}"))
    }
}

#[track_caller]
pub fn wait(page: &Page, what: &str, mut shown: impl FnMut(&Cleaned) -> bool) -> Cleaned {
    let mut last = None;
    page.wait_until(what, |_| {
        let cleaned = Cleaned::of(page);
        let is_shown = shown(&cleaned);
        last = Some(cleaned);
        is_shown
    });
    last.expect("it was just read")
}

const COLOURS: [(&str, [u8; 3]); 3] =
    [("red", [170, 40, 50]), ("green", [40, 130, 60]), ("blue", [40, 70, 160])];
/// The number of photos of each colour under their true label.
const EACH: u8 = 9;
/// Photos under wrong labels, the hardest last.
const WRONG: [&str; 3] = ["green/wrong-red.jpg", "red/wrong-blue.jpg", "blue/wrong-green.jpg"];

fn thing(colour: &str, shade: u8) -> Vec<u8> {
    let (_, base) = COLOURS.iter().find(|(name, _)| *name == colour).expect("a colour");
    let (ground, paint) = (Rgb([190; 3]), Rgb(base.map(|value| value + 4 * shade)));
    let is_ground = |x: u32, y: u32| !(12..84).contains(&x) || !(10..110 + u32::from(shade)).contains(&y);
    jpeg(&RgbImage::from_fn(96, 128, |x, y| if is_ground(x, y) { ground } else { paint }))
}

/// A folder of coloured things: three under wrong labels, one file that is no photo, and one outside the labels' folders.
pub fn things(page: &Page) -> PathBuf {
    for (colour, _) in COLOURS {
        for shade in 0..EACH {
            page.file(&format!("things/{colour}/{shade}.jpg"), &thing(colour, shade));
        }
    }
    for wrong in WRONG {
        let colour = wrong.split(['-', '.']).nth(1).expect("its true colour");
        page.file(&format!("things/{wrong}"), &thing(colour, 3));
    }
    page.file("things/red/letter.jpg", b"no photo");
    let outside = page.file("things/notes.txt", b"beside the labels");
    page.file("things/.hidden/red/0.jpg", b"");
    outside.parent().expect("the folder").into()
}

/// Opens /clean with a network that tells colours apart, and creates a folder of things.
fn cleaning() -> (Page, PathBuf) {
    let page = Visit::to("/clean").open();
    page.wait_for_engine();
    give(&page, &page.file("colours.onnx", &colour_model()));
    let folder = things(&page);
    open(&page, &folder);
    (page, folder)
}

pub fn give(page: &Page, model: &Path) {
    page.choose("give-model", &[model.into()]);
    wait(page, "the custom network answers", |cleaned| cleaned.own_model == name(model));
}

/// Opens a folder and waits until all photos are answered.
pub fn open(page: &Page, folder: &Path) -> Cleaned {
    page.choose("open-folder", &[folder.into()]);
    let name = name(folder);
    wait(page, "all photos are answered", |cleaned| {
        cleaned.count.contains(&format!("{name}: ")) && !cleaned.count.contains(" of ")
    })
}

#[test]
fn wrong_labels_come_first_and_no_decision_is_lost() {
    let (page, folder) = cleaning();
    let seen = Cleaned::of(&page);
    assert_eq!(seen.count, format!("things: {}\u{a0}photos", 3 * EACH + 4).replace('\u{a0}', " "));
    assert_eq!(seen.notes, "1 file is in no label’s folder and was left out: notes.txt.");
    let mut first = seen.files()[..3].to_vec();
    first.sort_unstable();
    assert_eq!(first, ["blue/wrong-green.jpg", "green/wrong-red.jpg", "red/wrong-blue.jpg"]);
    let losses: Vec<f32> = seen.rows.iter().map(|row| row.loss.parse().expect("a loss")).collect();
    assert!(losses.is_sorted_by(|a, b| a >= b), "{losses:?}");
    let red = seen.row("green/wrong-red.jpg");
    assert_eq!((red.given.as_str(), red.said.as_str()), ("Green thing", "Red thing"));
    assert!(seen.look.is_none() && seen.decisions.starts_with('0'), "{seen:?}");
    assert!(!seen.can_apply, "a folder from an input is read-only");

    // Keys work as soon as the folder is open.
    page.wait_until("the keys work", |seen| seen.focus == "#review");
    page.press(Key::Right);
    let seen = wait(&page, "a photo is selected", |seen| seen.look.is_some());
    let (top, second, third) = (seen.rows[0].clone(), seen.rows[1].clone(), seen.rows[2].clone());
    assert_eq!(seen.look().file, top.file);
    assert!(seen.look().proposal.contains(&top.said), "{seen:?}");
    assert!(top.loss.starts_with(&seen.look().loss[..3]), "{seen:?}");
    page.press("r");
    let seen = wait(&page, "it is relabelled", |seen| seen.row(&top.file).decision == "relabel");
    assert_eq!(seen.look().file, second.file, "and the next is selected");
    page.press("d");
    page.press("k");
    let seen = wait(&page, "all three are decided", |seen| seen.decisions.starts_with('3'));
    assert_eq!([&seen.row(&second.file).decision, &seen.row(&third.file).decision], ["delete", "keep"]);
    page.press("u");
    let seen = wait(&page, "one is undone", |seen| seen.decisions.starts_with('2'));
    assert_eq!((seen.look().file.as_str(), seen.look().decided.as_str()), (third.file.as_str(), "not yet"));
    // Keys number the labels in the order of their folders: blue, green, red.
    let right = third.said.split(' ').next().expect("a colour").to_lowercase();
    let key = ["blue", "green", "red"].iter().position(|colour| *colour == right).expect("a colour") + 1;
    page.press(key.to_string());
    let seen = wait(&page, "it is relabelled", |seen| seen.row(&third.file).decision == "relabel");
    assert_eq!(seen.changes.len(), 3, "{seen:?}");
    page.press(Key::Left);
    wait(&page, "the previous one is selected", |seen| seen.look().file == third.file);

    // Reloaded half-way.
    page.go_to("/clean");
    page.wait_for_engine();
    give(&page, &folder.with_file_name("colours.onnx"));
    let seen = open(&page, &folder);
    let decisions = |seen: &Cleaned| [&top, &second, &third].map(|row| seen.row(&row.file).decision.clone());
    assert_eq!(decisions(&seen), ["relabel", "delete", "relabel"]);
    page.wait_until("the keys work", |seen| seen.focus == "#review");
    for left in [2, 1, 0] {
        page.press("u");
        wait(&page, "a step is taken back", |seen| seen.decisions.starts_with(&left.to_string()));
    }
    page.press("u");
    assert_eq!(decisions(&Cleaned::of(&page)), ["undecided"; 3]);

    // With the mouse.
    let click = |words: &str| {
        let buttons: Vec<String> = page.run(
            "return [...document.querySelectorAll('.decide button')].map((button) => button.textContent);",
        );
        let place = buttons.iter().position(|button| button.starts_with(words)).expect("the button");
        page.click(&format!(".decide button:nth-child({})", place + 1));
    };
    let press = |file: &str| page.click(&format!("[data-file='{file}'] button"));
    press(&top.file);
    click("It is: ");
    wait(&page, "it is relabelled", |seen| seen.row(&top.file).decision == "relabel");
    press(&third.file);
    click("Delete");
    press(&second.file);
    click("Keep");
    wait(&page, "all three are decided", |seen| seen.decisions.starts_with('3'));

    page.click("#save");
    let table = page.downloaded("decisions.csv");
    let mut reader = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().map(|row| row.expect("a row")).collect();
    let row = |file: &str| rows.iter().find(|row| row["file"] == file).expect("a row for each decision");
    assert_eq!(rows.len(), 3);
    let new = top.said.split(' ').next().expect("a colour").to_lowercase();
    assert_eq!([&row(&top.file)["action"], &row(&top.file)["new_label"]], ["relabel", &new]);
    assert_eq!([&row(&third.file)["action"], &row(&third.file)["new_label"]], ["delete", ""]);
    assert_eq!([&row(&second.file)["action"], &row(&second.file)["new_label"]], ["keep", ""]);
    assert!(rows.iter().all(|row| row["file"].starts_with(&format!("{}/", row["label"]))), "{rows:?}");
    apply(&page, &table, &folder);
}

/// Checks what `apply` of the training pipeline would do with the decisions.
fn apply(page: &Page, table: &str, folder: &Path) {
    let python = project().join("model/.venv/bin/python");
    if !python.is_file() {
        println!("`apply` is not tried: there is no model/.venv.");
        return;
    }
    let said = Command::new(python)
        .args(["-m", "clothing_model", "apply"])
        .arg(page.file("decisions.csv", table.as_bytes()))
        .arg("--data")
        .arg(folder)
        .env("PYTHONPATH", project().join("model"))
        .output()
        .expect("Python runs");
    let words = String::from_utf8_lossy(&said.stdout).into_owned() + &*String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.contains("2 photos move, 1 of them to the bin"), "{words}");
}

#[test]
fn a_file_that_is_no_photo_is_listed_and_lists_can_be_chosen() {
    let (page, folder) = cleaning();
    let choose = |id: &str, value: &str| {
        page.run::<Value>(&format!(
            "const select = document.querySelector('#{id}'); select.value = '{value}';
             select.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ));
    };
    choose("filter", "refused");
    let seen = wait(&page, "the list changes", |seen| seen.rows.len() == 1);
    assert_eq!((seen.rows[0].file.as_str(), seen.rows[0].said.as_str()), ("red/letter.jpg", "no answer"));
    page.click("[data-file='red/letter.jpg'] button");
    let seen = wait(&page, "it is selected", |seen| seen.look.is_some());
    assert!(seen.look().refusal.len() > 30, "{seen:?}");
    page.press("d");
    wait(&page, "the photo is decided", |seen| seen.rows[0].decision == "delete");

    choose("filter", "1");
    let seen = wait(&page, "the list changes", |seen| seen.rows.len() == usize::from(EACH) + 1);
    assert!(seen.rows.iter().all(|row| row.file.starts_with("green/")), "{seen:?}");
    choose("filter", "decided");
    wait(&page, "the list changes", |seen| seen.files() == ["red/letter.jpg"]);
    choose("filter", "all");
    let seen = wait(&page, "the list changes", |seen| seen.rows.len() == 24);
    page.click("#forward");
    let next = wait(&page, "another page of the list is shown", |seen| {
        seen.rows.len() == usize::from(3 * EACH) + 4 - 24
    });
    assert_eq!(next.rows.last().map(|row| row.file.as_str()), Some("red/letter.jpg"));
    assert!(next.rows.iter().all(|row| !seen.files().contains(&row.file.as_str())));
    choose("order", "disagreement");
    let seen = wait(&page, "it begins at the top", |seen| seen.rows.len() == 24);
    assert!(seen.rows[..3].iter().all(|row| WRONG.contains(&row.file.as_str())), "{seen:?}");

    // The choices are of one folder: the next is shown whole, by its losses.
    choose("filter", "decided");
    wait(&page, "the list changes", |seen| seen.files() == ["red/letter.jpg"]);
    page.choose("open-folder", &[folder]);
    wait(&page, "all photos are listed", |seen| seen.rows.len() == 24);
    let chosen: Vec<String> =
        page.run("return ['filter', 'order'].map((id) => document.getElementById(id).value);");
    assert_eq!(chosen, ["all", "loss"]);
}

#[test]
fn a_folder_is_dropped_and_cleaned_by_keyboard_alone() {
    let page = Visit::to("/clean").open();
    page.wait_for_engine();
    assert_named(&page);
    let drop = |file: PathBuf| page.drop(&json!({ "items": [], "files": [file], "dragOperationsMask": 1 }));
    drop(page.file("letter.txt", b"no folder"));
    wait(&page, "the page says what to drop", |seen| seen.notice.starts_with("Drop one folder"));
    drop(page.file("colours.onnx (1)", &colour_model()));
    wait(&page, "the custom network answers", |seen| seen.own_model == "colours.onnx (1)");
    page.file("flat/0.jpg", b"");
    drop(page.file("flat/1.jpg", b"").parent().expect("the folder").into());
    wait(&page, "the page says what to open", |seen| seen.notice.starts_with("No photos in label folders"));
    let folder = things(&page);
    page.file("things/red/deep/second.jpg", b"too deep");
    drop(folder);
    let all = 3 * EACH + 4;
    let seen = wait(&page, "all photos are answered", |seen| seen.count == format!("things: {all} photos"));
    assert_eq!(seen.notes, "2 files are in no label’s folder and were left out, such as notes.txt.");

    page.wait_until("the keys work", |seen| seen.focus == "#review");
    page.press(Key::Right);
    for _ in WRONG {
        page.press("r");
    }
    page.press_with(Key::Control, 'z');
    wait(&page, "two are decided", |seen| seen.decisions.starts_with('2'));
    assert_named(&page);
    // The keys work in this section only.
    page.run::<Value>("document.querySelector('#review').blur(); document.querySelector('nav a').focus();");
    page.press("d");
    assert!(Cleaned::of(&page).decisions.starts_with('2'));
    tab_to(&page, "#open-folder");
    tab_to(&page, "#give-model");
    tab_to(&page, "#filter");
}

/// Replaces the browser's folder dialogue: it returns a folder in the page's private storage (OPFS).
const PICKER: &str = "window.showDirectoryPicker = async ({ mode }) => {
    if (mode !== 'read') throw new TypeError(mode);
    if (window.cancelled) throw new DOMException('nothing was chosen', 'AbortError');
    return (await navigator.storage.getDirectory()).getDirectoryHandle('closet');
};";

/// For scripts: the folder that the dialogue returns, and the one that contains a file.
const CLOSET: &str = "
    const closet = await (await navigator.storage.getDirectory()).getDirectoryHandle('closet', { create: true });
    const place = async (path) => {
        const names = path.split('/');
        let folder = closet;
        for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name, { create: true });
        return [folder, names.at(-1)];
    };";

/// Photos by their paths, among them two near-duplicates under different labels and one blurred photo.
fn closet() -> BTreeMap<String, Vec<u8>> {
    let fixture = |name: &str| fs::read(project().join("tests/fixtures").join(name)).expect("a fixture");
    let pixels = |name: &str| image::load_from_memory(&fixture(name)).expect("a photo").into_rgb8();
    let blurred = imageops::blur(&imageops::thumbnail(&pixels("shirt.jpg"), 300, 400), 6.0);
    let files = [
        ("jeans/jeans.jpg", fixture("jeans.jpg")),
        ("jeans/polo.jpg", jpeg(&imageops::thumbnail(&pixels("polo-shirt.jpg"), 450, 600))),
        ("polo-shirt/blurred.jpg", jpeg(&blurred)),
        ("polo-shirt/polo.jpg", fixture("polo-shirt.jpg")),
        ("shoes/shoes.jpg", fixture("shoes.jpg")),
        ("socks/socks, a pair.jpg", fixture("socks.jpg")),
    ];
    files.map(|(path, bytes)| (path.to_string(), bytes)).into()
}

/// Writes a file into the page's folder.
fn put(page: &Page, path: &str, bytes: &[u8]) {
    page.run_with::<Value>(
        &format!(
            "return (async (bytes) => {{ {CLOSET}
                const [folder, name] = await place({path:?});
                const stream = await (await folder.getFileHandle(name, {{ create: true }})).createWritable();
                await stream.write(new Uint8Array(bytes));
                await stream.close();
            }})(arguments[0]);"
        ),
        bytes,
    );
}

/// All files of the page's folder, each with the checksum of its bytes.
fn tree(page: &Page) -> BTreeMap<String, String> {
    page.run_async(&format!(
        "{CLOSET}
        const files = {{}};
        const walk = async (folder, path) => {{
            for await (const [name, handle] of folder.entries()) {{
                if (handle.kind === 'directory') {{ await walk(handle, path + name + '/'); continue; }}
                const bytes = await (await handle.getFile()).arrayBuffer();
                const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
                files[path + name] = [...sum].map((byte) => byte.toString(16)).join(' ');
            }}
        }};
        await walk(closet, '');
        return files;"
    ))
}

fn text_of(page: &Page, path: &str) -> String {
    page.run_async(&format!(
        "{CLOSET} const [folder, name] = await place({path:?});
        return (await (await folder.getFileHandle(name)).getFile()).text();"
    ))
}

/// Opens the page's folder with the dialogue, and waits until all photos are answered.
fn open_closet(page: &Page, photos: usize) -> Cleaned {
    page.run::<Value>(PICKER);
    page.click("label[for=open-folder]");
    wait(page, "all photos are answered", |seen| seen.count == format!("closet: {photos} photos"))
}

/// Opens a folder to which the page can write.
pub fn fill_and_open_closet(page: &Page) -> BTreeMap<String, Vec<u8>> {
    let photos = closet();
    photos.iter().for_each(|(path, bytes)| put(page, path, bytes));
    let seen = open_closet(page, photos.len());
    assert!(seen.can_apply, "{seen:?}");
    photos
}

fn closet_opened() -> (Page, BTreeMap<String, Vec<u8>>) {
    let page = Visit::to("/clean").open();
    page.wait_for_engine();
    let photos = fill_and_open_closet(&page);
    (page, photos)
}

fn order(page: &Page, value: &str) {
    page.run::<Value>(&format!(
        "const select = document.querySelector('#order'); select.value = '{value}';
         select.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
}

/// Selects a photo and presses a key.
fn decide(page: &Page, file: &str, key: &str, decision: &str) {
    page.click(&format!("[data-file='{file}'] button"));
    wait(page, "it is selected", |seen| seen.look.as_ref().is_some_and(|look| look.file == file));
    page.press(key);
    wait(page, "the photo is decided", |seen| seen.row(file).decision == decision);
}

/// The folder in the bin that contains the only journal.
fn bin(files: &BTreeMap<String, String>, journal: &str) -> String {
    let found: Vec<_> = files.keys().filter_map(|path| path.strip_suffix(journal)).collect();
    assert_eq!(found.len(), 1, "{files:?}");
    found[0].into()
}

#[test]
fn blurred_photos_and_near_duplicates_are_found() {
    let (page, _) = closet_opened();
    order(&page, "blur");
    let seen = wait(&page, "the list changes", |seen| seen.files()[0] == "polo-shirt/blurred.jpg");
    let sharpness: Vec<f32> = seen.rows.iter().map(|row| row.sharpness.parse().expect("a number")).collect();
    assert!(sharpness.is_sorted() && 2.0 * sharpness[0] < sharpness[1], "{sharpness:?}");

    order(&page, "twins");
    let seen = wait(&page, "the list changes", |seen| seen.files()[0] != "polo-shirt/blurred.jpg");
    let mut first = seen.files()[..2].to_vec();
    first.sort_unstable();
    assert_eq!(first, ["jeans/polo.jpg", "polo-shirt/polo.jpg"]);
    page.click("[data-file='jeans/polo.jpg'] button");
    let seen = wait(&page, "it is selected", |seen| seen.look.is_some());
    assert_eq!(seen.look().twins, ["Polo shirt: polo.jpg"]);
    assert_named(&page);
    page.click("[data-part=twins] button");
    let seen =
        wait(&page, "its near-duplicate is selected", |seen| seen.look().file == "polo-shirt/polo.jpg");
    assert_eq!(seen.look().twins, ["Jeans: polo.jpg"]);
    page.click("[data-file='shoes/shoes.jpg'] button");
    wait(&page, "one without near-duplicates is selected", |seen| seen.look().twins.is_empty());
}

#[test]
fn decisions_are_carried_out_in_the_folder_and_can_be_taken_back() {
    let (page, photos) = closet_opened();
    let before = tree(&page);
    decide(&page, "jeans/polo.jpg", "2", "relabel");
    decide(&page, "polo-shirt/blurred.jpg", "d", "delete");
    decide(&page, "socks/socks, a pair.jpg", "3", "relabel");
    decide(&page, "shoes/shoes.jpg", "k", "keep");

    page.click("#apply");
    let asked = wait(&page, "the page asks", |seen| !seen.question.is_empty());
    assert_eq!(
        asked.question,
        "In closet itself, move 2 photos to other labels’ folders and put 1 photo into its folder .bin? Nothing is deleted."
    );
    assert_named(&page);
    page.wait_until("it can be confirmed", |seen| seen.focus == "#confirm");
    page.press(Key::Escape);
    wait(&page, "it stops asking", |seen| seen.question.is_empty());
    page.wait_until("the focus is back", |seen| seen.focus == "#apply");
    assert_eq!(tree(&page), before);
    let told = page.record_announcements();
    page.press(Key::Enter);
    page.wait_until("it can be confirmed", |seen| seen.focus == "#confirm");
    page.press(Key::Enter);
    let seen =
        wait(&page, "it is done", |seen| seen.applied.starts_with("2 photos moved, 1 put into .bin/. "));
    assert!(told().iter().any(|words| words.replace('\u{a0}', " ") == seen.applied), "{:?}", told());

    let after = tree(&page);
    let bin = bin(&after, "/journal.csv");
    let moved = [
        ("jeans/polo.jpg", "polo-shirt/polo-jeans.jpg".to_string()),
        ("polo-shirt/blurred.jpg", format!("{bin}/polo-shirt/blurred.jpg")),
        ("socks/socks, a pair.jpg", "shoes/socks, a pair.jpg".into()),
    ];
    let mut expected = before.clone();
    for (from, to) in &moved {
        let sum = expected.remove(*from).expect("it was there");
        expected.insert(to.clone(), sum);
    }
    let mut left = after.clone();
    left.remove(&format!("{bin}/journal.csv"));
    assert_eq!(left, expected);
    let journal = text_of(&page, &format!("{bin}/journal.csv"));
    assert_eq!(
        journal,
        format!(
            "from,to\njeans/polo.jpg,polo-shirt/polo-jeans.jpg\n\
             polo-shirt/blurred.jpg,{bin}/polo-shirt/blurred.jpg\n\
             \"socks/socks, a pair.jpg\",\"shoes/socks, a pair.jpg\"\n"
        )
    );

    // The page shows it, now and when the folder is opened again.
    let is_up_to_date = |seen: &Cleaned| {
        seen.count == "closet: 5 photos" && seen.rows.len() == 5 && seen.decisions.starts_with("1 ")
    };
    let seen = wait(&page, "the moved photos are classified again", is_up_to_date);
    assert_eq!(seen.row("polo-shirt/polo-jeans.jpg").given, "Polo shirt");
    assert_eq!(seen.row("shoes/socks, a pair.jpg").decision, "undecided");
    assert_eq!(seen.row("shoes/shoes.jpg").decision, "keep");
    assert!(seen.changes.is_empty(), "{seen:?}");
    for (file, width) in
        [("polo-shirt/polo-jeans.jpg", 450), ("polo-shirt/polo.jpg", 900), ("shoes/socks, a pair.jpg", 900)]
    {
        page.wait_for(&format!(
            "return document.querySelector('[data-file=\"{file}\"] img').naturalWidth === {width};"
        ));
    }
    page.go_to("/clean");
    page.wait_for_engine();
    assert!(is_up_to_date(&open_closet(&page, 5)));
    let kept: Vec<String> =
        page.run("return Object.values(localStorage).filter((entry) => entry.includes('decision'));");
    assert_eq!(kept.len(), 1, "{kept:?}");

    let root = page.file("applied/closet/jeans/jeans.jpg", b"");
    let root = root.parent().and_then(Path::parent).expect("the folder");
    for (path, sum) in &after {
        let same = before.iter().find(|(_, other)| *other == sum).map(|(path, _)| &*photos[path]);
        page.file(&format!("applied/closet/{path}"), same.unwrap_or(journal.as_bytes()));
    }
    take_back(root, &photos);
}

/// Undoes the changes with the training pipeline, from the folder and its journal.
fn take_back(root: &Path, photos: &BTreeMap<String, Vec<u8>>) {
    let python = project().join("model/.venv/bin/python");
    if !python.is_file() {
        println!("`apply --undo` is not tried: there is no model/.venv.");
        return;
    }
    let said = Command::new(python)
        .args(["-m", "clothing_model", "apply", "--undo", "--yes", "--data"])
        .arg(root)
        .env("PYTHONPATH", project().join("model"))
        .output()
        .expect("Python runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    for (path, bytes) in photos {
        assert!(fs::read(root.join(path)).expect("it is back") == *bytes, "{path} is another file");
    }
}

#[test]
fn where_the_folder_cannot_be_changed_nothing_is_lost() {
    let (page, _) = closet_opened();
    decide(&page, "jeans/polo.jpg", "2", "relabel");
    decide(&page, "polo-shirt/blurred.jpg", "d", "delete");
    decide(&page, "socks/socks, a pair.jpg", "3", "relabel");
    let before = tree(&page);
    let apply = |words: &str| {
        page.click("#apply");
        page.click("#confirm");
        wait(&page, "the fault is reported", |seen| seen.applied.contains(words))
    };

    page.run::<Value>(
        "const handle = FileSystemHandle.prototype;
         window.given = handle.requestPermission;
         handle.requestPermission = async () => 'denied';",
    );
    page.click("#apply");
    let refused =
        "The browser was not allowed to change files in this folder. Apply again and allow it, or save";
    wait(&page, "the fault is reported", |seen| seen.applied.starts_with(refused));
    page.run::<Value>("FileSystemHandle.prototype.requestPermission = window.given;");
    assert_eq!(tree(&page), before);

    // A photo that has disappeared.
    let away = text_of(&page, "socks/socks, a pair.jpg").len();
    assert!(away > 0);
    page.run_async::<Value>(&format!(
        "{CLOSET} const [folder, name] = await place('socks/socks, a pair.jpg');
        await (await folder.getFileHandle(name)).move('elsewhere.jpg');"
    ));
    let seen = apply("socks/socks, a pair.jpg changed or went away");
    assert!(seen.applied.contains("Nothing was moved. Open the folder again"), "{seen:?}");
    assert!(seen.decisions.starts_with('3'), "{seen:?}");
    page.run_async::<Value>(&format!(
        "{CLOSET} const [folder, name] = await place('socks/elsewhere.jpg');
        await (await folder.getFileHandle(name)).move('socks, a pair.jpg');"
    ));
    assert_eq!(tree(&page), before);

    // Another program has begun to move photos.
    put(&page, ".bin/2026-11-27T00-16-44-000/begun.csv", b"from,to\n");
    let seen = apply("Moves were begun here and not finished: .bin/2026-11-27T00-16-44-000/begun.csv");
    assert!(seen.applied.contains("--undo"), "{seen:?}");
    page.run_async::<Value>(&format!("{CLOSET} await closet.removeEntry('.bin', {{ recursive: true }});"));
    assert_eq!(tree(&page), before);

    // Fails half-way: the second photo cannot be moved.
    page.run::<Value>(
        "const folder = FileSystemDirectoryHandle.prototype;
         window.remove = folder.removeEntry;
         let times = 0;
         folder.removeEntry = async function (name) {
             if (name === 'blurred.jpg' && !times++) throw new DOMException('It is in use.', 'NoModificationAllowedError');
             return window.remove.call(this, name);
         };",
    );
    let seen = apply("polo-shirt/blurred.jpg could not be written or moved: It is in use.");
    assert!(seen.applied.starts_with("1 photo moved. "), "{seen:?}");
    assert!(seen.decisions.starts_with('2'), "what was not moved is still decided: {seen:?}");
    let mut expected = before.clone();
    let sum = expected.remove("jeans/polo.jpg").expect("it was there");
    expected.insert("polo-shirt/polo-jeans.jpg".into(), sum);
    let mut left = tree(&page);
    let journal = bin(&left, "/journal.csv") + "/journal.csv";
    assert_eq!(text_of(&page, &journal), "from,to\njeans/polo.jpg,polo-shirt/polo-jeans.jpg\n");
    left.remove(&journal);
    assert_eq!(left, expected);

    // The rest.
    page.click("#apply");
    page.click("#confirm");
    wait(&page, "it is done", |seen| seen.applied.starts_with("1 photo moved, 1 put into .bin/. "));
    let files = tree(&page);
    assert!(files.contains_key("shoes/socks, a pair.jpg") && !files.contains_key("polo-shirt/blurred.jpg"));
    assert_eq!(files.len(), before.len() + 2, "and two journals: {files:?}");
}

#[test]
fn a_dialogue_that_is_cancelled_changes_nothing() {
    let (page, photos) = closet_opened();
    decide(&page, "shoes/shoes.jpg", "k", "keep");
    page.run::<Value>("window.cancelled = true;");
    page.click("label[for=open-folder]");
    page.run::<Value>(
        "window.cancelled = false; window.showDirectoryPicker = async () => { throw new Error('no'); };",
    );
    tab_to(&page, "#filter");
    let seen = Cleaned::of(&page);
    assert_eq!((seen.rows.len(), seen.notice.as_str()), (photos.len(), ""), "{seen:?}");
    assert!(seen.decisions.starts_with('1'), "{seen:?}");
    page.click("label[for=open-folder]");
    let seen = wait(&page, "the page gives advice", |seen| !seen.notice.is_empty());
    assert!(seen.notice.contains("Drop the folder on this page"), "{seen:?}");
}

/// Foreign model files, with words of the message expected for each.
fn foreign(page: &Page) -> Vec<(PathBuf, &'static str)> {
    let ours = fs::read(project().join("model/clothing.onnx")).expect("our own model");
    let changed = |name: &str, change: &dyn Fn(&mut ModelProto)| {
        let mut model = ModelProto::decode(&*colour_model()).expect("a model");
        change(&mut model);
        page.file(name, &model.encode_to_vec())
    };
    let huge = page.file("huge.onnx", b"");
    fs::File::options()
        .write(true)
        .open(&huge)
        .and_then(|file| file.set_len(300_000_000))
        .expect("a file with nothing in it");
    vec![
        (page.file("half.onnx", &ours[..ours.len() / 2]), "not a whole ONNX file"),
        (page.file("photo.onnx", &jpeg(&shirt(64, 64, [9, 9, 9]))), "not a whole ONNX file"),
        (huge, "has 300 MB; at most 200 MB can be used"),
        (changed("bare.onnx", &|model| model.metadata_props.clear()), "metadata lack “format”"),
        (
            changed("inputs.onnx", &|model| {
                let graph = model.graph.as_mut().expect("a graph");
                let mut second = graph.input[0].clone();
                second.name = "mask".into();
                graph.input.push(second);
            }),
            "must be one float [1, 3, 8, 8], each length a number, but is float [1, 3, 8, 8] and float [1, 3, 8, 8].",
        ),
        (
            changed("shape.onnx", &|model| {
                for entry in &mut model.metadata_props {
                    if entry.key == "input_size" {
                        entry.value = "16".into();
                    }
                }
            }),
            "must be one float [1, 3, 16, 16], each length a number, but is float [1, 3, 8, 8].",
        ),
        (
            changed("several.onnx", &|model| {
                model.metadata_props.retain(|entry| entry.key != "mean");
                let graph = model.graph.as_mut().expect("a graph");
                graph.initializer[0].data_location = Some(DataLocation::External.into());
                graph.node[0].op_type = "Einsum".into();
            }),
            "3 things are the matter with it: – Its metadata lack “mean”. – Its weights lie in another file: \
             save it as one. – It uses operators that are not known here: Einsum. Known are Add, ",
        ),
    ]
}

#[test]
fn ones_own_network_answers_and_foreign_files_are_refused_in_words() {
    let page = Page::ready();
    let drop = |file: &Path| page.drop(&json!({ "items": [], "files": [file], "dragOperationsMask": 1 }));
    page.pick(&[page.file("red.jpg", &thing("red", 3))]);
    let shipped = page.answer("red.jpg");
    for (file, words) in foreign(&page) {
        drop(&file);
        let seen = wait(&page, "it is refused", |seen| seen.refused_model.starts_with(&name(&file)));
        assert!(seen.refused_model.contains(words), "{seen:?}");
        assert_eq!(seen.own_model, "");
    }
    page.click("[id^=remove-]");
    page.pick(&[page.file("red.jpg", &thing("red", 3))]);
    assert_eq!(page.answer("red.jpg").headline, shipped.headline, "the page's own network is back");

    drop(&page.file("colours.onnx", &colour_model()));
    let named = |headline: &'static str| {
        move |seen: &crate::harness::Snapshot| seen.cards[0].headline.as_deref() == Some(headline)
    };
    page.wait_until("the photo is answered again", named("Red thing"));
    assert_eq!(Cleaned::of(&page).refused_model, "");
    page.pick(&[page.file("blue.jpg", &thing("blue", 3))]);
    page.answers(2);
    page.wait_until("it answers with its labels", named("Blue thing"));

    let (half, words) = foreign(&page).swap_remove(0);
    drop(&half);
    let seen = wait(&page, "it is refused", |seen| seen.refused_model.contains(words));
    assert_eq!(seen.own_model, "colours.onnx", "the previous one stays");
    page.pick(&[page.file("green.jpg", &thing("green", 3))]);
    page.wait_until("it answers with its labels", named("Green thing"));
    page.click("nav a[href$=about]");
    page.wait_until("its labels are listed", |seen| seen.path == "/about");
    let labels: Vec<String> =
        page.run("return [...document.querySelectorAll('.labels li')].map((label) => label.textContent);");
    assert_eq!(labels, ["Red thing", "Green thing", "Blue thing"]);
    page.click(".brand");
    page.wait_until("the list is there", |seen| seen.cards.len() == 3);
    page.click(".own-model button");
    page.wait_until("the page's own network answers again", |seen| {
        seen.cards.iter().all(|card| {
            card.is_final() && card.headline.as_ref().is_some_and(|words| !words.contains("thing"))
        })
    });
}

/// Photos that the network was not trained on, the same number from each label.
fn validation(count: usize) -> Vec<(String, PathBuf)> {
    let root = project().join("../shared/photos/val");
    let Ok(labels) = fs::read_dir(&root) else { return Vec::new() };
    let mut photos: Vec<_> = labels
        .filter_map(|label| fs::read_dir(label.ok()?.path()).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())))
        .map(|path| (name(path.parent().expect("a label's folder")), path))
        .collect();
    photos.sort();
    let all = photos.len();
    let count = count.min(all);
    (0..count).map(|index| photos[index * all / count].clone()).collect()
}

fn cleaned(otherwise: usize) -> usize {
    env::var("CLEANED").map_or(otherwise, |count| count.parse().expect("CLEANED is a number"))
}

/// Of `CLEANED` photos (200 by default), one in twenty is put under a wrong label.
#[test]
fn swapped_labels_of_real_photos_are_found_in_the_first_tenth() {
    let photos = validation(cleaned(200));
    if photos.is_empty() {
        println!("Skipped: there are no real photos.");
        return;
    }
    let mut labels: Vec<_> = photos.iter().map(|(label, _)| label.clone()).collect();
    labels.dedup();
    let page = Visit::to("/clean").open();
    let mut swapped = Vec::new();
    let mut folder = PathBuf::new();
    for (number, (label, path)) in photos.iter().enumerate() {
        let place = labels.iter().position(|known| known == label).expect("a label");
        // All wrong labels equally often.
        let other = &labels[(place + 1 + number / 20 * 7 % (labels.len() - 1)) % labels.len()];
        let is_swapped = number % 20 == 10;
        let file = format!("{}/{number}-{}", if is_swapped { other } else { label }, name(path));
        let photo = page.file(&format!("val/{file}"), &fs::read(path).expect("a photo"));
        folder = photo.parent().and_then(Path::parent).expect("the folder").into();
        swapped.extend(is_swapped.then_some(file));
    }
    page.wait_for_engine();
    let begin = Instant::now();
    let mut seen = open(&page, &folder);
    let seconds = begin.elapsed().as_secs_f64();
    let first = photos.len().div_ceil(10);
    let mut files: Vec<String> = Vec::new();
    loop {
        files.extend(seen.files().iter().map(|file| file.to_string()));
        if files.len() >= first {
            break;
        }
        page.click("#forward");
        let former = seen.clone();
        seen = wait(&page, "another page of the list is shown", |seen| {
            seen.rows.iter().all(|row| !former.files().contains(&row.file.as_str()))
        });
    }
    let found = swapped.iter().filter(|file| files[..first].contains(file)).count();
    println!(
        "Of {} swapped labels among {} photos, {found} ({:.3}) are among the first tenth; {:.0} ms a photo.",
        swapped.len(),
        photos.len(),
        found as f64 / swapped.len() as f64,
        1000.0 * seconds / photos.len() as f64
    );
    assert!(found as f64 >= 0.8 * swapped.len() as f64);
}

/// Starts to record tasks of the page that take over 50 ms.
fn observe_tasks(page: &Page) {
    page.run::<Value>(
        "window.tasks = [];
         new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)))
             .observe({ type: 'longtask' });",
    );
}

/// Prints them. Not asserted, since they depend on what else the machine does.
fn tell_tasks(page: &Page) {
    let tasks: Vec<f64> = page.run("return tasks.sort((a, b) => b - a);");
    println!("{} tasks of more than 50 ms while near-duplicates are found: {tasks:?} ms", tasks.len());
}

/// With `CLEANED` photos, if that is thousands. The page is reloaded half-way.
#[test]
fn thousands_of_photos_keep_memory_level_and_decisions() {
    let count = cleaned(0);
    if count < 1000 {
        println!("Skipped: CLEANED is not set to thousands of photos.");
        return;
    }
    let page = Visit::to("/clean").open();
    let sources: Vec<_> =
        validation(usize::MAX).into_iter().map(|(_, path)| fs::read(path).expect("a photo")).collect();
    let mut folder = PathBuf::new();
    for number in 0..count {
        let label = ["shirt", "jeans", "shoes", "socks"][number % 4];
        let bytes = sources.get(number % sources.len().max(1)).cloned();
        let bytes = bytes.unwrap_or_else(|| jpeg(&shirt(480, 640, [(number % 200) as u8, 70, 150])));
        let photo = page.file(&format!("many/{label}/{number}.jpg"), &bytes);
        folder = photo.parent().and_then(Path::parent).expect("the folder").into();
    }
    let answered = |seen: &Cleaned| -> usize {
        let words = seen.count.split(": ").nth(1).unwrap_or("0");
        words.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let mut levels = Vec::new();
    let mut watch = |page: &Page, until: usize| {
        for next in (500..=until).step_by(500) {
            wait(page, "more are answered", |seen| answered(seen) >= next);
            page.cdp("HeapProfiler.collectGarbage", json!({}));
            let process = page.memory().unwrap_or(0) as f64 / 1048576.0;
            let urls: usize = page.run("return document.querySelectorAll('img').length;");
            println!("after {next} photos: process {process:.0} MiB, {urls} pictures in the page");
            levels.push(process);
        }
    };
    page.wait_for_engine();
    let begin = Instant::now();
    page.choose("open-folder", &[folder.clone()]);
    wait(&page, "the folder is open", |seen| seen.count.starts_with("many"));
    order(&page, "twins");
    observe_tasks(&page);
    let seen = wait(&page, "the first are ranked", |seen| seen.rows.len() >= 10);
    println!("{} ranked after {:.1} s, of {}", seen.rows.len(), begin.elapsed().as_secs_f64(), seen.count);
    assert!(answered(&seen) < count / 10, "{seen:?}");
    watch(&page, count / 2);
    // Each answer is compared with all earlier ones. Half of the answers come in this page, the others after the reload.
    tell_tasks(&page);
    page.wait_until("the keys work", |seen| seen.focus == "#review");
    for number in 1..=50 {
        page.press(Key::Right);
        // Not R: the network may propose a label that has no folder here, and then nothing is decided.
        page.press(["k", "1", "2", "d"][number % 4]);
    }
    let before = wait(&page, "all are decided", |seen| seen.decisions.starts_with("50 "));
    page.go_to("/clean");
    page.wait_for_engine();
    page.choose("open-folder", &[folder]);
    let after = wait(&page, "the folder is open", |seen| seen.count.starts_with("many"));
    assert_eq!(after.decisions, before.decisions);
    order(&page, "twins");
    observe_tasks(&page);
    watch(&page, count);
    tell_tasks(&page);
    let (first, last) = (levels[0], levels[levels.len() - 1]);
    println!("{count} photos: process {first:.0} MiB after the first 500, {last:.0} MiB in the end");
    assert!(last < first + 100.0, "the process grows: {levels:?}");
}

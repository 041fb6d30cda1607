//! Photos dropped on the page, or pasted into it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    harness::{Page, Visit},
    pictures::{jpeg, shirt},
    tiny_model::colour_model,
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
    assert!(!page.snapshot().dropping);
}

fn names(page: &Page) -> Vec<String> {
    page.run("return [...document.querySelectorAll('.card')].map((card) => card.dataset.file);")
}

/// Writes photos and other files into a folder, and returns the folder.
fn folder(page: &Page, name: &str, photos: &[&str], others: &[&str]) -> PathBuf {
    for (number, path) in photos.iter().enumerate() {
        let colour = [40, 70, 100 + 10 * number as u8];
        page.file(&format!("{name}/{path}"), &jpeg(&shirt(120, 160, colour)));
    }
    for path in others {
        page.file(&format!("{name}/{path}"), b"no photo");
    }
    let inside = page.file(&format!("{name}/.DS_Store"), b"");
    inside.parent().expect("the folder").into()
}

#[test]
fn a_dropped_folders_photos_join_the_list_flat_and_in_order() {
    let page = Page::ready();
    let others = ["Thumbs.db", "desktop.ini", "notes.txt", ".hidden/0.jpg", "b/._1.jpg"];
    let closet = folder(&page, "closet", &["10.jpg", "9.jpg", "b/1.JPG", "b/deep/2.jpg", "c.jpeg"], &others);
    page.drop(&files(&[closet]));
    let cards = page.answers(5);
    assert_eq!(names(&page), ["9.jpg", "10.jpg", "1.JPG", "2.jpg", "c.jpeg"]);
    assert!(cards.iter().all(|card| card.state == "done"), "{cards:?}");
    let seen = page.snapshot();
    assert_eq!((seen.count.as_deref(), seen.notice), (Some("5 photos"), None));
}

#[test]
fn folders_and_files_can_be_dropped_together() {
    let page = Page::ready();
    let summer = folder(&page, "summer", &["1.jpg", "2.jpg"], &[]);
    let empty = folder(&page, "papers", &[], &["letter.txt"]);
    // The first folder has files of the same names.
    let winter = folder(&page, "winter", &["1.jpg"], &[]);
    let photo = page.file("alone.jpg", &jpeg(&shirt(120, 160, [170, 40, 50])));
    let letter = page.file("letter.txt", b"chosen, so it is told what is wrong with it");
    page.drop(&files(&[summer, photo, empty, letter, winter]));
    let cards = page.answers(5);
    assert_eq!(names(&page), ["1.jpg", "2.jpg", "alone.jpg", "letter.txt", "1.jpg"]);
    let states: Vec<_> = cards.iter().map(|card| card.state.as_str()).collect();
    assert_eq!(states, ["done", "done", "done", "refused", "done"]);
    let notice = "No photos were found in “papers”.";
    assert_eq!(page.snapshot().notice.as_deref(), Some(notice));
}

#[test]
fn a_folder_without_photos_is_said_to_have_none() {
    let page = Page::ready();
    let told = page.record_announcements();
    page.drop(&files(&[folder(&page, "empty", &[], &[])]));
    let none = "No photos were found in “empty”.";
    page.wait_until("the page says so", |seen| seen.notice.as_deref() == Some(none));
    assert_eq!(told().last().map(String::as_str), Some(none));

    page.drop(&files(&[folder(&page, "more", &["3.jpg"], &[])]));
    page.answers(1);
    assert_eq!(page.snapshot().notice, None);
}

/// Browsers list folders in batches of a hundred files.
#[test]
fn a_folder_of_many_photos_does_not_hold_up_the_page() {
    const COUNT: usize = 1500;
    let page = Page::ready();
    let mut inside = PathBuf::new();
    for number in 0..COUNT {
        inside = page.file(&format!("many/{number}.jpg"), b"no photo, soon refused");
    }
    page.run::<Value>(
        "window.longest = 0;
         let last = performance.now();
         const beat = () => {
             const now = performance.now();
             longest = Math.max(longest, now - last);
             last = now;
             setTimeout(beat);
         };
         beat();",
    );
    page.drop(&files(&[inside.parent().expect("the folder").into()]));
    page.wait_for(&format!("return document.querySelectorAll('.card').length === {COUNT};"));
    let longest: f64 = page.run("return longest;");
    println!("While {COUNT} files joined the list, the page was busy for {longest:.0} ms at most.");
    assert!(longest < 1000.0);
    assert!(names(&page).iter().enumerate().all(|(number, name)| *name == format!("{number}.jpg")));
    page.click(".toolbar button:last-child");
    page.wait_for("return document.querySelector('.card') === null;");
}

#[test]
fn where_one_photo_is_wanted_the_first_is_taken_and_that_is_said() {
    let page = Visit::to("/embed").open();
    let closet = folder(&page, "closet", &["1.jpg", "2.jpg", "a/3.jpg"], &["notes.txt"]);
    page.drop(&files(&[closet]));
    assert_eq!(page.answer("1.jpg").state, "done");
    let seen = page.snapshot();
    assert_eq!((seen.cards.len(), seen.cards[0].open), (1, true));
    assert_eq!(seen.notice.as_deref(), Some("One photo at a time here: this is the first of 3."));
    page.drop(&files(&[folder(&page, "single", &["4.jpg"], &[])]));
    page.answer("4.jpg");
    assert_eq!((page.snapshot().cards.len(), page.snapshot().notice), (1, None));
}

#[test]
fn a_folder_that_is_dropped_on_another_page_is_taken_there_too() {
    let page = Visit::to("/about").open();
    page.wait_for_engine();
    let closet = folder(&page, "closet", &["1.jpg", "2.jpg"], &[]);
    page.drop(&files(std::slice::from_ref(&closet)));
    page.wait_until("the list is there", |seen| seen.path == "/" && seen.cards.len() == 2);
    page.answers(2);

    page.go_to("/widget");
    page.wait_for("return !!document.querySelector('clothing-classifier')?.classify;");
    page.drop(&files(&[folder(&page, "empty", &[], &[])]));
    let none = "No photos were found in “empty”.";
    page.wait_until("the page says so", |seen| seen.notice.as_deref() == Some(none));
    page.drop(&files(&[closet]));
    page.wait_for(
        "return document.querySelector('.log').textContent.match(/^classified .*\"file\":\"[12].jpg\"/gm)?.length === 2;",
    );
    assert_eq!(page.snapshot().notice, None);
}

/// Downloaded models have all kinds of names: they are recognised by their content.
#[test]
fn a_model_is_taken_whatever_it_is_called() {
    let page = Page::ready();
    let own =
        || page.run::<Option<String>>("return document.querySelector('.own-model b')?.textContent ?? null;");
    for name in ["colours.onnx (1)", "colours (1).ONNX", "colours.onnx.1", "download", "colours.bin"] {
        page.drop(&files(&[page.file(name, &colour_model())]));
        page.wait_until("it answers", |_| own().as_deref() == Some(name));
        assert_eq!(page.snapshot().cards.len(), 0);
    }
    // A file named as a model is refused as a model, any other file as a photo.
    page.drop(&files(&[page.file("half.onnx.part", &colour_model()[..500])]));
    let refused = "return document.querySelector('#model-refused')?.textContent ?? '';";
    page.wait_until("it is refused", |_| {
        page.run::<String>(refused).starts_with("half.onnx.part is not used.")
    });
    page.drop(&files(&[
        page.file("model.txt", b"about the model"),
        page.file("noending", &jpeg(&shirt(120, 160, [9, 9, 90]))),
    ]));
    let states: Vec<_> = page.answers(2).into_iter().map(|card| (card.file, card.state)).collect();
    let expected = [("model.txt", "refused"), ("noending", "done")];
    assert_eq!(states, expected.map(|(file, state)| (file.to_string(), state.to_string())));
    assert_eq!(own().as_deref(), Some("colours.bin"));
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
    assert!(
        seen.notice.as_ref().is_some_and(|notice| notice.starts_with("That was not a file.")),
        "{seen:?}"
    );
    assert_eq!(seen.announced, seen.notice);

    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150])))]);
    page.answer("shirt.jpg");
    assert_eq!(page.snapshot().notice, None);
}

/// Pastes the data that a script puts into `clipboard`, a DataTransfer.
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

//! Photos in, answers out.

use std::{path::PathBuf, process::Command};

use image::ImageFormat::{Gif, Jpeg, Png};
use serde::Deserialize;

use crate::{
    encode::{Bmp, PLAIN_BMP},
    harness::{Card, Fault, MODEL, Page, SCRIPT, Visit, project},
    pictures::{self, SIX, jpeg, name, real, shirt, turned_jpeg},
};

/// The command line's answer to a photo.
#[derive(Debug, Deserialize)]
pub struct Said {
    pub file: PathBuf,
    pub label: String,
    pub name: String,
    pub probability: f64,
    pub recognised: bool,
    pub family: Option<serde_json::Value>,
    pub width: u32,
    pub height: u32,
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug, Deserialize)]
pub struct Alternative {
    pub label: String,
}

/// The command line's answers to files, which it must all answer.
pub fn command_line(files: &[PathBuf]) -> Vec<Said> {
    let output = Command::new(env!("CARGO_BIN_EXE_classify")).arg("--json").args(files).output();
    let output = output.expect("the command line runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a prediction")).collect()
}

/// Asserts that an open card shows the command line's answer.
fn assert_same(card: &Card, said: &Said) {
    assert_eq!(card.label.as_ref(), Some(&said.label), "{card:?}, {said:?}");
    assert!((card.share() - said.probability).abs() < 0.025, "{card:?}, {said:?}");
    assert_eq!(card.verdict.as_deref() == Some("family"), said.family.is_some(), "{card:?}, {said:?}");
    let size = format!("{} × {} pixels", said.width, said.height);
    assert!(card.facts.as_ref().is_some_and(|facts| facts.starts_with(&size)), "{card:?}, {said:?}");
    assert_eq!(card.verdict.as_deref() == Some("garment"), said.recognised, "{card:?}, {said:?}");
    if said.recognised {
        assert_eq!(card.headline.as_ref(), Some(&said.name), "{card:?}");
        assert!(card.words().ends_with("% sure"), "{card:?}");
    }
    let guesses: Vec<_> = card.guesses.iter().map(|guess| &guess.label).collect();
    let ranking: Vec<_> = std::iter::once(&said.label)
        .chain(said.alternatives.iter().map(|other| &other.label))
        .take(4)
        .collect();
    assert_eq!(guesses, ranking);
}

#[test]
fn a_photo_is_shown_at_once_and_answered_when_the_engine_has_come() {
    let page = Visit::to("/").with(MODEL, Fault::HeldAfter(0.5)).open();
    let photo = page.file("blue.jpg", &jpeg(&shirt(480, 640, [40, 70, 150])));
    page.pick(std::slice::from_ref(&photo));

    let early = page.wait_until("the photo is shown", |seen| seen.cards.iter().any(|card| card.preview));
    assert_eq!(early.cards[0].state, "waiting");
    assert_eq!(early.cards[0].busy.as_deref(), Some("Waiting for the network to load…"));
    assert!(early.loading.is_some(), "{early:?}");

    page.server.release();
    let card = page.answer("blue.jpg");
    assert_eq!(card.state, "done");
    assert!(card.open && card.preview, "{card:?}");
    assert_same(&card, &command_line(&[photo])[0]);
}

#[test]
fn the_page_says_what_the_command_line_says() {
    let page = Page::ready();
    let mut photos: Vec<_> = SIX.iter().flat_map(|label| real(label).into_iter().take(3)).collect();
    if photos.is_empty() {
        println!("Without real photos: comparing drawn ones only.");
    }
    for (index, colour) in
        [[170, 40, 50], [40, 70, 150], [30, 30, 30], [240, 240, 240]].into_iter().enumerate()
    {
        photos.push(
            page.file(&format!("drawn-{index}.jpg"), &jpeg(&shirt(640, 480 + 160 * index as u32, colour))),
        );
    }
    let words = Command::new(env!("CARGO_BIN_EXE_classify")).args(&photos).output().expect("it runs");
    let words = String::from_utf8(words.stdout).expect("text");
    let mut same_words = 0;
    for ((photo, said), line) in photos.iter().zip(command_line(&photos)).zip(words.lines()) {
        // One at a time, so that the card is open and shows its guesses.
        page.pick(std::slice::from_ref(photo));
        let card = page.answer(&name(photo));
        assert_same(&card, &said);
        let shown = format!("{}, {}", card.headline.as_deref().unwrap_or_default(), card.words());
        let (_, plain) = line.split_once(": ").expect("a file and its answer");
        same_words += usize::from(shown.replace('\u{a0}', " ").eq_ignore_ascii_case(plain));
    }
    // A probability may be rounded differently.
    assert!(same_words + 2 >= photos.len(), "{same_words} of {} answers have the same words", photos.len());
}

#[test]
fn each_of_the_six_garments_is_named() {
    if SIX.iter().any(|label| real(label).is_empty()) {
        println!("Skipped: there are no real photos in ../shared/photos/test.");
        return;
    }
    let page = Page::ready();
    let photos: Vec<_> = SIX.iter().flat_map(|label| real(label).into_iter().skip(3).take(4)).collect();
    page.pick(&photos);
    let cards = page.answers(photos.len());
    for (label, cards) in SIX.iter().zip(cards.chunks(4)) {
        let named = cards.iter().filter(|card| card.label.as_deref() == Some(label)).count();
        assert!(named >= 2, "{named} of 4 photos of {label} are named: {cards:?}");
    }
}

#[test]
fn photos_are_turned_upright_in_all_eight_ways() {
    let page = Page::ready();
    let picture = shirt(480, 640, [150, 40, 60]);
    let files: Vec<_> =
        (1..=8).map(|way| page.file(&format!("{way}.jpg"), &turned_jpeg(&picture, way))).collect();
    let cards: Vec<_> = files
        .iter()
        .map(|file| {
            page.pick(std::slice::from_ref(file));
            page.answer(&name(file))
        })
        .collect();
    for card in &cards {
        assert_eq!(card.label, cards[0].label, "{card:?}");
        assert!((card.share() - cards[0].share()).abs() <= 0.02, "{card:?}, {:?}", cards[0]);
        assert!(card.facts.as_ref().is_some_and(|facts| facts.starts_with("480 × 640 pixels")), "{card:?}");
    }
}

#[test]
fn a_file_that_is_no_photo_is_refused_in_words_and_the_next_is_answered() {
    let bombs = [Png, Jpeg, Gif].map(pictures::bomb);
    let bomb = ("65500 × 65500 pixels", "smaller copy");
    let files: [(&str, &[u8], &str, &str); 8] = [
        ("letter.jpg", b"Dear tailor, the sleeves are too long.", "is not a photo", "Choose a picture"),
        ("nothing.jpg", b"", "is empty", "fetch it again"),
        ("torn.jpg", b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01", "is damaged", "copy it again"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0", "HEIC photo", "export it as JPEG"),
        ("bomb.png", &bombs[0], bomb.0, bomb.1),
        ("bomb.jpg", &bombs[1], bomb.0, bomb.1),
        ("bomb.gif", &bombs[2], bomb.0, bomb.1),
        ("bomb.bmp", &Bmp { width: 65500, height: 65500, ..PLAIN_BMP }.file(), bomb.0, bomb.1),
    ];
    let page = Page::ready();
    let mut picked: Vec<_> = files.iter().map(|(name, bytes, ..)| page.file(name, bytes)).collect();
    picked.push(page.file("shirt.jpg", &jpeg(&shirt(300, 400, [40, 70, 150]))));
    page.pick(&picked);

    let cards = page.answers(files.len() + 1);
    for (card, (_, _, cause, remedy)) in cards.iter().zip(files) {
        assert_eq!((card.state.as_str(), card.headline.as_deref()), ("refused", Some("Not answered")));
        assert!(card.words().contains(cause) && card.words().contains(remedy), "{card:?}");
        assert!(!card.preview, "{card:?}");
    }
    assert_eq!(cards[files.len()].state, "done", "{:?}", cards[files.len()]);
}

#[test]
fn what_the_browser_decodes_is_turned_upright_and_answered_alike() {
    let page = Page::ready();
    let answer = |file: &str| {
        page.pick(&[project().join("tests/fixtures").join(file)]);
        page.answer(file.rsplit('/').next().expect("a name"))
    };
    // The same drawing, decoded by our own code.
    let ours = answer("orientation-1.jpg");
    for file in ["formats/upright.avif", "formats/turned.avif", "formats/translucent.avif"] {
        let card = answer(file);
        assert!(card.preview, "{card:?}");
        assert!(card.facts.as_ref().is_some_and(|facts| facts.starts_with("300 × 400 pixels")), "{card:?}");
        if file != "formats/translucent.avif" {
            assert_eq!(card.label, ours.label, "{card:?}");
            assert!((card.share() - ours.share()).abs() <= 0.05, "{card:?}, {ours:?}");
        }
    }
}

#[test]
fn what_the_browser_cannot_decode_is_refused_in_words() {
    let page = Visit::to("/").with(SCRIPT, Fault::Appended("self.createImageBitmap = undefined;")).open();
    page.wait_for_engine();
    let fixture = |name| project().join("tests/fixtures").join(name);
    page.pick(&[fixture("formats/upright.avif"), fixture("grey.jpg")]);
    let cards = page.answers(2);
    assert!(cards[0].words().contains("This is an AVIF picture, which cannot be read here."), "{cards:?}");
    assert!(cards[0].words().contains("save it as JPEG"), "{cards:?}");
    assert_eq!(cards[1].state, "done", "{cards:?}");
}

#[test]
fn phones_take_smaller_photos_than_computers() {
    // Claims 8000 x 7000 pixels, but has none.
    let file = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x1F\x40\0\0\x1B\x58\x08\x02\0\0\0";
    let words = |page: Page| {
        page.wait_for_engine();
        page.pick(&[page.file("large.png", file)]);
        page.answer("large.png").words().to_string()
    };
    let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Mobile Safari/537.36";
    let on_phone = words(Visit::to("/").with_user_agent(android).open());
    assert!(on_phone.contains("at most 52 can be read"), "{on_phone}");
    let on_computer = words(Visit::to("/").open());
    assert!(on_computer.contains("is damaged"), "{on_computer}");
}

#[test]
fn where_the_network_looked_can_be_shown() {
    let page = Page::ready();
    page.pick(&[page.file("shirt.jpg", &jpeg(&shirt(480, 640, [40, 70, 150])))]);
    page.answer("shirt.jpg");
    let painted = || -> bool {
        page.run(
            "const map = document.querySelector('canvas.class-map');
             if (!map) return false;
             const pixels = map.getContext('2d').getImageData(0, 0, map.width, map.height).data;
             return pixels.some((value) => value > 0);",
        )
    };
    assert!(!painted());
    page.click(".card [aria-pressed]");
    page.wait_until("the class map is shown", |_| painted());
    page.click(".card [aria-pressed]");
    page.wait_until("the class map is gone", |_| !painted());
}

#[test]
fn a_photo_of_the_most_pixels_allowed_is_answered() {
    let page = Page::ready();
    page.pick(&[page.file("large.jpg", pictures::long_to_read())]);
    let card = page.answer("large.jpg");
    assert_eq!(card.state, "done", "{card:?}");
    assert!(card.facts.as_ref().is_some_and(|facts| facts.starts_with("10000 × 10000")), "{card:?}");
}

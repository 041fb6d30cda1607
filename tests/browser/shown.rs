//! Pictures as the browser shows them, compared with what we decode.

use std::fs;

use clothing_classifier::photo::Format;
use image::{Rgb, RgbImage, imageops};
use serde::Deserialize;

use crate::{
    clean,
    encode::{BLUE, GREEN, RED, WHITE, exif, with_exif},
    harness::{Page, Visit},
    kinds,
    pictures::{jpeg, name, shirt},
};

/// The pictures expected by the native tests are those that Chromium shows.
#[test]
fn chromium_shows_what_is_read_natively() {
    let page = Page::ready();
    let kinds: Vec<_> = kinds::all().into_iter().filter(|kind| kind.in_chromium).collect();
    let shown = |file: &[u8]| {
        let (width, height, colours): (u32, u32, Vec<u8>) = page.run_with(include_str!("shown.js"), file);
        RgbImage::from_raw(width, height, colours).filter(|picture| !picture.is_empty()).ok_or("not shown")
    };
    let faults: Vec<_> = kinds.iter().filter_map(|kind| kind.fault(&shown(&kind.file))).collect();
    assert!(faults.is_empty(), "{} of {}: {faults:#?}", faults.len(), kinds.len());
    println!("{} kinds of files", kinds.len());
}

/// A picture as it is shown, and the position of the class map on it.
#[derive(Debug, Deserialize)]
struct Look {
    width: u32,
    height: u32,
    /// The colours of the corners, row by row.
    colours: [[u8; 3]; 4],
    /// Left, top, width and height relative to the picture, and the opacity of the cells.
    map: Option<([f64; 4], Vec<u8>)>,
}

impl Look {
    /// Reads the picture that the selector finds.
    fn at(page: &Page, selector: &str) -> Self {
        page.run(&format!("const selector = \"{selector}\";\n{}", include_str!("preview.js")))
    }

    #[track_caller]
    fn assert_upright(&self) {
        assert_eq!((self.width, self.height), (480, 640), "{self:?}");
        for (shown, colour) in self.colours.iter().zip([RED, GREEN, BLUE, WHITE]) {
            assert!(shown.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 12), "{self:?}");
        }
    }
}

/// A garment, with a different colour in each corner.
fn picture() -> RgbImage {
    let mut picture = shirt(480, 640, [40, 70, 150]);
    for (colour, (left, top)) in
        [RED, GREEN, BLUE, WHITE].into_iter().zip([(0, 0), (420, 0), (0, 580), (420, 580)])
    {
        imageops::replace(&mut picture, &RgbImage::from_pixel(60, 60, Rgb(colour)), left, top);
    }
    picture
}

fn turned(format: Format, orientation: u16) -> Vec<u8> {
    with_exif(&kinds::stored_as(&picture(), orientation), format, exif(orientation, true))
}

fn previews_and_maps_are_upright(page: &Page, files: &[(Format, u16)]) {
    let look = |file: &str, bytes: &[u8]| {
        page.pick(&[page.file(file, bytes)]);
        let card = page.answer(file);
        assert!(card.facts.as_ref().is_some_and(|facts| facts.starts_with("480 × 640")), "{card:?}");
        page.wait_until("the picture is shown", |seen| seen.card(file).is_some_and(|card| card.preview));
        page.click(".card.open [aria-pressed]");
        page.wait_for("return document.querySelector('.card.open canvas.class-map') !== null;");
        let look = Look::at(page, ".card.open .photo-box img");
        look.assert_upright();
        look.map.expect("a map")
    };
    let (place, cells) = look("upright.jpg", &jpeg(&picture()));
    assert!(cells.iter().any(|cell| *cell > 100), "{cells:?}");
    for &(format, orientation) in files {
        let file = format!("{orientation}.{}", format.to_string().to_lowercase());
        let (its_place, its_cells) = look(&file, &turned(format, orientation));
        assert!(
            place.iter().zip(its_place).all(|(a, b)| (a - b).abs() < 0.01),
            "{file}: {its_place:?}, {place:?}"
        );
        let differs = cells.iter().zip(&its_cells).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(differs < Some(40), "{file}: {its_cells:?}, {cells:?}");
    }
}

#[test]
fn what_exif_turns_is_shown_as_it_is_answered() {
    use Format::{Jpeg, Png, WebP};
    let page = Page::ready();
    let files = [(WebP, 6), (Png, 6), (WebP, 3), (Png, 8), (WebP, 5), (Png, 2), (Jpeg, 6), (WebP, 1)];
    previews_and_maps_are_upright(&page, &files);
}

#[test]
fn what_exif_turns_is_shown_as_it_is_answered_in_firefox() {
    let page = Visit::to("/").with_firefox().open();
    page.wait_for_engine();
    previews_and_maps_are_upright(&page, &[(Format::WebP, 6), (Format::Png, 6), (Format::WebP, 3)]);
}

#[test]
fn what_exif_turns_is_cleaned_upright() {
    let page = Visit::to("/clean").open();
    page.wait_for_engine();
    let folder = page.file("notes.txt", b"").with_file_name("turned");
    for (label, file, bytes) in [
        ("shirt", "6.webp", turned(Format::WebP, 6)),
        ("shirt", "8.png", turned(Format::Png, 8)),
        ("jacket", "upright.jpg", jpeg(&picture())),
    ] {
        fs::create_dir_all(folder.join(label)).expect("a folder");
        fs::write(folder.join(label).join(file), bytes).expect("a file");
    }
    page.choose("open-folder", std::slice::from_ref(&folder));
    clean::wait(&page, "all photos are answered", |cleaned| {
        cleaned.count.starts_with(&format!("{}: ", name(&folder))) && !cleaned.count.contains(" of ")
    });
    for file in ["shirt/6.webp", "shirt/8.png", "jacket/upright.jpg"] {
        let selector = format!("[data-file='{file}'] img");
        page.wait_for(&format!(
            "const image = document.querySelector(\"{selector}\"); image?.scrollIntoView(); return image?.naturalWidth > 0;"
        ));
        Look::at(&page, &selector).assert_upright();
        page.click(&format!("[data-file='{file}'] button"));
        page.wait_for("return document.querySelector('img[data-part=photo]').naturalWidth === 480;");
        Look::at(&page, "img[data-part=photo]").assert_upright();
    }
}

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Has the browser save a CSV or JSON file where it keeps downloads.
pub fn save(file_name: &str, text: &str) {
    // The mark at the start makes spreadsheets read a table as UTF-8.
    let (kind, mark) =
        if file_name.ends_with(".csv") { ("text/csv", "\u{feff}") } else { ("application/json", "") };
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = js_sys::Array::of2(&mark.into(), &text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let link: HtmlAnchorElement =
        document().create_element("a").expect("documents make elements").unchecked_into();
    link.set_href(&url);
    link.set_download(file_name);
    link.click();
    // The browser reads the blob after this turn.
    set_timeout(
        move || {
            let _ = Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(60),
    );
}

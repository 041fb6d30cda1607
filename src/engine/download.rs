//! Brings the worker's code and the model, and says how far that is.

use std::cell::Cell;

use futures_util::{
    future::{Either, select, try_join},
    pin_mut,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Promise, Uint8Array, WebAssembly};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Response};

use super::{message::from_js, state::Failure};

/// How long a download may bring nothing before it counts as lost.
const STALLED_MS: u32 = 30_000;

/// The engine's files, as the build wrote them into the page: names carry a content hash, and the
/// sizes are those after decompression, which no response header tells.
#[derive(Clone, Debug, Deserialize)]
pub struct Files {
    script: FileRef,
    wasm: FileRef,
    model: FileRef,
}

#[derive(Clone, Debug, Deserialize)]
struct FileRef {
    url: String,
    bytes: u64,
}

impl Files {
    /// Reads the data block `engine-files` of this page. `None` if the page was built without it.
    pub fn of_page() -> Option<Self> {
        let block = web_sys::window()?.document()?.get_element_by_id("engine-files")?;
        from_js(js_sys::JSON::parse(&block.text_content()?).ok()?).ok()
    }
}

impl Files {
    /// Tells this build's files from those of others.
    pub fn version(&self) -> &str {
        &self.script.url
    }
}

/// What a worker is started with. Kept, so that a second worker needs no second download.
pub struct Parts {
    pub script: String,
    /// A compiled `WebAssembly.Module`.
    pub module: JsValue,
    pub model: Uint8Array,
}

/// Fetches everything side by side. `progress` hears the bytes received so far and those of all.
pub async fn download(files: &Files, progress: impl Fn(u64, u64)) -> Result<Parts, Failure> {
    let total = files.wasm.bytes + files.model.bytes;
    let (received, told) = (Cell::new(0), Cell::new(0));
    // Each per cent is told, not each of the many pieces.
    let count = |bytes: u64| {
        received.set(received.get() + bytes);
        let hundredths = 100 * received.get() / total.max(1);
        if told.replace(hundredths) != hundredths {
            progress(received.get().min(total), total);
        }
    };
    progress(0, total);
    let (module, model) = try_join(compiled(&files.wasm, count), bytes(&files.model, count)).await?;
    Ok(Parts { script: files.script.url.clone(), module, model })
}

/// Compiles while the bytes come; browsers also keep what they compiled for the next visit.
async fn compiled(file: &FileRef, count: impl Fn(u64)) -> Result<JsValue, Failure> {
    let response = fetch(file).await?;
    let copy = response.clone().map_err(|_| Failure::Unreachable)?;
    let module = JsFuture::from(WebAssembly::compile_streaming(&Promise::resolve(&JsValue::from(response))));
    read(&copy, |chunk| count(chunk.length().into())).await?;
    module.await.map_err(|error| Failure::Crashed { reason: reason(&error) })
}

async fn bytes(file: &FileRef, count: impl Fn(u64)) -> Result<Uint8Array, Failure> {
    let response = fetch(file).await?;
    let all = Uint8Array::new_with_length(file.bytes as u32);
    let mut end = 0;
    read(&response, |chunk| {
        count(chunk.length().into());
        // What is longer than the build's file is another, which the loader then refuses.
        if end + chunk.length() <= all.length() {
            all.set(chunk, end);
        }
        end += chunk.length();
    })
    .await?;
    Ok(all.subarray(0, end.min(all.length())))
}

async fn fetch(file: &FileRef) -> Result<Response, Failure> {
    let window = web_sys::window().ok_or(Failure::OldBrowser)?;
    let response: Response = unless_stalled(window.fetch_with_str(&file.url)).await?.unchecked_into();
    if response.ok() { Ok(response) } else { Err(Failure::Missing { status: response.status() }) }
}

async fn read(response: &Response, mut take: impl FnMut(&Uint8Array)) -> Result<(), Failure> {
    let body = response.body().ok_or(Failure::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let chunk = unless_stalled(reader.read()).await?;
        let field = |name: &str| js_sys::Reflect::get(&chunk, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(());
        }
        take(field("value").unchecked_ref());
    }
}

async fn unless_stalled(promise: Promise) -> Result<JsValue, Failure> {
    let answer = JsFuture::from(promise);
    let patience = TimeoutFuture::new(STALLED_MS);
    pin_mut!(answer, patience);
    match select(answer, patience).await {
        Either::Left((Ok(value), _)) => Ok(value),
        Either::Left((Err(_), _)) | Either::Right(_) => Err(Failure::Unreachable),
    }
}

/// What a thrown value says of itself.
pub fn reason(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => thrown.as_string().unwrap_or_else(|| "no reason given".into()),
    }
}

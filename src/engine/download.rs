//! Brings the worker's code and the model, and says how far that is.

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
/// How long the code may take in all, since nobody sees its bytes come: beside the model, at 50 kbit/s.
const CODE_MS: u32 = 600_000;

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
    /// Address of the worker's script; it also tells this build's files from those of others.
    pub fn script(&self) -> &str {
        &self.script.url
    }
}

/// What a worker's script is started with. Kept, so that a second worker needs no second download.
pub struct Parts {
    /// A compiled `WebAssembly.Module`.
    pub module: JsValue,
    pub model: Uint8Array,
}

/// Fetches everything side by side. `progress` hears the bytes received so far and those of all. They are the model's: to
/// count those of the code, which is smaller, would take copies of it, in the thread that the person waits for.
pub async fn download(files: &Files, progress: impl Fn(u64, u64)) -> Result<Parts, Failure> {
    let (module, model) = try_join(compiled(&files.wasm), bytes(&files.model, progress)).await?;
    Ok(Parts { module, model })
}

/// Compiles while the bytes come; browsers also keep what they compiled for the next visit.
async fn compiled(file: &FileRef) -> Result<JsValue, Failure> {
    let response = Promise::resolve(&JsValue::from(fetch(file).await?));
    within(CODE_MS, WebAssembly::compile_streaming(&response)).await.map_err(|error| match error {
        Some(error) if error.is_instance_of::<WebAssembly::CompileError>() => {
            Failure::Crashed { reason: reason(&error) }
        }
        _ => Failure::Unreachable,
    })
}

async fn bytes(file: &FileRef, progress: impl Fn(u64, u64)) -> Result<Uint8Array, Failure> {
    progress(0, file.bytes);
    let response = fetch(file).await?;
    let all = Uint8Array::new_with_length(file.bytes as u32);
    let (mut end, mut told) = (0, 0);
    read(&response, |chunk| {
        // What is longer than the build's file is another, which the loader then refuses.
        if end + chunk.length() <= all.length() {
            all.set(chunk, end);
        }
        end += chunk.length();
        // Each per cent is told, not each of the many pieces.
        let hundredths = 100 * u64::from(end) / file.bytes.max(1);
        if hundredths > told {
            told = hundredths;
            progress(u64::from(end).min(file.bytes), file.bytes);
        }
    })
    .await?;
    Ok(all.subarray(0, end.min(all.length())))
}

async fn fetch(file: &FileRef) -> Result<Response, Failure> {
    let window = web_sys::window().ok_or(Failure::OldBrowser)?;
    let response = within(STALLED_MS, window.fetch_with_str(&file.url)).await;
    let response: Response = response.map_err(|_| Failure::Unreachable)?.unchecked_into();
    if response.ok() { Ok(response) } else { Err(Failure::Missing { status: response.status() }) }
}

async fn read(response: &Response, mut take: impl FnMut(&Uint8Array)) -> Result<(), Failure> {
    let body = response.body().ok_or(Failure::Unreachable)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let chunk = within(STALLED_MS, reader.read()).await.map_err(|_| Failure::Unreachable)?;
        let field = |name: &str| js_sys::Reflect::get(&chunk, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(());
        }
        take(field("value").unchecked_ref());
    }
}

/// What a promise yields, or how it fails; no error at all if it takes longer.
async fn within(milliseconds: u32, promise: Promise) -> Result<JsValue, Option<JsValue>> {
    let answer = JsFuture::from(promise);
    let patience = TimeoutFuture::new(milliseconds);
    pin_mut!(answer, patience);
    match select(answer, patience).await {
        Either::Left((answer, _)) => answer.map_err(Some),
        Either::Right(_) => Err(None),
    }
}

/// What a thrown value says of itself.
pub fn reason(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => thrown.as_string().unwrap_or_else(|| "no reason given".into()),
    }
}

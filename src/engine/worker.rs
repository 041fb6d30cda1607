//! The worker's side. Everything here is synchronous: a panic then reaches the page as the worker's
//! `error` event, which a rejected promise would not.

use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, FileReaderSync, MessageEvent};

use super::{
    message::{Reply, Request, from_js, to_js},
    state::Refusal,
};
use crate::{
    classifier::{Answer, Classifier},
    photo::{self, Limits, SNIFF_BYTES, sniff},
};

/// Loads the model, says so, and answers requests from then on.
pub fn start(model: &[u8]) {
    match Classifier::from_onnx(model) {
        Ok(classifier) => {
            let ready = Reply::Ready(classifier.info().clone());
            let serve = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                let Request::Classify { id, photo } = from_js(event.data()).expect_throw("a request");
                say(&Reply::Answered { id, outcome: classify(&classifier, &photo) });
            });
            scope().set_onmessage(Some(serve.as_ref().unchecked_ref()));
            serve.forget(); // lives as long as the worker
            say(&ready);
        }
        Err(error) => say(&Reply::BadModel { reason: error.to_string() }),
    }
}

fn classify(classifier: &Classifier, file: &web_sys::File) -> Result<Answer, Refusal> {
    // Size and kind first: a film of two gigabytes is refused without being read.
    let limits = Limits::default();
    let bytes = file.size() as u64;
    if bytes > limits.bytes {
        return Err(photo::Error::TooManyBytes { bytes, limit: limits.bytes }.into());
    }
    let head = file.slice_with_f64_and_f64(0.0, SNIFF_BYTES as f64).map_err(|_| Refusal::Unreadable)?;
    sniff(&read(&head)?)?;
    classifier.classify_bytes(&read(file)?, &limits).map_err(Refusal::from)
}

fn read(blob: &Blob) -> Result<Vec<u8>, Refusal> {
    let reader = FileReaderSync::new().map_err(|_| Refusal::Unreadable)?;
    let buffer = reader.read_as_array_buffer(blob).map_err(|_| Refusal::Unreadable)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

fn say(reply: &Reply) {
    let message = to_js(reply).expect_throw("a reply");
    scope().post_message(&message).expect_throw("a channel to the page");
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

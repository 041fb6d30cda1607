//! The worker's side. What can be synchronous is: a panic then reaches the page as the worker's `error` event.
//! `worker.js` sees to it that a failure of the rest does so, too.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, File, FileReaderSync, MessageEvent};
use web_time::Instant;

use super::{
    browser_decoder, is_phone,
    message::{Question, Reply, Request, from_js, to_js},
    state::{Answered, Outcome, Refusal, Said, Told},
};
use crate::{
    classifier::{Answer, Classifier, ClassifyError, ModelError, ModelInfo, Prediction},
    photo::{self, Format, Limits, Measurements, Photo, ReadBy, SNIFF_BYTES, largest_extent},
};

/// How long nobody must ask, once all is ready, for a rehearsal to begin.
const PAUSE_MS: u32 = 200;

/// How what is sent to the page is put into words.
#[derive(Clone, Copy)]
pub struct Words {
    pub answer: fn(&Prediction, &ModelInfo) -> Said,
    pub refusal: fn(&ClassifyError) -> Told,
    pub bad_model: fn(&ModelError) -> String,
}

/// Loads the model, says so, and answers requests from then on.
pub fn start(model: Vec<u8>, words: Words) {
    match Classifier::from_onnx(model) {
        Ok(classifier) => {
            let ready = Reply::Ready(classifier.info().clone());
            let (classifier, limits) = (Rc::new(classifier), limits());
            let asked = Rc::new(Cell::new(false));
            rehearse(classifier.clone(), asked.clone());
            let serve = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                asked.set(true);
                let Request::Classify { id, question: Question { photo, among }, measure } =
                    from_js(event.data()).expect_throw("a request");
                let say = {
                    let classifier = classifier.clone();
                    move |classified| say_answer(id, in_words(classified, &among, classifier.info(), words))
                };
                match classify(&classifier, &photo, &limits, measure) {
                    Err(Unanswered::Failed(ClassifyError::Photo(photo::Error::Unsupported(format))))
                        if format.read_by() == ReadBy::Browser =>
                    {
                        let classifier = classifier.clone();
                        spawn_local(async move {
                            say(classify_foreign(&classifier, &photo, format, &limits, measure).await);
                        });
                    }
                    classified => say(classified),
                }
            });
            scope().set_onmessage(Some(serve.as_ref().unchecked_ref()));
            serve.forget(); // lives as long as the worker
            post(&ready);
        }
        Err(error) => post(&Reply::BadModel { reason: (words.bad_model)(&error) }),
    }
}

/// Runs the network once on nothing, so that the browser learns which code is worth compiling for speed before the first photo
/// comes; then lets the kernel try out what is faster on this processor.
fn rehearse(classifier: Rc<Classifier>, asked: Rc<Cell<bool>>) {
    let rehearsal = move || {
        if !asked.get() {
            let side = classifier.info().input_size as usize;
            // It is of no account what comes out, be it a failure: a photo's would be told.
            let _ = classifier.logits_of_pixels(&vec![0.0; 3 * side * side]);
            let begin = Instant::now();
            clothing_kernel::choose_slice(|| begin.elapsed().as_secs_f64());
        }
    };
    Timeout::new(PAUSE_MS, rehearsal).forget();
}

fn limits() -> Limits {
    let browser = scope().navigator().user_agent().unwrap_or_default();
    if is_phone(&browser) { Limits::PHONE } else { Limits::COMPUTER }
}

/// An answer, and what was measured if that was asked.
type Classified = Result<(Answer, Option<Measurements>), Unanswered>;

/// Why there is no answer.
enum Unanswered {
    /// The browser could not read the file.
    Unreadable,
    Failed(ClassifyError),
}

impl From<ClassifyError> for Unanswered {
    fn from(error: ClassifyError) -> Self {
        Self::Failed(error)
    }
}

impl From<photo::Error> for Unanswered {
    fn from(error: photo::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Unanswered {
    fn in_words(&self, words: Words) -> Refusal {
        match self {
            Self::Unreadable => Refusal::Unreadable,
            Self::Failed(error @ ClassifyError::Photo(_)) => Refusal::Photo((words.refusal)(error)),
            Self::Failed(error @ ClassifyError::Inference(_)) => Refusal::Inference((words.refusal)(error)),
        }
    }
}

fn classify(classifier: &Classifier, file: &File, limits: &Limits, measure: bool) -> Classified {
    // Size and kind first: a film of two gigabytes is refused without being read.
    let head = file.slice_with_f64_and_f64(0.0, SNIFF_BYTES as f64).map_err(|_| Unanswered::Unreadable)?;
    let format = photo::accept(file.size() as u64, &read(&head)?, limits)?;
    let bytes = read(file)?;
    let start = Instant::now();
    let info = classifier.info();
    // What is measured is not to depend on the network.
    let side = if measure { info.input_size.max(Measurements::SIDE) } else { info.input_size };
    let photo = photo::decode_as(format, &bytes, limits, Some(info.resize.min_size(side)))?;
    let (mut answer, measurements) = answer(classifier, &photo, start, measure)?;
    // Where photos are measured there are thousands of them, which are shown smaller.
    let longest = if measure { 640 } else { 1024 };
    answer.preview = photo::preview(format, &bytes, &photo, longest).and_then(|jpeg| data_url(&jpeg));
    Ok((answer, measurements))
}

fn data_url(jpeg: &[u8]) -> Option<String> {
    let bytes: String = jpeg.iter().copied().map(char::from).collect();
    Some(format!("data:image/jpeg;base64,{}", scope().btoa(&bytes).ok()?))
}

/// Of a format that only the browser may know.
async fn classify_foreign(
    classifier: &Classifier,
    file: &File,
    format: Format,
    limits: &Limits,
    measure: bool,
) -> Classified {
    let start = Instant::now();
    largest_extent(&read(file)?).map_or(Ok(()), |size| limits.check_pixels(size))?;
    let photo = browser_decoder::decode(file, limits).await?.ok_or(photo::Error::Unsupported(format))?;
    answer(classifier, &photo.into(), start, measure)
}

/// `start`: when the photo began to be decoded.
fn answer(classifier: &Classifier, photo: &Photo, start: Instant, measure: bool) -> Classified {
    let answer = classifier.classify(photo, start.elapsed())?;
    Ok((answer, measure.then(|| Measurements::of(photo))))
}

fn read(blob: &Blob) -> Result<Vec<u8>, Unanswered> {
    let reader = FileReaderSync::new().map_err(|_| Unanswered::Unreadable)?;
    let buffer = reader.read_as_array_buffer(blob).map_err(|_| Unanswered::Unreadable)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

fn in_words(
    classified: Classified,
    among: &[String],
    model: &ModelInfo,
    words: Words,
) -> (Outcome, Option<Measurements>) {
    match classified {
        Ok((answer, measurements)) => {
            let answer = answer.among(among, model);
            let said = (words.answer)(&answer.prediction, model);
            (Ok(Box::new(Answered { answer, said })), measurements)
        }
        Err(why) => (Err(why.in_words(words)), None),
    }
}

fn say_answer(id: u32, (outcome, measurements): (Outcome, Option<Measurements>)) {
    post(&Reply::Answered { id, outcome, measurements });
}

fn post(reply: &Reply) {
    let message = to_js(reply).expect_throw("a reply");
    scope().post_message(&message).expect_throw("a channel to the page");
}

pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

//! The page's side: a task that owns queue and workers, and hears of everything through one inbox.
//!
//! One worker answers the first photos. While many wait, more are started, up to what the device bears; they share the
//! downloaded code and model, but no memory, so that one's death costs the others nothing.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use gloo_timers::callback::Timeout;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

pub use super::{download::Files, message::Question};
use super::{
    download::{Parts, download, reason},
    is_phone,
    message::{Measured, Reply, Request, from_js, to_js},
    queue::{Death, ItemId, Queue},
    state::{EngineState, Failure, ItemState, Refusal},
};
use crate::clean::Traits;

/// How long a worker may take to load the model, and to answer one photo, on a slow phone.
const PATIENCE_MS: u32 = 60_000;
/// How long an idle worker is kept. Its memory never shrinks; ending it gives that back, and the next
/// photo starts another from what is already downloaded.
const IDLE_MS: u32 = 60_000;
/// How long others are kept beside it.
const SPARE_IDLE_MS: u32 = 5_000;
/// A worker more is started when so many photos wait for each that there is: fewer are answered before it is ready.
const WORTH_A_WORKER: usize = 4;
/// How many workers in a row may die before they are ready.
const STARTS: u8 = 2;

/// What the page hears.
#[derive(Debug)]
pub enum Output {
    Engine(EngineState),
    Item(ItemId, ItemState),
    /// The model that was given with [`Client::use_model`] cannot be used, for this reason. The one before answers again.
    ModelRefused {
        reason: String,
    },
}

/// What a page asks of an engine, its own or a shared one.
pub trait Client {
    /// Queues a photo. The file is not read before its turn.
    fn add(&self, id: ItemId, question: Question);

    /// Forgets a photo; nothing more is heard of it.
    fn cancel(&self, id: ItemId);

    /// Loads, also again after a [`Failure`]; waiting photos are answered then.
    fn load(&self);

    /// Has the photos answered by another model from now on, or by the page's own again.
    fn use_model(&self, model: Option<Uint8Array>);
}

/// Who hears what the worker measures of photos. It is told of each before the answer.
pub trait HearTraits: Clone + 'static {
    /// Whether anything is measured.
    const WANTED: bool;

    /// The worker's message.
    fn hear(&self, message: &JsValue);
}

/// Nobody does: nothing is measured, and the page has no code for it.
#[derive(Clone)]
pub struct Nobody;

impl HearTraits for Nobody {
    const WANTED: bool = false;

    fn hear(&self, _: &JsValue) {}
}

/// Whoever gives this does.
#[derive(Clone)]
pub struct Somebody<F>(pub F);

impl<F: Fn(ItemId, Traits) + Clone + 'static> HearTraits for Somebody<F> {
    const WANTED: bool = true;

    fn hear(&self, message: &JsValue) {
        if let Ok(Measured::Answered { id, traits: Some(traits) }) = from_js(message.clone()) {
            self.0(ItemId(id), traits);
        }
    }
}

/// How many workers an engine may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// One: answers come in the order of the photos, and whatever else the device does goes on undisturbed.
    One,
    /// As many as have a processor core each, which leaves one to the page; four at most. On phones, whose memory is
    /// small, two at most.
    OfDevice,
}

impl Pool {
    fn most(self) -> usize {
        match (self, web_sys::window().map(|window| window.navigator())) {
            (Self::OfDevice, Some(navigator)) => {
                let most = if is_phone(&navigator.user_agent().unwrap_or_default()) { 2.0 } else { 4.0 };
                (navigator.hardware_concurrency() - 1.0).clamp(1.0, most) as usize
            }
            _ => 1,
        }
    }
}

/// Hands photos to the workers. Dropping it ends them.
pub struct Engine {
    inbox: UnboundedSender<Input>,
}

impl Engine {
    /// Loads nothing before it is told to; `notify` hears every change of state.
    pub fn start(files: Files, pool: Pool, notify: impl Fn(Output) + 'static) -> Self {
        Self::measuring(files, pool, notify, Nobody)
    }

    /// The same, and photos are measured for whom it is given.
    pub fn measuring(
        files: Files,
        pool: Pool,
        notify: impl Fn(Output) + 'static,
        traits: impl HearTraits,
    ) -> Self {
        let (outbox, inbox) = unbounded();
        spawn_local(Actor::new(files, pool.most(), outbox.clone(), notify, traits).run(inbox));
        Self { inbox: outbox }
    }

    fn send(&self, input: Input) {
        // Fails only when the task has ended, and it ends with this handle.
        let _ = self.inbox.unbounded_send(input);
    }
}

impl Client for Engine {
    fn add(&self, id: ItemId, question: Question) {
        self.send(Input::Add(id, question));
    }

    fn cancel(&self, id: ItemId) {
        self.send(Input::Cancel(id));
    }

    fn load(&self) {
        self.send(Input::Load);
    }

    fn use_model(&self, model: Option<Uint8Array>) {
        self.send(Input::Model(model));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.send(Input::End);
    }
}

enum Input {
    Load,
    Progress {
        received: u64,
        total: u64,
    },
    Downloaded(Result<Parts, Failure>),
    Add(ItemId, Question),
    Cancel(ItemId),
    Model(Option<Uint8Array>),
    /// From the worker of that number: one that was ended meanwhile is not listened to.
    Worker(u32, Happened),
    End,
}

enum Happened {
    Said(Reply),
    Died {
        reason: String,
    },
    TookTooLong,
    /// It had nothing to do for as long as it is kept then.
    Idled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has or fetches its script, and waits for code and model.
    Open,
    /// It makes the model ready.
    Starting,
    /// It has a photo, or is about to.
    Working,
    /// It has nothing to do, and there are others: it is kept for [`SPARE_IDLE_MS`].
    Spare,
    /// It has nothing to do, and is kept for [`IDLE_MS`].
    Resting,
}

/// What answered before the model that is being tried.
struct Former(Option<Uint8Array>);

struct Actor<F, T> {
    files: Files,
    outbox: UnboundedSender<Input>,
    notify: F,
    traits: T,
    downloading: bool,
    parts: Option<Parts>,
    /// The model in the place of the page's own, if any.
    model: Option<Uint8Array>,
    /// The same, while another is tried.
    former: Option<Former>,
    workers: Vec<Live>,
    /// How many there may be. Fewer than at first when one did not start or died beside others: memory may be short.
    most: usize,
    /// How many were ever started.
    started: u32,
    failed_starts: u8,
    queue: Queue<Question>,
}

impl<F: Fn(Output), T: HearTraits> Actor<F, T> {
    fn new(files: Files, most: usize, outbox: UnboundedSender<Input>, notify: F, traits: T) -> Self {
        Self {
            files,
            outbox,
            notify,
            traits,
            downloading: false,
            parts: None,
            model: None,
            former: None,
            workers: Vec::new(),
            most,
            started: 0,
            failed_starts: 0,
            queue: Queue::default(),
        }
    }

    async fn run(mut self, mut inbox: UnboundedReceiver<Input>) {
        while let Some(input) = inbox.next().await {
            match input {
                Input::End => break,
                Input::Load => self.load(),
                Input::Progress { received, total } => self.engine(EngineState::Loading { received, total }),
                Input::Downloaded(Ok(parts)) => {
                    self.downloading = false;
                    self.parts = Some(parts);
                    self.start_worker();
                }
                Input::Downloaded(Err(failure)) => {
                    self.downloading = false;
                    self.fail(failure);
                }
                Input::Add(id, question) => {
                    self.queue.push(id, question);
                    self.item(id, ItemState::Waiting);
                    self.advance();
                }
                Input::Cancel(id) => self.queue.cancel(id),
                Input::Model(model) => {
                    let former = std::mem::replace(&mut self.model, model);
                    self.former.get_or_insert(Former(former));
                    self.change_workers();
                }
                Input::Worker(number, happened) => {
                    if let Some(index) = self.workers.iter().position(|worker| worker.number == number) {
                        self.heard(index, happened);
                    }
                }
            }
        }
    }

    fn load(&mut self) {
        self.failed_starts = 0;
        if self.parts.is_some() {
            if self.workers.is_empty() {
                self.start_worker();
            }
            return;
        }
        if self.workers.is_empty() {
            self.open_worker();
        }
        if std::mem::replace(&mut self.downloading, true) {
            return;
        }
        let (files, outbox) = (self.files.clone(), self.outbox.clone());
        spawn_local(async move {
            let send = |input| {
                let _ = outbox.unbounded_send(input);
            };
            let parts = download(&files, |received, total| send(Input::Progress { received, total })).await;
            send(Input::Downloaded(parts));
        });
    }

    /// Starts a worker with the model as it now is, in the place of those there are.
    fn change_workers(&mut self) {
        self.failed_starts = 0;
        self.queue.interrupt();
        self.workers.clear();
        match self.parts {
            Some(_) => {
                self.engine(EngineState::Loading { received: 1, total: 1 });
                self.start_worker();
            }
            None => self.load(),
        }
    }

    /// Has a worker fetch its script while code and model are under way.
    fn open_worker(&mut self) {
        self.started += 1;
        match Live::open(self.files.script(), self.started, self.outbox.clone(), self.traits.clone()) {
            Ok(live) => self.workers.push(live),
            Err(failure) => self.fail(failure),
        }
    }

    /// Starts the worker that is open, or else one more.
    fn start_worker(&mut self) {
        let Some(parts) = &self.parts else { return };
        let model = self.model.as_ref().unwrap_or(&parts.model);
        let open = self.workers.iter().position(|worker| worker.stage == Stage::Open);
        let worker = match open {
            Some(index) => Ok(self.workers.remove(index)),
            None => {
                self.started += 1;
                Live::open(self.files.script(), self.started, self.outbox.clone(), self.traits.clone())
            }
        };
        match worker.and_then(|worker| worker.start(parts, model)) {
            Ok(worker) => self.workers.push(worker),
            Err(_) if !self.workers.is_empty() => self.most = self.workers.len(),
            Err(failure) => self.fail(failure),
        }
    }

    /// From the worker at that index.
    fn heard(&mut self, index: usize, happened: Happened) {
        match happened {
            Happened::Said(Reply::Ready(model)) => {
                self.workers[index].ready();
                self.failed_starts = 0;
                self.former = None;
                self.engine(EngineState::Ready(model));
                self.advance();
            }
            Happened::Said(Reply::BadModel { reason }) => match self.former.take() {
                Some(former) => self.refuse_model(former, reason),
                None => {
                    self.parts = None;
                    self.fail(Failure::Model { reason });
                }
            },
            Happened::Said(Reply::Answered { id, outcome, .. }) => {
                let id = ItemId(id);
                if self.queue.answered(self.workers[index].number, id) {
                    self.item(id, outcome.map_or_else(ItemState::Refused, ItemState::Done));
                }
                self.advance();
            }
            Happened::Died { reason } => self.lost(index, reason, Refusal::Crashed),
            Happened::TookTooLong => self.lost(index, "it took too long".into(), Refusal::TimedOut),
            // It was given a photo in the very moment.
            Happened::Idled if self.queue.is_busy(self.workers[index].number) => {}
            // The others are gone since it had nothing to do.
            Happened::Idled if self.workers.len() == 1 && self.workers[index].stage == Stage::Spare => {
                self.workers[index].rest();
            }
            Happened::Idled => _ = self.workers.remove(index),
        }
    }

    /// Goes back to what answered before.
    fn refuse_model(&mut self, Former(model): Former, reason: String) {
        self.model = model;
        (self.notify)(Output::ModelRefused { reason });
        self.change_workers();
    }

    /// A worker is of no more use: a photo it had is tried once more, then refused.
    fn lost(&mut self, index: usize, reason: String, refusal: Refusal) {
        let Live { number, stage, .. } = self.workers.remove(index);
        if stage == Stage::Open {
            // Another takes its place when all is there; it is too early to say what that means.
            return;
        }
        if !self.workers.is_empty() {
            self.most = self.workers.len();
        } else if stage == Stage::Starting {
            self.failed_starts += 1;
            // Loaders assert what a file may not keep to.
            if let Some(former) = self.former.take() {
                self.refuse_model(former, format!("The network cannot be started ({reason})."));
            } else if self.failed_starts >= STARTS {
                self.fail(Failure::Crashed { reason });
            } else {
                self.start_worker();
            }
            return;
        }
        match self.queue.died(number) {
            Death::Idle => {}
            Death::Retried(id) => self.item(id, ItemState::Waiting),
            Death::GivenUp(id) => self.item(id, ItemState::Refused(refusal)),
        }
        self.advance();
    }

    fn fail(&mut self, failure: Failure) {
        self.queue.interrupt();
        self.workers.clear();
        self.engine(EngineState::Failed(failure));
    }

    /// Gives idle workers their next photos, starts one if many photos wait, and lets those idle that have nothing to do.
    fn advance(&mut self) {
        let is_alone = self.workers.len() == 1;
        for worker in self.workers.iter_mut().filter(|worker| worker.is_ready()) {
            if let Some((id, question)) = self.queue.take_next(worker.number) {
                worker.ask(&Request::Classify { id: id.0, question, measure: T::WANTED });
                (self.notify)(Output::Item(id, ItemState::Working));
            } else if !self.queue.is_busy(worker.number) && worker.stage == Stage::Working {
                if is_alone { worker.rest() } else { worker.be_spare() }
            }
        }
        let waiting = self.queue.waiting();
        let wants_another = match self.workers.len() {
            0 => waiting > 0 && self.failed_starts < STARTS,
            // Once the first has shown that the model can be used.
            workers => {
                workers < self.most
                    && waiting >= WORTH_A_WORKER * workers
                    && self.workers.iter().all(Live::is_ready)
            }
        };
        if wants_another {
            self.start_worker();
        }
    }

    fn engine(&self, state: EngineState) {
        (self.notify)(Output::Engine(state));
    }

    fn item(&self, id: ItemId, state: ItemState) {
        (self.notify)(Output::Item(id, state));
    }
}

/// A running worker; dropping it ends it.
struct Live {
    worker: Worker,
    number: u32,
    stage: Stage,
    outbox: UnboundedSender<Input>,
    /// What is due if nothing else happens first.
    timer: Option<Timeout>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Live {
    fn open(
        script: &str,
        number: u32,
        outbox: UnboundedSender<Input>,
        traits: impl HearTraits,
    ) -> Result<Self, Failure> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(script, &options).map_err(|_| Failure::OldBrowser)?;

        let send = {
            let outbox = outbox.clone();
            move |happened| {
                let _ = outbox.unbounded_send(Input::Worker(number, happened));
            }
        };
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let send = send.clone();
            move |event: MessageEvent| {
                let message = event.data();
                traits.hear(&message);
                send(match from_js(message) {
                    Ok(reply) => Happened::Said(reply),
                    Err(error) => Happened::Died { reason: error.to_string() },
                });
            }
        });
        let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let reason = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            send(Happened::Died { reason });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));

        let (stage, timer) = (Stage::Open, None);
        Ok(Self { worker, number, stage, outbox, timer, _on_message: on_message, _on_error: on_error })
    }

    /// What it is sent meanwhile waits until its script is there.
    fn start(mut self, parts: &Parts, model: &Uint8Array) -> Result<Self, Failure> {
        let first = js_sys::Object::new();
        for (key, value) in [("module", &parts.module), ("model", model.as_ref())] {
            js_sys::Reflect::set(&first, &key.into(), value).expect_throw("a plain object takes any key");
        }
        self.worker.post_message(&first).map_err(|error| Failure::Crashed { reason: reason(&error) })?;
        self.stage = Stage::Starting;
        self.after(PATIENCE_MS, Happened::TookTooLong);
        Ok(self)
    }

    fn is_ready(&self) -> bool {
        !matches!(self.stage, Stage::Open | Stage::Starting)
    }

    fn ready(&mut self) {
        self.stage = Stage::Working;
        self.timer = None;
    }

    fn ask(&mut self, request: &Request) {
        self.stage = Stage::Working;
        let sent =
            to_js(request).map_err(JsValue::from).and_then(|message| self.worker.post_message(&message));
        match sent {
            Ok(()) => self.after(PATIENCE_MS, Happened::TookTooLong),
            Err(error) => self.after(0, Happened::Died { reason: reason(&error) }),
        }
    }

    fn be_spare(&mut self) {
        self.stage = Stage::Spare;
        self.after(SPARE_IDLE_MS, Happened::Idled);
    }

    fn rest(&mut self) {
        self.stage = Stage::Resting;
        self.after(IDLE_MS, Happened::Idled);
    }

    fn after(&mut self, milliseconds: u32, happened: Happened) {
        let (number, outbox) = (self.number, self.outbox.clone());
        self.timer = Some(Timeout::new(milliseconds, move || {
            let _ = outbox.unbounded_send(Input::Worker(number, happened));
        }));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

//! The page's side: a task that does what the pool says, and tells it of what happens, through one inbox.

use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use gloo_timers::callback::Timeout;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, Event, MessageEvent, WorkerOptions, WorkerType};

pub use super::{download::Files, message::Question, pool::Output};
use super::{
    download::{Parts, download, reason},
    is_phone,
    message::{Reply, Request, from_js, to_js},
    pool::{self, Due, Effect, Pool, WorkerEvent, WorkerId},
    queue::ItemId,
    state::Failure,
};

pub type ModelFile = pool::ModelFile<Uint8Array>;
type Input = pool::Input<Question, Uint8Array>;

/// What a page asks of an engine, its own or a shared one.
pub trait Client {
    /// Queues a photo. The file is not read before its turn.
    fn add(&self, id: ItemId, question: Question);

    /// Forgets a photo; nothing more is heard of it.
    fn cancel(&self, id: ItemId);

    /// Loads, also again after a [`Failure`]; waiting photos are answered then.
    fn load(&self);

    /// Has the photos answered by another model from now on, or by the page's own again.
    fn use_model(&self, model: Option<ModelFile>);
}

/// Hears every message of the workers, before it is read, and has photos measured for that. `/clean` takes the measurements
/// from it; pages without one have no code for them.
pub type Observer = Rc<dyn Fn(&JsValue)>;

/// How many workers an engine may have at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// Answers come in the order of the photos, and whatever else the device does goes on undisturbed.
    One,
    /// As many as have a processor core each, which leaves one to the page; four at most. On phones, whose memory is
    /// small, two at most.
    OfDevice,
}

impl Workers {
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
    inbox: UnboundedSender<Incoming>,
}

impl Engine {
    /// Loads nothing before it is told to; `notify` hears every change of state.
    pub fn start(
        files: Files,
        workers: Workers,
        notify: impl Fn(Output) + 'static,
        observer: Option<Observer>,
    ) -> Self {
        let (outbox, inbox) = unbounded();
        let runner = Runner {
            files,
            outbox: outbox.clone(),
            notify,
            observer,
            parts: None,
            workers: Vec::new(),
            pool: Pool::new(workers.most()),
        };
        spawn_local(runner.run(inbox));
        Self { inbox: outbox }
    }

    fn send(&self, incoming: Incoming) {
        // Fails only when the task has ended, and it ends with this handle.
        let _ = self.inbox.unbounded_send(incoming);
    }
}

impl Client for Engine {
    fn add(&self, id: ItemId, question: Question) {
        self.send(Incoming::Pool(Input::Add(id, question)));
    }

    fn cancel(&self, id: ItemId) {
        self.send(Incoming::Pool(Input::Cancel(id)));
    }

    fn load(&self) {
        self.send(Incoming::Pool(Input::Load));
    }

    fn use_model(&self, model: Option<ModelFile>) {
        self.send(Incoming::Pool(Input::UseModel(model)));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.send(Incoming::End);
    }
}

/// What the task hears.
enum Incoming {
    Pool(Input),
    Downloaded(Result<Parts, Failure>),
    End,
}

/// Does what the pool says.
struct Runner<F> {
    files: Files,
    outbox: UnboundedSender<Incoming>,
    notify: F,
    observer: Option<Observer>,
    parts: Option<Parts>,
    workers: Vec<WorkerHandle>,
    pool: Pool<Question, Uint8Array>,
}

impl<F: Fn(Output)> Runner<F> {
    async fn run(mut self, mut inbox: UnboundedReceiver<Incoming>) {
        while let Some(incoming) = inbox.next().await {
            let input = match incoming {
                Incoming::Pool(input) => input,
                Incoming::Downloaded(Ok(parts)) => {
                    self.parts = Some(parts);
                    Input::Downloaded(Ok(()))
                }
                Incoming::Downloaded(Err(failure)) => Input::Downloaded(Err(failure)),
                Incoming::End => break,
            };
            for effect in self.pool.handle(input) {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect<Question, Uint8Array>) {
        match effect {
            Effect::Download => self.download(),
            Effect::Open(id) => {
                match WorkerHandle::open(self.files.script(), id, self.outbox.clone(), self.observer.clone())
                {
                    Ok(worker) => self.workers.push(worker),
                    Err(failure) => report(&self.outbox, id, WorkerEvent::NotStarted(failure)),
                }
            }
            Effect::Start(id, model) => {
                if let (Some(worker), Some(parts)) = (find(&mut self.workers, id), &self.parts) {
                    worker.start(parts, model.as_ref().unwrap_or(&parts.model));
                }
            }
            Effect::Ask(id, item, question) => {
                if let Some(worker) = find(&mut self.workers, id) {
                    worker.ask(&Request::Classify { id: item.0, question, measure: self.observer.is_some() });
                }
            }
            Effect::End(id) => self.workers.retain(|worker| worker.id != id),
            Effect::SetTimer(id, milliseconds, due) => {
                if let Some(worker) = find(&mut self.workers, id) {
                    worker.set_timer(milliseconds, due);
                }
            }
            Effect::Tell(output) => (self.notify)(output),
        }
    }

    fn download(&self) {
        let (files, outbox) = (self.files.clone(), self.outbox.clone());
        spawn_local(async move {
            let send = |incoming| {
                let _ = outbox.unbounded_send(incoming);
            };
            let progress = |received, total| send(Incoming::Pool(Input::Progress { received, total }));
            let parts = download(&files, progress).await;
            send(Incoming::Downloaded(parts));
        });
    }
}

/// A worker, unless it could not be opened.
fn find(workers: &mut [WorkerHandle], id: WorkerId) -> Option<&mut WorkerHandle> {
    workers.iter_mut().find(|worker| worker.id == id)
}

/// Tells the pool what became of a worker.
fn report(outbox: &UnboundedSender<Incoming>, id: WorkerId, event: WorkerEvent) {
    let _ = outbox.unbounded_send(Incoming::Pool(Input::Worker(id, event)));
}

/// A running worker; dropping it ends it.
struct WorkerHandle {
    worker: web_sys::Worker,
    id: WorkerId,
    outbox: UnboundedSender<Incoming>,
    /// What is due if nothing else happens first.
    timer: Option<Timeout>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl WorkerHandle {
    fn open(
        script: &str,
        id: WorkerId,
        outbox: UnboundedSender<Incoming>,
        observer: Option<Observer>,
    ) -> Result<Self, Failure> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(script, &options).map_err(|_| Failure::OldBrowser)?;

        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let outbox = outbox.clone();
            move |event: MessageEvent| {
                let message = event.data();
                if let Some(observer) = &observer {
                    observer(&message);
                }
                report(&outbox, id, heard(message));
            }
        });
        let on_error = Closure::<dyn FnMut(Event)>::new({
            let outbox = outbox.clone();
            move |event: Event| {
                let reason = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
                report(&outbox, id, WorkerEvent::Died { reason });
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, id, outbox, timer: None, _on_message: on_message, _on_error: on_error })
    }

    /// What it is sent before its script is there waits for that.
    fn start(&self, parts: &Parts, model: &Uint8Array) {
        let first = js_sys::Object::new();
        for (key, value) in [("module", &parts.module), ("model", model.as_ref())] {
            js_sys::Reflect::set(&first, &key.into(), value).expect_throw("a plain object takes any key");
        }
        if let Err(error) = self.worker.post_message(&first) {
            self.report(WorkerEvent::NotStarted(Failure::Crashed { reason: reason(&error) }));
        }
    }

    fn ask(&self, request: &Request) {
        let sent =
            to_js(request).map_err(JsValue::from).and_then(|message| self.worker.post_message(&message));
        if let Err(error) = sent {
            self.report(WorkerEvent::Died { reason: reason(&error) });
        }
    }

    fn set_timer(&mut self, milliseconds: u32, due: Due) {
        let (id, outbox) = (self.id, self.outbox.clone());
        self.timer = Some(Timeout::new(milliseconds, move || report(&outbox, id, due.into())));
    }

    fn report(&self, event: WorkerEvent) {
        report(&self.outbox, self.id, event);
    }
}

/// What a worker's message means.
fn heard(message: JsValue) -> WorkerEvent {
    match from_js(message) {
        Ok(Reply::Ready(model)) => WorkerEvent::Ready(model),
        Ok(Reply::BadModel { reason }) => WorkerEvent::BadModel { reason },
        Ok(Reply::Answered { id, outcome, .. }) => WorkerEvent::Answered(ItemId(id), outcome),
        Err(error) => WorkerEvent::Died { reason: error.to_string() },
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

//! One engine for all frames of a page. Whoever has the lock runs it, the others ask it through a channel; when it
//! goes, the lock passes on, and the next one is asked what is not answered yet. Only frames of this very origin
//! can be on the channel, and browsers keep those in other sites' pages apart.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent};

use super::{
    EngineState, ItemState,
    client::{Client, Engine, Files, ModelFile, Output, Question, Workers},
    message::{from_js, to_js},
    queue::ItemId,
};

/// What frames say to each other.
#[derive(Serialize, Deserialize)]
enum Message {
    /// To the one that runs the engine.
    Add {
        from: u32,
        id: u32,
        question: Question,
    },
    Cancel {
        from: u32,
        id: u32,
    },
    Load,
    /// This frame is gone.
    Left {
        from: u32,
    },
    /// From the one that runs the engine: it does so from now on.
    Here,
    Engine(EngineState),
    Item {
        to: u32,
        id: u32,
        state: ItemState,
    },
}

/// A frame's share in the engine.
#[derive(Clone)]
pub struct SharedEngine(Rc<Member>);

struct Member {
    me: u32,
    /// To the other frames, if there can be any.
    channel: Option<BroadcastChannel>,
    notify: Box<dyn Fn(Output)>,
    /// What this frame has asked and is not answered, in that order.
    open: RefCell<BTreeMap<ItemId, Question>>,
    /// Whether this frame wants the engine loaded.
    wanted: Cell<bool>,
    /// The engine, if this frame runs it.
    running: RefCell<Option<Running>>,
}

struct Running {
    engine: Engine,
    state: EngineState,
    /// Whose photo each is, and its number there.
    jobs: HashMap<ItemId, (u32, ItemId)>,
    next: u32,
}

impl SharedEngine {
    /// Shares it with the frames that give the same name. Where there is none, or the browser lacks what that
    /// takes, it is this frame's own.
    pub fn start(files: Files, name: Option<&str>, notify: impl Fn(Output) + 'static) -> Self {
        let name = name.filter(|_| has_locks());
        let member = Rc::new(Member {
            me: (js_sys::Math::random() * f64::from(u32::MAX)) as u32,
            channel: name.and_then(|name| BroadcastChannel::new(name).ok()),
            notify: Box::new(notify),
            open: RefCell::default(),
            wanted: Cell::new(false),
            running: RefCell::default(),
        });
        match (&member.channel, name) {
            (Some(channel), Some(name)) => {
                member.join(channel);
                member.run_in_turn(name, files);
            }
            _ => member.run(files),
        }
        Self(member)
    }
}

impl Client for SharedEngine {
    fn add(&self, id: ItemId, question: Question) {
        self.0.open.borrow_mut().insert(id, question.clone());
        self.0.submit(id, question);
    }

    fn cancel(&self, id: ItemId) {
        let from = self.0.me;
        if self.0.open.borrow_mut().remove(&id).is_some() && !self.0.cancel(from, |other| other == id) {
            self.0.say(&Message::Cancel { from, id: id.0 });
        }
    }

    /// For this frame's own engine.
    fn use_model(&self, model: Option<ModelFile>) {
        if let Some(running) = &*self.0.running.borrow() {
            running.engine.use_model(model);
        }
    }

    /// Nothing is loaded twice.
    fn load(&self) {
        self.0.wanted.set(true);
        if !self.0.load() {
            self.0.say(&Message::Load);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    /// From the Web Locks API, which web-sys has not taken in yet.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, granted: &JsValue) -> Result<js_sys::Promise, JsValue>;
}

/// Browsers have locks since 2022, on https.
fn has_locks() -> bool {
    let navigator = web_sys::window().map(|window| window.navigator());
    let locks = navigator.and_then(|navigator| js_sys::Reflect::get(&navigator, &"locks".into()).ok());
    locks.is_some_and(|locks| locks.is_object())
}

impl Member {
    fn join(self: &Rc<Self>, channel: &BroadcastChannel) {
        let member = self.clone();
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(message) = from_js(event.data()) {
                member.hear(message);
            }
        });
        channel.set_onmessage(Some(heard.into_js_value().unchecked_ref()));
        let member = self.clone();
        let left = Closure::<dyn Fn()>::new(move || member.say(&Message::Left { from: member.me }));
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("pagehide", left.into_js_value().unchecked_ref());
        }
    }

    fn run_in_turn(self: &Rc<Self>, name: &str, files: Files) {
        let (member, its_files) = (self.clone(), files.clone());
        let granted = Closure::once_into_js(move |_lock: JsValue| {
            member.run(its_files);
            // The lock is held until this promise is settled: for the life of this frame.
            js_sys::Promise::new(&mut |_, _| {})
        });
        let (member, requested) = (self.clone(), request_lock(name, &granted));
        spawn_local(async move {
            let refused = match requested {
                Ok(held) => JsFuture::from(held).await.is_err(),
                Err(_) => true,
            };
            // Some browsers refuse where third parties may store nothing.
            if refused {
                member.run(files);
            }
        });
    }

    fn say(&self, message: &Message) {
        if let Some(channel) = &self.channel
            && let Ok(message) = to_js(message)
        {
            let _ = channel.post_message(&message);
        }
    }

    fn hear(self: &Rc<Self>, message: Message) {
        match message {
            Message::Add { from, id, question } => {
                self.queue(from, ItemId(id), question);
            }
            Message::Cancel { from, id } => {
                self.cancel(from, |other| other == ItemId(id));
            }
            Message::Load => {
                self.load();
            }
            Message::Left { from } => {
                self.cancel(from, |_| true);
            }
            Message::Here => {
                if self.wanted.get() {
                    self.say(&Message::Load);
                }
                for (&id, question) in &*self.open.borrow() {
                    self.submit(id, question.clone());
                }
            }
            Message::Engine(state) if self.wanted.get() => (self.notify)(Output::Engine(state)),
            Message::Engine(_) => {}
            Message::Item { to, id, state } if to == self.me => self.deliver(ItemId(id), state),
            Message::Item { .. } => {}
        }
    }

    fn submit(&self, id: ItemId, question: Question) {
        if !self.queue(self.me, id, question.clone()) {
            self.say(&Message::Add { from: self.me, id: id.0, question });
        }
    }

    fn deliver(&self, id: ItemId, state: ItemState) {
        if state.is_final() {
            self.open.borrow_mut().remove(&id);
        }
        (self.notify)(Output::Item(id, state));
    }

    /// It is this frame's turn to run the engine.
    fn run(self: &Rc<Self>, files: Files) {
        let member = Rc::downgrade(self);
        let pass_on = move |output| {
            if let Some(member) = member.upgrade() {
                member.pass_on(output);
            }
        };
        let engine = Engine::start(files, Workers::One, pass_on, None);
        let running = Running { engine, state: EngineState::Asleep, jobs: HashMap::new(), next: 0 };
        *self.running.borrow_mut() = Some(running);
        if self.wanted.get() {
            self.load();
        }
        for (&id, question) in &*self.open.borrow() {
            self.submit(id, question.clone());
        }
        self.say(&Message::Here);
    }

    // These do nothing but say `false` if another frame runs the engine.

    fn load(&self) -> bool {
        let state = match &mut *self.running.borrow_mut() {
            None => return false,
            Some(running) => {
                if let EngineState::Asleep | EngineState::Failed(_) = running.state {
                    running.state = EngineState::Loading { received: 0, total: 1 };
                    running.engine.load();
                }
                running.state.clone()
            }
        };
        self.tell_all(state);
        true
    }

    fn tell_all(&self, state: EngineState) {
        self.say(&Message::Engine(state.clone()));
        if self.wanted.get() {
            (self.notify)(Output::Engine(state));
        }
    }

    fn queue(&self, from: u32, id: ItemId, question: Question) -> bool {
        let mut running = self.running.borrow_mut();
        let Some(running) = &mut *running else { return false };
        if running.jobs.values().any(|job| *job == (from, id)) {
            return true; // asked again since it could not be known that it had been heard
        }
        let number = ItemId(running.next);
        running.next += 1;
        running.jobs.insert(number, (from, id));
        running.engine.add(number, question);
        true
    }

    fn cancel(&self, from: u32, which: impl Fn(ItemId) -> bool) -> bool {
        let mut running = self.running.borrow_mut();
        let Some(Running { engine, jobs, .. }) = &mut *running else { return false };
        jobs.retain(|number, (whose, id)| {
            let cancelled = *whose == from && which(*id);
            if cancelled {
                engine.cancel(*number);
            }
            !cancelled
        });
        true
    }

    /// What the engine says goes to whom it concerns.
    fn pass_on(&self, output: Output) {
        match output {
            Output::Engine(state) => {
                if let Some(running) = &mut *self.running.borrow_mut() {
                    running.state = state.clone();
                }
                self.tell_all(state);
            }
            Output::ModelChanged { .. } | Output::ModelRefused { .. } => (self.notify)(output),
            Output::Item(number, state) => {
                let whose = self.running.borrow_mut().as_mut().and_then(|running| {
                    if state.is_final() {
                        running.jobs.remove(&number)
                    } else {
                        running.jobs.get(&number).copied()
                    }
                });
                match whose {
                    Some((to, id)) if to == self.me => self.deliver(id, state),
                    Some((to, id)) => self.say(&Message::Item { to, id: id.0, state }),
                    None => {}
                }
            }
        }
    }
}

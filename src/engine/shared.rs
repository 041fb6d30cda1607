//! One engine for all frames of a page: [`Frame`] decides who runs it and who is asked what; here is what that takes of the
//! browser. A lock, which only one frame has at a time, gives each its turn when the one before has gone; a channel carries
//! what they say. Only frames of this very origin can be on it, and browsers keep those in other sites' pages apart.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent};

use super::{
    client::{Client, Engine, Files, ModelFile, Output, Question, Workers},
    frames::{Effect, Frame, Input, Message},
    message::{from_js, to_js},
    queue::ItemId,
};

/// A frame's share in the engine.
#[derive(Clone)]
pub struct SharedEngine(Rc<Member>);

struct Member {
    frame: RefCell<Frame<Question>>,
    files: Files,
    /// To the other frames, if there can be any.
    channel: Option<BroadcastChannel>,
    notify: Box<dyn Fn(Output)>,
    /// The engine, if this frame runs it.
    engine: OnceCell<Engine>,
}

impl SharedEngine {
    /// Shares it with the frames that give the same name. Where there is none, or the browser lacks what that
    /// takes, it is this frame's own.
    pub fn start(files: Files, name: Option<&str>, notify: impl Fn(Output) + 'static) -> Self {
        let name = name.filter(|_| has_locks());
        let me = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        let member = Rc::new(Member {
            frame: RefCell::new(Frame::new(me)),
            files,
            channel: name.and_then(|name| BroadcastChannel::new(name).ok()),
            notify: Box::new(notify),
            engine: OnceCell::new(),
        });
        match (&member.channel, name) {
            (Some(channel), Some(name)) => {
                member.join(channel);
                member.run_in_turn(name);
            }
            _ => member.handle(Input::Turn),
        }
        Self(member)
    }
}

impl Client for SharedEngine {
    fn add(&self, id: ItemId, question: Question) {
        self.0.handle(Input::Add(id, question));
    }

    fn cancel(&self, id: ItemId) {
        self.0.handle(Input::Cancel(id));
    }

    /// For this frame's own engine.
    fn use_model(&self, model: Option<ModelFile>) {
        if let Some(engine) = self.0.engine.get() {
            engine.use_model(model);
        }
    }

    /// Nothing is loaded twice.
    fn load(&self) {
        self.0.handle(Input::Load);
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
                member.handle(Input::Heard(message));
            }
        });
        channel.set_onmessage(Some(heard.into_js_value().unchecked_ref()));
        let member = self.clone();
        let left = Closure::<dyn Fn()>::new(move || member.handle(Input::Leave));
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("pagehide", left.into_js_value().unchecked_ref());
        }
    }

    fn run_in_turn(self: &Rc<Self>, name: &str) {
        let member = self.clone();
        let granted = Closure::once_into_js(move |_lock: JsValue| {
            member.handle(Input::Turn);
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
                member.handle(Input::Turn);
            }
        });
    }

    fn handle(self: &Rc<Self>, input: Input<Question>) {
        // The frame is free again before the first effect: what hears of it may at once ask for more.
        let effects = self.frame.borrow_mut().handle(input);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(self: &Rc<Self>, effect: Effect<Question>) {
        match (effect, self.engine.get()) {
            (Effect::Start, _) => {
                self.engine.get_or_init(|| self.start_engine());
            }
            (Effect::Load, Some(engine)) => engine.load(),
            (Effect::Add(id, question), Some(engine)) => engine.add(id, question),
            (Effect::Cancel(id), Some(engine)) => engine.cancel(id),
            (Effect::Load | Effect::Add(..) | Effect::Cancel(_), None) => {}
            (Effect::Say(message), _) => self.say(&message),
            (Effect::Tell(output), _) => (self.notify)(output),
        }
    }

    fn start_engine(self: &Rc<Self>) -> Engine {
        let member = Rc::downgrade(self);
        let hear = move |output| {
            if let Some(member) = member.upgrade() {
                member.handle(Input::Engine(output));
            }
        };
        Engine::start(self.files.clone(), Workers::One, hear, None)
    }

    fn say(&self, message: &Message<Question>) {
        if let Some(channel) = &self.channel
            && let Ok(message) = to_js(message)
        {
            let _ = channel.post_message(&message);
        }
    }
}

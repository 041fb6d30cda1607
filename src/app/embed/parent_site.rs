//! The page's side of its dealings with the site in whose frame it is. What may come and what is said is in
//! [`crate::embed`]; here it is heard, done and told.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use js_sys::{Array, JsString, Object, Reflect};
use leptos::{ev, prelude::*};
use wasm_bindgen::prelude::*;
use web_sys::{
    Blob, CssMediaRule, CssStyleSheet, File, FilePropertyBag, HtmlElement, MessageEvent, MessagePort,
    ResizeObserver,
};

use crate::app::session::{News, Session};
use crate::{
    embed::{
        Colour, Options, Theme,
        message::{
            Fault, Field, LONGEST_TEXT, MOST_ASKED, Phase, Rejected, Reply, Request, check_protocol, read,
        },
    },
    engine::{EngineState, ItemState, queue::ItemId},
};

/// Does what the site chooses and asks for, if there is one, and tells it what comes of it.
pub fn start(session: Session) {
    Effect::new(move |_| session.options.with(paint));
    wake_when_approached(session);
    let window = window();
    let parent = window.parent().ok().flatten().filter(|parent| !Object::is(parent, &window));
    let Some(parent) = parent else { return };

    let connection: Rc<RefCell<Option<Rc<Host>>>> = Rc::default();
    let _ = window_event_listener(ev::message, {
        let parent = parent.clone();
        move |event: MessageEvent| {
            let mut connection = connection.borrow_mut();
            if connection.is_none() && event.source().is_some_and(|source| Object::is(&source, &parent)) {
                *connection = connect(session, &event);
            }
        }
    });
    // To whoever it is: this says no more than that the page is there.
    let _ = parent.post_message(&js(&Reply::Hello), "*");
}

/// The first port that the parent hands over is the one that is listened to. With another version than ours it is
/// told so.
fn connect(session: Session, event: &MessageEvent) -> Option<Rc<Host>> {
    let data = event.data();
    let port: MessagePort = event.ports().get(0).dyn_into().ok()?;
    match check_protocol(&field(&data, "protocol")) {
        Ok(()) if matches!(field(&data, "type"), Field::Text(kind) if kind == "connect") => {
            Some(Host::start(session, port))
        }
        Err(fault @ Fault::Version) => {
            let _ = port.post_message(&js(&Reply::from(&Rejected { id: None, fault })));
            None
        }
        _ => None,
    }
}

/// The network is large: it comes when a photo is about to.
fn wake_when_approached(session: Session) {
    let _ = window_event_listener(ev::pointerover, move |_| session.network.wake());
    let _ = window_event_listener(ev::focusin, move |_| session.network.wake());
    let _ = window_event_listener(ev::dragenter, move |_| session.network.wake());
}

/// A site that has connected.
struct Host {
    session: Session,
    port: MessagePort,
    asked: RefCell<HashMap<ItemId, Asked>>,
    /// How many of the photos of the present pile are answered.
    answered: Cell<u64>,
}

/// A photo that the site has asked about.
struct Asked {
    id: u32,
    name: String,
}

impl Host {
    fn start(session: Session, port: MessagePort) -> Rc<Self> {
        let host = Rc::new(Self { session, port, asked: RefCell::default(), answered: Cell::default() });
        let on_message = Closure::<dyn Fn(MessageEvent)>::new({
            let host = host.clone();
            move |event: MessageEvent| host.hear(&event.data())
        });
        session.listen({
            let host = host.clone();
            move |news| host.pass_on(news)
        });
        host.tell(&Reply::Ready);
        host.port.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
        host.tell_size();
        host
    }

    fn tell(&self, reply: &Reply) {
        let _ = self.port.post_message(&js(reply));
    }

    fn hear(&self, data: &JsValue) {
        let request = read(|name| field(data, name)).and_then(|request| match request {
            Request::Classify { id, .. } if self.asked.borrow().len() >= MOST_ASKED => {
                Err(Rejected { id: Some(id), fault: Fault::TooMany })
            }
            request => Ok(request),
        });
        match request {
            Ok(Request::Classify { id, photo, name }) => self.ask(id, &photo, name),
            Ok(Request::Reset) => {
                for (id, _) in self.asked.borrow_mut().drain() {
                    self.session.network.cancel(id);
                }
                self.session.forget_all();
            }
            Ok(Request::Options(options)) => self.session.options.set(options),
            Err(Rejected { fault: Fault::Foreign, .. }) => {}
            Err(rejected) => self.tell(&Reply::from(&rejected)),
        }
    }

    fn ask(&self, id: u32, photo: &Blob, name: String) {
        // A file refers to the blob's bytes; they are not copied.
        let options = FilePropertyBag::new();
        options.set_type(&photo.type_());
        match File::new_with_blob_sequence_and_options(&Array::of1(photo), &name, &options) {
            Ok(file) => {
                let item = self.session.ask(file);
                self.asked.borrow_mut().insert(item, Asked { id, name });
                if let EngineState::Failed(_) = self.session.network.state.get_untracked() {
                    self.give_up(); // it cannot even be tried
                }
            }
            Err(_) => {
                let fault = Fault::Malformed { field: "photo" };
                self.tell(&Reply::from(&Rejected { id: Some(id), fault }));
            }
        }
    }

    fn pass_on(&self, news: News) {
        match news {
            News::Engine(EngineState::Loading { received, total }) => {
                self.tell(&Reply::Progress { phase: Phase::Loading, done: *received, total: *total });
            }
            News::Engine(EngineState::Failed(failure)) => {
                if self.asked.borrow().is_empty() {
                    self.tell(&Reply::failed(None, None, failure));
                }
                for (id, asked) in self.asked.borrow_mut().drain() {
                    self.session.network.cancel(id);
                    self.tell(&Reply::failed(Some(asked.id), Some(&asked.name), failure));
                }
            }
            News::Engine(EngineState::Asleep | EngineState::Ready(_)) | News::ModelChanged => {}
            News::Photo { id, file_name, state } => {
                let asked = if state.is_final() { self.asked.borrow_mut().remove(&id) } else { None };
                let number = asked.as_ref().map(|asked| asked.id);
                let Some(file) = asked.as_ref().map(|asked| &*asked.name).or(file_name) else { return };
                match state {
                    ItemState::Waiting | ItemState::Working => return,
                    ItemState::Done(answered) => {
                        let prediction = &answered.answer.prediction;
                        self.tell(&Reply::Classified { id: number, file, prediction });
                    }
                    ItemState::Refused(refusal) => self.tell(&Reply::refused(number, file, refusal)),
                }
                if asked.is_some() {
                    self.count();
                }
            }
        }
    }

    fn count(&self) {
        let left = self.asked.borrow().len() as u64;
        let done = self.answered.get() + 1;
        self.tell(&Reply::Progress { phase: Phase::Classifying, done, total: done + left });
        self.answered.set(if left > 0 { done } else { 0 });
    }

    fn give_up(&self) {
        if let EngineState::Failed(failure) = self.session.network.state.get_untracked() {
            self.pass_on(News::Engine(&EngineState::Failed(failure)));
        }
    }

    /// Now and whenever it changes.
    fn tell_size(self: &Rc<Self>) {
        let Some(app) = document().get_element_by_id("app") else { return };
        let host = self.clone();
        let changed = Closure::<dyn Fn()>::new({
            let app = app.clone();
            move || {
                let height = app.get_bounding_client_rect().height().ceil() as u32;
                host.tell(&Reply::Size { height });
            }
        });
        if let Ok(observer) = ResizeObserver::new(changed.into_js_value().unchecked_ref()) {
            observer.observe(&app);
        }
    }
}

/// As the page shows itself. A theme other than the device's is had by the rules that are there for that theme.
fn paint(options: &Options) {
    let Some(root) = document().document_element() else { return };
    let style = root.unchecked_into::<HtmlElement>().style();
    let (scheme, media) = match options.theme {
        Theme::Auto => ("light dark", "(prefers-color-scheme: dark)"),
        Theme::Light => ("light", "not all"),
        Theme::Dark => ("dark", "all"),
    };
    let _ = style.set_property("color-scheme", scheme);
    for rule in dark_rules() {
        rule.media().set_media_text(media);
    }
    for (name, ground) in [("light", Colour::LIGHT_GROUND), ("dark", Colour::DARK_GROUND)] {
        let accent = options.accent.map(|accent| accent.readable_on(ground));
        for (part, colour) in [("accent", accent), ("accent-ink", accent.map(Colour::ink))] {
            let property = format!("--chosen-{part}-{name}");
            let _ = match colour {
                Some(colour) => style.set_property(&property, &colour.to_string()),
                None => style.remove_property(&property).map(drop),
            };
        }
    }
}

/// The style sheet's rules for dark devices. They are known by their place, since `paint` changes their condition.
fn dark_rules() -> Vec<CssMediaRule> {
    let sheets = document().style_sheets();
    let sheets = (0..sheets.length()).filter_map(|index| sheets.get(index)?.dyn_into::<CssStyleSheet>().ok());
    let rules = sheets.filter_map(|sheet| sheet.css_rules().ok());
    let rules = rules.flat_map(|rules| (0..rules.length()).filter_map(move |index| rules.get(index)));
    rules.filter_map(|rule| rule.dyn_into::<CssMediaRule>().ok()).take(1).collect()
}

/// One property, as far as it can be of use: nothing is copied that is not.
fn field(message: &JsValue, name: &str) -> Field<Blob> {
    let Ok(value) = Reflect::get(message, &name.into()) else { return Field::Absent };
    if value.is_undefined() {
        Field::Absent
    } else if let Some(number) = value.as_f64() {
        Field::Number(number)
    } else if let Some(text) = value.dyn_ref::<JsString>() {
        if text.length() > LONGEST_TEXT { Field::LongText } else { Field::Text(text.into()) }
    } else {
        value.dyn_into().map_or(Field::Other, Field::Photo)
    }
}

fn js(reply: &Reply) -> JsValue {
    js_sys::JSON::parse(&reply.to_json()).expect_throw("JSON was just written")
}

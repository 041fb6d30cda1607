//! The page's state, in one place: what the engine says, the photos, what is announced.

use std::{cell::Cell, collections::HashMap};

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, HtmlElement, Response, Url};

use super::{
    offline::Offline,
    opened::{self, Given},
    words,
};
use crate::{
    classifier::{ModelInfo, ONNX_BYTES, is_model_name, is_onnx},
    embed::Options,
    engine::{
        EngineState, Failure, ItemState, Refusal,
        client::{Client, Files, ModelFile, Output, Question},
        queue::ItemId,
    },
    photo::is_photo_name,
};

/// How many photos of a pick come to the list in one turn: those of a whole folder at once would freeze the page.
const PHOTOS_A_TURN: usize = 4;

/// One photo of the list. Its signals are counted references: it outlives the page it was picked on.
#[derive(Clone)]
pub struct Item {
    pub id: ItemId,
    pub file_name: String,
    /// Object URL of the file, revoked when the item is removed.
    pub url: String,
    pub state: ArcRwSignal<ItemState>,
    /// Whether it is shown large.
    pub open: ArcRwSignal<bool>,
}

/// When the engine is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    AtOnce,
    /// When the first photo comes, or is about to.
    WhenUsed,
}

/// What whoever embeds the page wants to hear of.
pub enum News<'a> {
    Engine(&'a EngineState),
    /// Of a photo of the list, which has a name here, or of one that was asked about beside it.
    Photo {
        id: ItemId,
        file_name: Option<&'a str>,
        state: &'a ItemState,
    },
    /// Another model answers from now on.
    ModelChanged,
}

/// A model file that was given and is not used.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedModel {
    pub file_name: String,
    /// What is the matter with it and what can be done, in sentences.
    pub reason: String,
}

/// A handle to the state; copies are the same session.
#[derive(Clone, Copy)]
pub struct Session {
    pub engine: RwSignal<EngineState>,
    /// Newest pick first, each pick in its own order.
    pub items: RwSignal<Vec<Item>>,
    /// How many of the picked photos are yet to come to the list.
    incoming: RwSignal<usize>,
    /// What the site chooses that embeds the page.
    pub options: RwSignal<Options>,
    pub offline: RwSignal<Offline>,
    /// Whether the browser offers to install the page.
    pub can_install: RwSignal<bool>,
    /// Name of the file whose model answers in the place of the page's own, if any.
    pub own_model: RwSignal<Option<String>>,
    pub refused_model: RwSignal<Option<RefusedModel>>,
    /// A sentence about the last attempt to add photos, if there is something to say.
    pub notice: RwSignal<Option<String>>,
    /// What a screen reader is told next.
    pub announcement: RwSignal<String>,
    client: StoredValue<Option<Box<dyn Client>>, LocalStorage>,
    next_id: StoredValue<Cell<u32>, LocalStorage>,
    /// How often the list was cleared: what was picked before that does not come to it any more.
    clearings: StoredValue<Cell<u32>, LocalStorage>,
    listener: StoredValue<Option<Listener>, LocalStorage>,
    /// Whether a model can be given among photos. In other sites' frames, which share an engine, none can.
    takes_models: bool,
    /// Those of the list, for when another model answers.
    files: StoredValue<HashMap<ItemId, File>, LocalStorage>,
}

type Listener = Box<dyn Fn(News)>;

impl Session {
    /// Hears from now on of the engine that the page starts.
    pub fn start(
        loading: Loading,
        options: Options,
        start_engine: impl FnOnce(Files, &Options, Box<dyn Fn(Output)>) -> Box<dyn Client>,
    ) -> Self {
        let session = Self {
            engine: RwSignal::new(EngineState::Asleep),
            items: RwSignal::new(Vec::new()),
            incoming: RwSignal::new(0),
            options: RwSignal::new(options),
            offline: RwSignal::new(Offline::OnlineOnly),
            can_install: RwSignal::new(false),
            own_model: RwSignal::new(None),
            refused_model: RwSignal::new(None),
            notice: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            client: StoredValue::new_local(None),
            next_id: StoredValue::new_local(Cell::new(0)),
            clearings: StoredValue::new_local(Cell::new(0)),
            listener: StoredValue::new_local(None),
            takes_models: loading == Loading::AtOnce,
            files: StoredValue::new_local(HashMap::new()),
        };
        match Files::of_page() {
            Some(files) => {
                let hear = Box::new(move |output| session.hear(output));
                let engine = session.options.with_untracked(|options| start_engine(files, options, hear));
                session.client.set_value(Some(engine));
                if loading == Loading::AtOnce {
                    session.wake();
                }
            }
            None => session.engine.set(EngineState::Failed(Failure::Missing { status: 404 })),
        }
        session
    }

    /// The session that the page's root provides.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Puts the files on top of the list and asks about each. A model among them answers from then on.
    pub fn add(self, files: &FileList) {
        self.add_files(opened::all(files).collect());
    }

    /// The same with a picture of the page's own.
    pub fn add_sample(self, url: String) {
        focus_later("choose".into());
        spawn_local(async move {
            match fetched(&url).await {
                Ok(file) => self.add_files(vec![file]),
                Err(_) => self.say(words::NO_SAMPLE),
            }
        });
    }

    /// The same with photos that another app has handed over.
    pub fn add_shared(self, files: Vec<File>) {
        if files.is_empty() {
            self.say(words::NOTHING_SHARED);
        } else {
            self.add_files(files);
        }
    }

    fn add_files(self, files: Vec<File>) {
        self.add_given(files.into_iter().map(Given::File).collect());
    }

    /// The same with what was dropped or pasted, and with the photos in folders among it.
    pub fn add_given(self, given: Vec<Given>) {
        let clearings = self.clearings();
        if given.iter().any(Given::is_folder) {
            self.say(words::OPENING_FOLDER);
        }
        spawn_local(self.take(given, clearings));
    }

    /// Shows and announces what came of the last attempt to add photos.
    pub fn say(self, notice: &str) {
        self.announcement.set(notice.into());
        self.notice.set(Some(notice.into()));
    }

    /// `clearings`: how often the list had been cleared when it was given.
    async fn take(self, given: Vec<Given>, clearings: u32) {
        let (given, without) = opened::photos(given).await;
        if without.is_empty() {
            self.notice.set(None);
        } else {
            self.say(&words::no_photos(&without));
        }
        let mut photos = Vec::new();
        for each in given {
            match each {
                Given::File(file) if self.takes_models && is_model(&file).await => {
                    self.use_model(Some(file));
                }
                photo => photos.push(photo),
            }
        }
        if photos.is_empty() || clearings != self.clearings() {
            return;
        }
        self.wake();
        if !self.options.with_untracked(|options| options.multiple) {
            self.forget_all();
            if photos.len() > 1 {
                self.say(&words::first_of(photos.len()));
                photos.truncate(1);
            }
        }
        let clearings = self.clearings();
        let open = photos.len() == 1 && !self.options.with_untracked(|options| options.compact);
        for item in self.items.get_untracked() {
            item.open.set(false);
        }
        self.incoming.update(|incoming| *incoming += photos.len());
        let mut last = None;
        for turn in photos.chunks(PHOTOS_A_TURN) {
            let mut files = Vec::new();
            for photo in turn {
                files.extend(photo.file().await);
            }
            if clearings != self.clearings() {
                return;
            }
            self.incoming.update(|incoming| *incoming -= turn.len());
            last = self.list(&files, open, last);
            TimeoutFuture::new(0).await;
        }
    }

    fn clearings(self) -> u32 {
        self.clearings.with_value(Cell::get)
    }

    /// Puts some files into the list, behind the item `last` or on top, and asks about them; returns the new last item.
    fn list(self, files: &[File], open: bool, last: Option<ItemId>) -> Option<ItemId> {
        let added: Vec<_> =
            files.iter().filter_map(|file| Some((self.item(file, open)?, file.clone()))).collect();
        self.items.update(|items| {
            let behind = |last| items.iter().position(|item| item.id == last).map(|index| index + 1);
            let at = last.and_then(behind).unwrap_or(0);
            items.splice(at..at, added.iter().map(|(item, _)| item.clone()));
        });
        let last = added.last().map(|(item, _)| item.id).or(last);
        for (item, file) in added {
            self.files.update_value(|files| _ = files.insert(item.id, file.clone()));
            self.add_question(item.id, file);
        }
        last
    }

    fn item(self, file: &File, open: bool) -> Option<Item> {
        Some(Item {
            id: self.new_id(),
            file_name: file.name(),
            url: Url::create_object_url_with_blob(file).ok()?,
            state: ArcRwSignal::new(ItemState::Waiting),
            open: ArcRwSignal::new(open),
        })
    }

    fn new_id(self) -> ItemId {
        ItemId(self.next_id.with_value(|next| next.replace(next.get() + 1)))
    }

    /// Asks about a photo that is not put on the list: the listener hears of it.
    pub fn ask(self, photo: File) -> ItemId {
        if self.engine.with_untracked(|engine| matches!(engine, EngineState::Failed(_))) {
            self.load();
        }
        self.wake();
        let id = self.new_id();
        self.add_question(id, photo);
        id
    }

    fn add_question(self, id: ItemId, photo: File) {
        let among = self.options.with_untracked(|options| options.labels.clone());
        self.client(|client| client.add(id, Question { photo, among }));
    }

    fn client(self, command: impl FnOnce(&dyn Client)) {
        self.client.with_value(|client| {
            if let Some(client) = client {
                command(&**client);
            }
        });
    }

    /// Has photos answered by the model in a file, or by the page's own again. A file that cannot be used changes nothing.
    pub fn use_model(self, file: Option<File>) {
        self.refused_model.set(None);
        let Some(file) = file else {
            return self.client(|client| client.use_model(None));
        };
        let name = file.name();
        if let Err(error) = ModelInfo::check_bytes(file.size() as u64) {
            return self.refuse_model(name, error.to_string());
        }
        spawn_local(async move {
            match JsFuture::from(file.array_buffer()).await {
                Ok(bytes) => {
                    let model = ModelFile { name, bytes: Uint8Array::new(&bytes) };
                    self.client(|client| client.use_model(Some(model)));
                }
                Err(_) => self.refuse_model(name, Refusal::Unreadable.cause().into()),
            }
        });
    }

    fn refuse_model(self, file_name: String, reason: String) {
        self.refused_model.set(Some(RefusedModel { file_name, reason }));
    }

    /// Asks about all photos of the list anew.
    fn ask_again(self) {
        for item in self.items.get_untracked() {
            let file = self.files.with_value(|files| files.get(&item.id).cloned());
            self.cancel(item.id);
            file.into_iter().for_each(|file| self.add_question(item.id, file));
        }
    }

    /// Whoever listens hears of everything from now on.
    pub fn listen(self, listener: impl Fn(News) + 'static) {
        self.listener.set_value(Some(Box::new(listener)));
    }

    fn tell(self, news: News) {
        self.listener.with_value(|listener| {
            if let Some(listener) = listener {
                listener(news);
            }
        });
    }

    /// Takes a photo off the list, whatever its state, and moves the focus to its neighbour.
    pub fn remove(self, id: ItemId) {
        let Some(index) = self.items.with_untracked(|items| items.iter().position(|item| item.id == id))
        else {
            return;
        };
        let mut removed = None;
        self.items.update(|items| removed = Some(items.remove(index)));
        if let Some(item) = removed {
            self.forget(&item);
            self.announcement.set(format!("{} removed.", item.file_name));
        }
        let neighbour = self.items.with_untracked(|items| {
            items.get(index).or(items.last()).map(|item| format!("remove-{}", item.id.0))
        });
        focus_later(neighbour.unwrap_or_else(|| "choose".into()));
    }

    /// Takes all photos off the list.
    pub fn clear(self) {
        self.forget_all();
        self.announcement.set("All photos removed.".into());
        focus_later("choose".into());
    }

    /// The same without a word, and the focus stays where it is.
    pub fn forget_all(self) {
        self.clearings.with_value(|clearings| clearings.set(clearings.get() + 1));
        self.incoming.set(0);
        let mut items = Vec::new();
        self.items.update(|list| items = std::mem::take(list));
        for item in &items {
            self.forget(item);
        }
    }

    fn forget(self, item: &Item) {
        let _ = Url::revoke_object_url(&item.url);
        self.files.update_value(|files| _ = files.remove(&item.id));
        self.cancel(item.id);
    }

    /// Nothing more is heard of a photo.
    pub fn cancel(self, id: ItemId) {
        self.client(|client| client.cancel(id));
    }

    /// Loads the engine, if nobody has yet.
    pub fn wake(self) {
        if self.engine.with_untracked(|engine| *engine == EngineState::Asleep) {
            self.load();
        }
    }

    /// Loads the engine, also again after a failure.
    pub fn load(self) {
        self.client(|client| {
            self.engine.set(EngineState::Loading { received: 0, total: 1 });
            client.load();
        });
    }

    /// The model's description, once it is there.
    pub fn model(self) -> Option<ModelInfo> {
        match self.engine.get() {
            EngineState::Ready(model) => Some(model),
            _ => None,
        }
    }

    /// How many photos have their answer or refusal, and how many there are.
    pub fn progress(self) -> (usize, usize) {
        self.items.with(|items| {
            let done = items.iter().filter(|item| item.state.with(ItemState::is_final)).count();
            (done, items.len() + self.incoming.get())
        })
    }

    /// The page's state without a connection; news of it are announced once.
    pub fn set_offline(self, state: Offline) {
        if self.offline.with_untracked(|old| *old != state) {
            if let Some(words) = words::announce_offline(&state) {
                self.announcement.set(words.into());
            }
            self.offline.set(state);
        }
    }

    fn hear(self, output: Output) {
        match output {
            Output::Engine(state) => {
                self.tell(News::Engine(&state));
                // A replaced worker says again that it is ready: no news for anyone.
                if self.engine.with_untracked(|old| *old != state) {
                    if let Some(words) = words::announce_engine(&state) {
                        self.announcement.set(words);
                    }
                    self.engine.set(state);
                }
            }
            Output::ModelChanged { file_name } => {
                self.own_model.set(file_name);
                self.tell(News::ModelChanged);
                self.ask_again();
            }
            Output::ModelRefused { file_name: Some(file_name), reason } => {
                self.refuse_model(file_name, reason)
            }
            // The page's own, which answers again after a new start.
            Output::ModelRefused { file_name: None, .. } => {}
            Output::Item(id, state) => {
                let found =
                    self.items.with_untracked(|items| items.iter().find(|item| item.id == id).cloned());
                let file_name = found.as_ref().map(|item| item.file_name.as_str());
                self.tell(News::Photo { id, file_name, state: &state });
                if let Some(item) = found {
                    item.state.set(state);
                    self.announce(&item);
                }
            }
        }
    }

    /// A single photo is announced by its answer, a pile only when the last is done.
    fn announce(self, item: &Item) {
        let (done, all) = untrack(|| self.progress());
        let state = item.state.get_untracked();
        let words = if all == 1 {
            words::announce_item(&item.file_name, &state)
        } else if done == all && state.is_final() {
            Some(format!("All {all} photos are answered."))
        } else {
            None
        };
        if let Some(words) = words {
            self.announcement.set(words);
        }
    }
}

/// A file of the page's own, named as in its address.
async fn fetched(url: &str) -> Result<File, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(url)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    let parts = Array::of1(&JsFuture::from(response.blob()?).await?);
    File::new_with_blob_sequence(&parts, url.rsplit('/').next().unwrap_or(url))
}

/// Whether it is a model: what calls itself one, be it whole or not, and what is one whatever it is called.
pub async fn is_model(file: &File) -> bool {
    let name = file.name();
    if is_photo_name(&name) || is_model_name(&name) {
        return !is_photo_name(&name);
    }
    let Ok(start) = file.slice_with_f64_and_f64(0.0, ONNX_BYTES as f64) else { return false };
    match JsFuture::from(start.array_buffer()).await {
        Ok(bytes) => is_onnx(&Uint8Array::new(&bytes).to_vec()),
        Err(_) => false,
    }
}

/// Moves the focus once the view has been brought up to date.
pub fn focus_later(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    });
}

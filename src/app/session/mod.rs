//! The page's state, in one place: the photos, the engine that answers them, what is announced.

mod network;
mod notices;
mod photo_list;

use gloo_timers::future::TimeoutFuture;
use js_sys::Array;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, HtmlElement, Response};

use super::dropped::{self, Given};
use crate::{
    embed::Options,
    engine::{
        EngineState, ItemState,
        client::{Client, Files, Output, Question},
        queue::ItemId,
    },
    offline::Offline,
    words,
};
pub use network::{Network, is_model};
pub use notices::Notices;
use photo_list::Clearings;
pub use photo_list::{Item, PhotoList};

/// How many photos of a pick come to the list in one turn: those of a whole folder at once would freeze the page.
const PHOTOS_A_TURN: usize = 4;

/// When the engine is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    AtOnce,
    /// When the first photo comes, or is about to.
    WhenUsed,
}

/// What a part of the page that listens to the session hears of.
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

type Listener = Box<dyn Fn(News)>;

/// A handle to the state; copies are the same session.
#[derive(Clone, Copy)]
pub struct Session {
    pub photos: PhotoList,
    pub network: Network,
    pub notices: Notices,
    /// What the site chooses that embeds the page.
    pub options: RwSignal<Options>,
    pub offline: RwSignal<Offline>,
    /// Whether the browser offers to install the page.
    pub can_install: RwSignal<bool>,
    /// Whether a model can be given among photos. In other sites' frames, which share an engine, none can.
    takes_models: bool,
    listener: StoredValue<Option<Listener>, LocalStorage>,
}

impl Session {
    /// Hears from now on of the engine that the page starts.
    pub fn start(
        loading: Loading,
        options: Options,
        start_engine: impl FnOnce(Files, &Options, Box<dyn Fn(Output)>) -> Box<dyn Client>,
    ) -> Self {
        let session = Self {
            photos: PhotoList::new(),
            network: Network::new(),
            notices: Notices::new(),
            options: RwSignal::new(options),
            offline: RwSignal::new(Offline::OnlineOnly),
            can_install: RwSignal::new(false),
            takes_models: loading == Loading::AtOnce,
            listener: StoredValue::new_local(None),
        };
        let hear = Box::new(move |output| session.hear(output));
        let start = |files| session.options.with_untracked(|options| start_engine(files, options, hear));
        session.network.start(start);
        if loading == Loading::AtOnce {
            session.network.wake();
        }
        session
    }

    /// The session that the page's root provides.
    pub fn expect() -> Self {
        expect_context()
    }

    // ---- photos come

    /// Puts the files on top of the list and asks about each. A model among them answers from then on.
    pub fn add(self, files: &FileList) {
        self.add_files(dropped::all(files).collect());
    }

    /// The same with a picture of the page's own.
    pub fn add_sample(self, url: String) {
        focus_later("choose".into());
        spawn_local(async move {
            match fetched(&url).await {
                Ok(file) => self.add_files(vec![file]),
                Err(_) => self.notices.say(words::NO_SAMPLE),
            }
        });
    }

    /// The same with photos that another app has handed over.
    pub fn add_shared(self, files: Vec<File>) {
        if files.is_empty() {
            self.notices.say(words::NOTHING_SHARED);
        } else {
            self.add_files(files);
        }
    }

    fn add_files(self, files: Vec<File>) {
        self.add_given(files.into_iter().map(Given::File).collect());
    }

    /// The same with what was dropped or pasted, and with the photos in folders among it.
    pub fn add_given(self, given: Vec<Given>) {
        if given.iter().any(Given::is_folder) {
            self.notices.say(words::OPENING_FOLDER);
        }
        spawn_local(self.take(given, self.photos.clearings()));
    }

    /// `clearings`: as they were when it was given.
    async fn take(self, given: Vec<Given>, clearings: Clearings) {
        let (given, without) = dropped::photos(given).await;
        if without.is_empty() {
            self.notices.clear();
        } else {
            self.notices.say(&words::no_photos(&without));
        }
        let mut photos = Vec::new();
        for each in given {
            match each {
                Given::File(file) if self.takes_models && is_model(&file).await => {
                    self.network.use_model(Some(file));
                }
                photo => photos.push(photo),
            }
        }
        if photos.is_empty() || clearings != self.photos.clearings() {
            return;
        }
        self.network.wake();
        if !self.options.with_untracked(|options| options.multiple) {
            self.forget_all();
            if photos.len() > 1 {
                self.notices.say(&words::first_of(photos.len()));
                photos.truncate(1);
            }
        }
        self.list(photos).await;
    }

    /// Lists photos, some at a time, and asks about them.
    async fn list(self, photos: Vec<Given>) {
        let clearings = self.photos.clearings();
        let open = photos.len() == 1 && !self.options.with_untracked(|options| options.compact);
        self.photos.close_all();
        self.photos.expect(photos.len());
        let mut last = None;
        for turn in photos.chunks(PHOTOS_A_TURN) {
            let mut files = Vec::new();
            for photo in turn {
                files.extend(photo.file().await);
            }
            if clearings != self.photos.clearings() {
                return;
            }
            for (id, file) in self.photos.insert(&files, turn.len(), open, last) {
                self.question(id, file);
                last = Some(id);
            }
            TimeoutFuture::new(0).await;
        }
    }

    // ---- and are asked about

    fn question(self, id: ItemId, photo: File) {
        let among = self.options.with_untracked(|options| options.labels.clone());
        self.network.ask(id, Question { photo, among });
    }

    /// Asks about a photo that is not put on the list: the listener hears of it.
    pub fn ask(self, photo: File) -> ItemId {
        if self.network.state.with_untracked(|state| matches!(state, EngineState::Failed(_))) {
            self.network.load();
        }
        self.network.wake();
        let id = self.photos.new_id();
        self.question(id, photo);
        id
    }

    /// Asks about all photos of the list anew.
    fn ask_again(self) {
        for (id, file) in self.photos.files() {
            self.network.cancel(id);
            self.question(id, file);
        }
    }

    // ---- and leave

    /// Takes a photo off the list, whatever its state, and moves the focus to its neighbour.
    pub fn remove(self, id: ItemId) {
        let Some((removed, neighbour)) = self.photos.remove(id) else { return };
        self.network.cancel(id);
        self.notices.announce(words::removed(&removed.file_name));
        focus_later(neighbour.map_or_else(|| "choose".into(), |id| format!("remove-{}", id.0)));
    }

    /// Takes all photos off the list.
    pub fn clear(self) {
        self.forget_all();
        self.notices.announce(words::ALL_REMOVED);
        focus_later("choose".into());
    }

    /// The same without a word, and the focus stays where it is.
    pub fn forget_all(self) {
        for item in self.photos.clear() {
            self.network.cancel(item.id);
        }
    }

    // ---- what is heard

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

    fn hear(self, output: Output) {
        match output {
            Output::Engine(state) => {
                self.tell(News::Engine(&state));
                // A replaced worker says again that it is ready: no news for anyone.
                if self.network.state.with_untracked(|old| *old != state) {
                    if let Some(words) = words::announce_engine(&state) {
                        self.notices.announce(words);
                    }
                    self.network.state.set(state);
                }
            }
            Output::ModelChanged { file_name } => {
                self.network.own_model.set(file_name);
                self.tell(News::ModelChanged);
                self.ask_again();
            }
            Output::ModelRefused { file_name: Some(file_name), reason } => {
                self.network.refuse_model(file_name, reason);
            }
            // The page's own, which answers again after a new start.
            Output::ModelRefused { file_name: None, .. } => {}
            Output::Item(id, state) => {
                let found = self.photos.find(id);
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
        let (done, all) = untrack(|| self.photos.progress());
        let state = item.state.get_untracked();
        let words = if all == 1 {
            words::announce_item(&item.file_name, &state)
        } else if done == all && state.is_final() {
            Some(words::all_answered(all))
        } else {
            None
        };
        if let Some(words) = words {
            self.notices.announce(words);
        }
    }

    /// The page's state without a connection; news of it are announced once.
    pub fn set_offline(self, state: Offline) {
        if self.offline.with_untracked(|old| *old != state) {
            if let Some(words) = words::announce_offline(&state) {
                self.notices.announce(words);
            }
            self.offline.set(state);
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

/// Moves the focus once the view has been brought up to date.
pub fn focus_later(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    });
}

use js_sys::Uint8Array;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::{
    classifier::{ModelInfo, ONNX_BYTES, is_model_name, is_onnx},
    engine::{
        EngineState, Failure, Refusal,
        client::{Client, Files, ModelFile, Question},
        queue::ItemId,
    },
    photo::is_photo_name,
    words::Explained,
};

/// A model file that was given and is not used.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedModel {
    pub file_name: String,
    /// What is the matter with it and what can be done, in sentences.
    pub reason: String,
}

/// The engine, and whose model answers.
#[derive(Clone, Copy)]
pub struct Network {
    pub state: RwSignal<EngineState>,
    /// Name of the file whose model answers in the place of the page's own, if any.
    pub own_model: RwSignal<Option<String>>,
    pub refused_model: RwSignal<Option<RefusedModel>>,
    client: StoredValue<Option<Box<dyn Client>>, LocalStorage>,
}

impl Network {
    pub fn new() -> Self {
        Self {
            state: RwSignal::new(EngineState::Asleep),
            own_model: RwSignal::new(None),
            refused_model: RwSignal::new(None),
            client: StoredValue::new_local(None),
        }
    }

    /// Starts the engine, which loads nothing yet.
    pub fn start(self, start_engine: impl FnOnce(Files) -> Box<dyn Client>) {
        match Files::of_page() {
            Some(files) => self.client.set_value(Some(start_engine(files))),
            None => self.state.set(EngineState::Failed(Failure::Missing { status: 404 })),
        }
    }

    fn client(self, command: impl FnOnce(&dyn Client)) {
        self.client.with_value(|client| {
            if let Some(client) = client {
                command(&**client);
            }
        });
    }

    /// Loads the engine, if nobody has yet.
    pub fn wake(self) {
        if self.state.with_untracked(|state| *state == EngineState::Asleep) {
            self.load();
        }
    }

    /// Loads the engine, also again after a failure.
    pub fn load(self) {
        self.client(|client| {
            self.state.set(EngineState::Loading { received: 0, total: 1 });
            client.load();
        });
    }

    /// The model's description, once it is there.
    pub fn model(self) -> Option<ModelInfo> {
        match self.state.get() {
            EngineState::Ready(model) => Some(model),
            _ => None,
        }
    }

    /// Asks about a photo.
    pub fn ask(self, id: ItemId, question: Question) {
        self.client(|client| client.add(id, question));
    }

    /// Nothing more is heard of a photo.
    pub fn cancel(self, id: ItemId) {
        self.client(|client| client.cancel(id));
    }

    /// Has photos answered by the model in a file, or by the page's own again. A file that cannot be used changes nothing.
    pub fn use_model(self, file: Option<File>) {
        self.refused_model.set(None);
        let Some(file) = file else {
            return self.client(|client| client.use_model(None));
        };
        let name = file.name();
        if let Err(error) = ModelInfo::check_bytes(file.size() as u64) {
            return self.refuse_model(name, error.explanation());
        }
        spawn_local(async move {
            match JsFuture::from(file.array_buffer()).await {
                Ok(bytes) => {
                    let model = ModelFile { name, bytes: Uint8Array::new(&bytes) };
                    self.client(|client| client.use_model(Some(model)));
                }
                Err(_) => self.refuse_model(name, Refusal::Unreadable.cause().into_owned()),
            }
        });
    }

    pub fn refuse_model(self, file_name: String, reason: String) {
        self.refused_model.set(Some(RefusedModel { file_name, reason }));
    }
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

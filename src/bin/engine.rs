//! The worker's WebAssembly. Its exports are here rather than in the library, or the page's would contain them too.

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start(model: Vec<u8>) {
    use clothing_classifier::{
        engine::worker::{Words, start},
        words::{Explained, answer, told},
    };
    start(model, Words { answer, refusal: told, bad_model: Explained::explanation });
}

/// The network without the worker, for `make bench`.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub struct Bare(clothing_classifier::classifier::Classifier);

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
impl Bare {
    #[wasm_bindgen::prelude::wasm_bindgen(constructor)]
    pub fn new(model: Vec<u8>) -> Result<Self, String> {
        use clothing_classifier::{classifier::Classifier, words::Explained};
        Classifier::from_onnx(model).map(Self).map_err(|error| error.explanation())
    }

    /// What the model file says about itself, as JSON.
    pub fn about(&self) -> String {
        serde_json::to_string(self.0.info()).unwrap_or_default()
    }

    /// Logits for normalised pixels, `[3, side, side]`.
    pub fn logits(&self, pixels: &[f32]) -> Result<Vec<f32>, String> {
        use clothing_classifier::words::Explained;
        self.0.logits_of_pixels(pixels).map_err(|error| error.explanation())
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("This program runs in a browser only: `make serve` builds and serves it.");
    std::process::exit(2);
}

//! The worker's WebAssembly. Exports stand here, not in the library, so that the page's does not carry them.

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start(model: &[u8]) {
    clothing_classifier::engine::worker::start(model);
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

//! The WebAssembly of what sites embed, and of the page about that.

#[cfg(target_arch = "wasm32")]
fn main() {
    clothing_classifier::app::mount_embed();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("This program runs in a browser only: `make serve` builds and serves it.");
    std::process::exit(2);
}

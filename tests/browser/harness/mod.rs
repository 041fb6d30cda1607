//! A browser, the page in it, and the server that hosts the page, which fails where it is told to.

mod browser;
mod driver;
mod outside;
mod page;
mod seen;
mod server;
mod site;
mod visit;

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

pub use browser::{Browser, Kind};
pub use page::Page;
pub use seen::{Card, Seen};
pub use server::{CODE, Fault, Host, MODEL, Response, Rule, SCRIPT, Server, at_path, is_hash, other_version};
pub use site::Site;
pub use visit::{Screen, Visit};

/// How long nothing may happen before it counts as never happening, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The folder of this package, from which paths in the environment count.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The built bundle.
pub fn dist() -> PathBuf {
    let dist = project().join(env::var_os("DIST").unwrap_or_else(|| "dist".into()));
    assert!(
        dist.join("index.html").is_file(),
        "there is no bundle in {}; build it with make",
        dist.display()
    );
    dist
}

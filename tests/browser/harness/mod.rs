//! The test harness: a browser, the page in it, and the server that hosts the page and fails on request.

mod browser;
mod driver;
mod egress_proxy;
mod page;
mod server;
mod site;
mod snapshot;
mod visit;

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

pub use browser::{Browser, Kind};
pub use page::Page;
pub use server::{CODE, Fault, Host, MODEL, Response, Rule, SCRIPT, Server, at_path, is_hash, other_version};
pub use site::Site;
pub use snapshot::{Card, Snapshot};
pub use visit::{Screen, Visit};

/// How long nothing may happen before a test gives up. Long enough for a slow and busy machine.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The folder of this package. Relative paths in environment variables start here.
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

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Browser, Fault, Kind, Page, Rule, Server};

/// How the browser is to look.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    /// A phone: touch instead of a mouse.
    pub touch: bool,
    pub dark: bool,
}

/// A visit to the page that is yet to begin.
pub struct Visit {
    path: String,
    rules: Vec<Rule>,
    scripts: Vec<&'static str>,
    screen: Option<Screen>,
    agent: Option<&'static str>,
    kind: Kind,
    online_only: bool,
    swap: Option<(&'static str, PathBuf)>,
    room: Option<u64>,
    bundle: PathBuf,
    cores: u32,
}

/// Counts the workers that the page starts.
const COUNT_WORKERS: &str = "
    window.workers = 0;
    window.Worker = class extends Worker { constructor(...given) { super(...given); window.workers += 1; } };";

impl Visit {
    pub fn to(path: &str) -> Self {
        let (rules, scripts) = (Vec::new(), vec![COUNT_WORKERS]);
        let kind = Kind::Chromium;
        Self {
            path: path.into(),
            rules,
            scripts,
            screen: None,
            agent: None,
            kind,
            online_only: false,
            swap: None,
            room: None,
            bundle: super::dist(),
            cores: 2,
        }
    }

    pub fn with_firefox(mut self) -> Self {
        self.kind = Kind::Firefox;
        self
    }

    /// In a browser without service workers.
    pub fn online_only(mut self) -> Self {
        self.online_only = true;
        self
    }

    /// Has another bundle take over just before a file is asked for whose name begins so.
    pub fn swapping_before(mut self, name: &'static str, bundle: &Path) -> Self {
        self.swap = Some((name, bundle.into()));
        self
    }

    /// In a browser that has room for so many bytes.
    pub fn with_room(mut self, bytes: u64) -> Self {
        self.room = Some(bytes);
        self
    }

    /// With service workers even though something goes wrong with a file.
    pub fn and_service_worker(mut self) -> Self {
        self.online_only = false;
        self
    }

    /// Lets something go wrong with a file, once.
    pub fn with(self, file: &'static str, fault: Fault) -> Self {
        self.with_times(1, file, fault)
    }

    /// Lets something go wrong with the next `times` requests for a file, and keeps the service worker out, which
    /// would ask for the file as well.
    pub fn with_times(mut self, times: usize, file: &'static str, fault: Fault) -> Self {
        self.rules.push(Rule { file, fault, times });
        self.online_only()
    }

    /// Runs a script before any of the page's own.
    pub fn after_script(mut self, script: &'static str) -> Self {
        self.scripts.push(script);
        self
    }

    pub fn on(mut self, screen: Screen) -> Self {
        self.screen = Some(screen);
        self
    }

    /// Takes another bundle than the one that was built.
    pub fn of(mut self, bundle: &Path) -> Self {
        self.bundle = bundle.into();
        self
    }

    /// Lets the browser call itself so (its user agent).
    pub fn by(mut self, agent: &'static str) -> Self {
        self.agent = Some(agent);
        self
    }

    /// On a device with so many processor cores; on one with two, whatever the machine is, unless this is said.
    pub fn with_cores(mut self, cores: u32) -> Self {
        self.cores = cores;
        self
    }

    /// Opens the page in a fresh browser.
    pub fn open(mut self) -> Page {
        let page = Page::new(Browser::start(self.kind, self.agent), Server::start(&self.bundle, self.rules));
        if self.online_only {
            self.scripts.push("delete Navigator.prototype.serviceWorker;");
        }
        if self.kind == Kind::Chromium {
            page.cdp(
                "Emulation.setHardwareConcurrencyOverride",
                json!({ "hardwareConcurrency": self.cores }),
            );
            for script in self.scripts {
                page.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
            }
        }
        if let Some(screen) = self.screen {
            page.show_on(screen);
        }
        if let Some((name, bundle)) = self.swap {
            page.server.swap_before(name, &bundle);
        }
        if let Some(bytes) = self.room {
            let origin = page.server.url("");
            page.cdp("Storage.overrideQuotaForOrigin", json!({ "origin": origin, "quotaSize": bytes }));
        }
        page.go_to(&self.path);
        page
    }
}

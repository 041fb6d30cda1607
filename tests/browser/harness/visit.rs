use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Browser, Fault, Kind, Page, Rule, Server};

/// The screen that the browser emulates, in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    /// A phone: touch instead of a mouse.
    pub touch: bool,
    pub dark: bool,
}

/// Builds a visit to the page: which browser, which faults, which bundle. [`Visit::open`] starts it.
pub struct Visit {
    path: String,
    rules: Vec<Rule>,
    scripts: Vec<&'static str>,
    screen: Option<Screen>,
    user_agent: Option<&'static str>,
    kind: Kind,
    online_only: bool,
    swap: Option<(&'static str, PathBuf)>,
    quota: Option<u64>,
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
            user_agent: None,
            kind,
            online_only: false,
            swap: None,
            quota: None,
            bundle: super::dist(),
            cores: 2,
        }
    }

    pub fn with_firefox(mut self) -> Self {
        self.kind = Kind::Firefox;
        self
    }

    /// Without service workers, so that nothing is kept for offline use.
    pub fn online_only(mut self) -> Self {
        self.online_only = true;
        self
    }

    /// Switches the server to another bundle just before the first request for a file whose name begins with `name`.
    pub fn swapping_before(mut self, name: &'static str, bundle: &Path) -> Self {
        self.swap = Some((name, bundle.into()));
        self
    }

    /// Limits the browser's storage for the page, in bytes.
    pub fn with_quota(mut self, bytes: u64) -> Self {
        self.quota = Some(bytes);
        self
    }

    /// With service workers after all, in spite of a fault.
    pub fn and_service_worker(mut self) -> Self {
        self.online_only = false;
        self
    }

    /// Makes the next request for a file fail.
    pub fn with(self, file: &'static str, fault: Fault) -> Self {
        self.with_times(1, file, fault)
    }

    /// Makes the next `times` requests for a file fail. Turns off the service worker, which would request the file, too.
    pub fn with_times(mut self, times: usize, file: &'static str, fault: Fault) -> Self {
        self.rules.push(Rule { file, fault, times });
        self.online_only()
    }

    /// Runs a script before the page's own.
    pub fn after_script(mut self, script: &'static str) -> Self {
        self.scripts.push(script);
        self
    }

    pub fn on(mut self, screen: Screen) -> Self {
        self.screen = Some(screen);
        self
    }

    /// Serves another bundle than the one in `dist`.
    pub fn with_bundle(mut self, bundle: &Path) -> Self {
        self.bundle = bundle.into();
        self
    }

    /// Replaces the browser's user agent.
    pub fn with_user_agent(mut self, user_agent: &'static str) -> Self {
        self.user_agent = Some(user_agent);
        self
    }

    /// Reports this number of processor cores to the page. Without this it is two, whatever the machine has.
    pub fn with_cores(mut self, cores: u32) -> Self {
        self.cores = cores;
        self
    }

    /// Starts a fresh browser and server, and opens the page.
    pub fn open(mut self) -> Page {
        let page =
            Page::new(Browser::start(self.kind, self.user_agent), Server::start(&self.bundle, self.rules));
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
        if let Some(bytes) = self.quota {
            let origin = page.server.url("");
            page.cdp("Storage.overrideQuotaForOrigin", json!({ "origin": origin, "quotaSize": bytes }));
        }
        page.go_to(&self.path);
        page
    }
}

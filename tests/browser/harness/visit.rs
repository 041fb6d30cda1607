use serde_json::json;

use super::{Browser, Fault, Page, Rule, Server};

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
}

impl Visit {
    pub fn to(path: &str) -> Self {
        Self { path: path.into(), rules: Vec::new(), scripts: Vec::new(), screen: None, agent: None }
    }

    /// Lets something go wrong with a file, once.
    pub fn with(self, file: &'static str, fault: Fault) -> Self {
        self.with_times(1, file, fault)
    }

    /// Lets something go wrong with the next `times` requests for a file.
    pub fn with_times(mut self, times: usize, file: &'static str, fault: Fault) -> Self {
        self.rules.push(Rule { file, fault, times });
        self
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

    /// Lets the browser call itself so (its user agent).
    pub fn by(mut self, agent: &'static str) -> Self {
        self.agent = Some(agent);
        self
    }

    /// Opens the page in a fresh browser.
    pub fn open(self) -> Page {
        let page = Page::new(Browser::start(self.agent), Server::start(super::dist(), self.rules));
        for script in self.scripts {
            page.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
        }
        if let Some(screen) = self.screen {
            page.show_on(screen);
        }
        page.go_to(&self.path);
        page
    }
}

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use base64::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{error::WebDriverResult, prelude::*};

use super::{Browser, Card, Kind, Screen, Server, Snapshot, TIMEOUT, Visit, egress_proxy, project};

/// How often a condition is checked.
const POLL: Duration = Duration::from_millis(50);

/// The page in its own browser. Dropping it ends the browser, and fails the test if a file was missing, another machine was
/// contacted or the console shows errors.
pub struct Page {
    browser: Browser,
    pub server: Server,
    console: RefCell<Vec<String>>,
    excused: RefCell<Vec<&'static str>>,
}

/// Actions of a visitor.
impl Page {
    pub fn new(browser: Browser, server: Server) -> Self {
        let downloads = browser.downloads();
        let page = Self { browser, server, console: RefCell::default(), excused: RefCell::default() };
        if page.browser.kind() == Kind::Chromium {
            page.cdp(
                "Browser.setDownloadBehavior",
                json!({ "behavior": "allow", "downloadPath": downloads }),
            );
        }
        page
    }

    /// Opens the page and waits until it can answer, online and offline.
    pub fn ready() -> Self {
        let page = Visit::to("/").open();
        page.wait_for_offline();
        page
    }

    /// Crashes the browser.
    pub fn crash(&self) {
        let crash = async |driver: &WebDriver| driver.cdp().send_raw("Browser.crash", json!({})).await;
        assert!(self.browser.drive(crash).is_err(), "the browser survived");
    }

    /// Restarts the browser with its profile, and opens an address.
    pub fn reopen(&mut self, path: &str) {
        self.browser.restart();
        self.go_to(path);
    }

    pub fn go_to(&self, path: &str) {
        let url = if path.starts_with('/') { self.server.url(path) } else { path.into() };
        self.drive(async |driver| driver.goto(url).await);
    }

    /// Opens an address in a new tab and switches to it.
    pub fn open_tab(&self, path: &str) {
        self.drive(async |driver| {
            let tab = driver.new_tab().await?;
            driver.switch_to_window(tab).await
        });
        self.go_to(path);
    }

    /// Closes the current tab and switches to the first.
    pub fn close_tab(&self) {
        self.drive(async |driver| {
            driver.close_window().await?;
            let first = driver.windows().await?.swap_remove(0);
            driver.switch_to_window(first).await
        });
    }

    /// Enters the frame that a script returns: later actions and snapshots apply to it.
    #[track_caller]
    pub fn enter(&self, script: &str) {
        self.drive(async |driver| driver.execute(script, []).await?.element()?.enter_frame().await);
    }

    /// Leaves the frame for the page itself.
    pub fn leave(&self) {
        self.drive(async |driver| driver.enter_default_frame().await);
    }

    pub fn go_back(&self) {
        self.drive(async |driver| driver.back().await);
    }

    /// Chooses files in the picker, all at once.
    pub fn pick(&self, files: &[PathBuf]) {
        self.choose("choose", files);
    }

    /// Chooses files, or a folder, in the input with this id.
    pub fn choose(&self, input: &str, files: &[PathBuf]) {
        let paths: Vec<_> = files.iter().map(|file| absolute(file).to_string_lossy().into_owned()).collect();
        self.drive(async |driver| driver.find(By::Id(input)).await?.send_keys(paths.join("\n")).await);
    }

    /// Clicks an element as soon as it exists and can be clicked.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let begin = Instant::now();
        let click = async |driver: &WebDriver| driver.find(By::Css(selector)).await?.click().await;
        while let Err(error) = self.browser.drive(click) {
            assert!(begin.elapsed() < TIMEOUT, "{selector} cannot be clicked: {error}");
            thread::sleep(POLL);
        }
    }

    /// Types keys into the focused element.
    pub fn press(&self, keys: impl Into<TypingData>) {
        let keys = keys.into();
        self.drive(async |driver| driver.action_chain().send_keys(keys).perform().await);
    }

    /// Presses a key while another is held down.
    pub fn press_with(&self, held: Key, key: char) {
        self.drive(async |driver| {
            driver
                .action_chain()
                .key_down(held.clone())
                .send_keys(key.to_string())
                .key_up(held)
                .perform()
                .await
        });
    }

    /// Drags `data` (the DevTools protocol's `DragData`) over the page.
    pub fn drag(&self, data: &Value) {
        for kind in ["dragEnter", "dragOver"] {
            self.drag_event(kind, data);
        }
    }

    pub fn drop(&self, data: &Value) {
        self.drag(data);
        self.drag_event("drop", data);
    }

    fn drag_event(&self, kind: &str, data: &Value) {
        self.cdp("Input.dispatchDragEvent", json!({ "type": kind, "x": 200, "y": 200, "data": data }));
    }

    pub fn show_on(&self, screen: Screen) {
        let Screen { width, height, touch, dark } = screen;
        let scheme = if dark { "dark" } else { "light" };
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch }),
        );
        self.cdp("Emulation.setTouchEmulationEnabled", json!({ "enabled": touch }));
        // Without animations, screenshots show the final state.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features }));
    }
}

/// What the visitor sees.
impl Page {
    pub fn snapshot(&self) -> Snapshot {
        self.run(include_str!("snapshot.js"))
    }

    /// Takes snapshots until one satisfies `shown`, and returns it. `what` completes the message "waited in vain until …". The
    /// time-out starts again with every change on the page.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut shown: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let mut change = Instant::now();
        let mut last = None;
        loop {
            let seen = self.snapshot();
            if shown(&seen) {
                return seen;
            }
            let panicked = seen.failed.as_ref().is_some_and(|words| words.contains("a fault of its own"));
            assert!(!panicked, "the page failed while waiting until {what}");
            assert!(change.elapsed() < TIMEOUT, "waited in vain until {what}");
            if last.as_ref() != Some(&seen) {
                (change, last) = (Instant::now(), Some(seen));
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until a script's result is true.
    #[track_caller]
    pub fn wait_for(&self, script: &str) {
        let begin = Instant::now();
        while !self.run::<bool>(script) {
            assert!(begin.elapsed() < TIMEOUT, "waited in vain for {script}");
            thread::sleep(POLL);
        }
    }

    /// Waits until photos can be answered. Only after that is anything announced about offline use.
    #[track_caller]
    pub fn wait_for_engine(&self) {
        let ready = |words: &str| words == "Ready to recognise photos." || words == "Ready to work offline.";
        self.wait_until("the engine is ready", |seen| seen.announced.as_deref().is_some_and(ready));
    }

    /// Waits until the page works without a connection.
    #[track_caller]
    pub fn wait_for_offline(&self) {
        self.wait_until("the page works offline", |seen| seen.offline.as_deref() == Some("ready"));
    }

    /// The number of workers that the page has started.
    pub fn workers(&self) -> usize {
        self.run("return window.workers;")
    }

    /// Waits until `count` photos are in the list and each is answered or refused.
    #[track_caller]
    pub fn answers(&self, count: usize) -> Vec<Card> {
        let done = |seen: &Snapshot| seen.cards.len() == count && seen.cards.iter().all(Card::is_final);
        self.wait_until(&format!("all of {count} photos are answered"), done).cards
    }

    /// Waits until the photo with this file name is answered or refused.
    #[track_caller]
    pub fn answer(&self, file: &str) -> Card {
        let done = |seen: &Snapshot| seen.card(file).is_some_and(Card::is_final);
        let seen = self.wait_until(&format!("{file} is answered"), done);
        seen.card(file).expect("the card was there just now").clone()
    }

    /// Waits for a download and reads it.
    #[track_caller]
    pub fn downloaded(&self, file: &str) -> String {
        let path = self.browser.downloads().join(file);
        let begin = Instant::now();
        while !path.is_file() {
            assert!(begin.elapsed() < TIMEOUT, "waited in vain until {file} is downloaded");
            thread::sleep(POLL);
        }
        fs::read_to_string(path).expect("a text file")
    }

    /// Saves a screenshot of the whole page.
    pub fn screenshot(&self, file: &Path) {
        // Also paint what lies below the screen.
        let size: [u32; 2] = self.run(
            "const style = new CSSStyleSheet();
             style.replaceSync('* { content-visibility: visible !important; }');
             document.adoptedStyleSheets.push(style);
             return [document.documentElement.clientWidth, document.documentElement.scrollHeight];",
        );
        self.picture(size, file);
    }

    /// Saves a screenshot of the visible part.
    pub fn screenshot_of(&self, screen: Screen, file: &Path) {
        self.picture([screen.width, screen.height], file);
    }

    fn picture(&self, size: [u32; 2], file: &Path) {
        let all = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let taken = self.cdp("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": all }));
        let picture = BASE64_STANDARD.decode(taken["data"].as_str().unwrap_or_default());
        fs::create_dir_all(file.parent().expect("a file in a folder")).expect("a folder for screenshots");
        fs::write(file, picture.expect("base64")).expect("a screenshot");
    }
}

/// Other needs of tests.
impl Page {
    /// Writes a file that can be chosen; its name may contain folders.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.browser.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Runs JavaScript in the page, and returns its result.
    #[track_caller]
    pub fn run<T: DeserializeOwned>(&self, script: &str) -> T {
        self.run_with(script, &[])
    }

    /// Like [`Page::run`]; the script may use `await`.
    #[track_caller]
    pub fn run_async<T: DeserializeOwned>(&self, script: &str) -> T {
        self.run(&format!("return (async () => {{ {script} }})();"))
    }

    /// Like [`Page::run`]; the script finds `bytes` in `arguments[0]`.
    #[track_caller]
    pub fn run_with<T: DeserializeOwned>(&self, script: &str, bytes: &[u8]) -> T {
        let run =
            || self.drive(async |driver| Ok(driver.execute(script, [json!(bytes)]).await?.json().clone()));
        let mut value = run();
        // Firefox returns null if the page is replaced meanwhile.
        let begin = Instant::now();
        while value.is_null()
            && serde_json::from_value::<T>(Value::Null).is_err()
            && begin.elapsed() < TIMEOUT
        {
            thread::sleep(POLL);
            value = run();
        }
        serde_json::from_value(value).expect("a result of the expected type")
    }

    /// Resident memory in bytes of the page's process, including its workers; `None` if the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        self.browser.memory()
    }

    /// Sends a command of the DevTools protocol.
    #[track_caller]
    pub fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.drive(async |driver| driver.cdp().send_raw(method, parameters).await)
    }

    /// Starts to record what screen readers are told; the returned function gives it.
    pub fn record_announcements(&self) -> impl Fn() -> Vec<String> {
        self.run::<Value>(
            "window.told = [];
             const status = document.querySelector('[role=status]');
             const tell = () => told.push(status.textContent);
             new MutationObserver(tell).observe(status, { childList: true, characterData: true, subtree: true });",
        );
        || self.run("return told;")
    }

    /// Ignores console errors that contain these words, because the test causes them.
    pub fn excuse(&self, words: &'static str) {
        self.excused.borrow_mut().push(words);
    }

    /// Ignores that nothing is at this address.
    pub fn excuse_missing(&self, path: &'static str) {
        self.excuse("404");
        self.excuse(path);
    }

    /// The console's error messages so far.
    pub fn console_errors(&self) -> Vec<String> {
        if self.browser.kind() == Kind::Firefox {
            return Vec::new(); // geckodriver does not give them
        }
        if let Ok(entries) = self.browser.drive(async |driver| driver.browser_log().await) {
            let errors =
                entries.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message);
            self.console.borrow_mut().extend(errors);
        }
        self.console.borrow().clone()
    }

    #[track_caller]
    fn drive<T>(&self, command: impl AsyncFnOnce(&WebDriver) -> WebDriverResult<T>) -> T {
        self.browser.drive(command).unwrap_or_else(|error| panic!("the browser failed: {error}"))
    }

    /// Faults that fail any test.
    fn faults(&self) -> Vec<String> {
        let excused = self.excused.borrow();
        let missing = self.server.missing().into_iter().map(|path| format!("there is no {path}"));
        let egress = egress_proxy::requests()
            .into_iter()
            .map(|request| format!("another machine was contacted: {request}"));
        let faults = self.console_errors().into_iter().chain(missing).chain(egress);
        faults.filter(|fault| !excused.iter().any(|words| fault.contains(words))).collect()
    }

    /// Describes the page's state for whoever repairs a failing test.
    fn report(&self) -> String {
        let seen = self.browser.drive(async |driver| driver.execute(include_str!("snapshot.js"), []).await);
        let seen = seen.map_or_else(|error| error.to_string(), |seen| format!("{:#}", seen.json()));
        format!(
            "The page shows: {seen}\nThe console says: {:#?}\nThe server received: {:#?}",
            self.console_errors(),
            self.server.requests()
        )
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.report());
        } else {
            let faults = self.faults();
            assert!(faults.is_empty(), "apart from what is tested: {faults:#?}");
        }
    }
}

fn absolute(file: &Path) -> PathBuf {
    fs::canonicalize(project().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

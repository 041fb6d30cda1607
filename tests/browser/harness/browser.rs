//! Starting, driving and ending a browser.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use thirtyfour::{
    ChromiumLikeCapabilities, LoggingPrefsLogLevel, PageLoadStrategy, error::WebDriverResult, prelude::*,
};
use tokio::runtime::{self, Runtime};

use super::{
    TIMEOUT,
    driver::{self, Driver},
    egress_proxy,
};

/// How many browsers run at a time, regardless of the number of test threads.
const BROWSERS: usize = 2;

const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Chromium,
    Firefox,
}

/// A browser with a fresh profile. It ends when this is dropped.
pub struct Browser {
    driver: Option<WebDriver>,
    kind: Kind,
    /// Replaces Chromium's user agent.
    user_agent: Option<&'static str>,
    /// Each Firefox has its own driver.
    geckodriver: Option<Driver>,
    runtime: Runtime,
    folder: Folder,
    _slot: Slot,
}

impl Browser {
    pub fn start(kind: Kind, user_agent: Option<&'static str>) -> Self {
        let slot = Slot::take();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let geckodriver = (kind == Kind::Firefox).then(driver::geckodriver);
        let mut browser =
            Self { driver: None, kind, user_agent, geckodriver, runtime, folder: Folder::new(), _slot: slot };
        browser.open();
        browser
    }

    /// Ends the browser and starts it again with the same profile.
    pub fn restart(&mut self) {
        self.quit();
        self.open();
    }

    fn open(&mut self) {
        let driver = self.runtime.block_on(async {
            match &self.geckodriver {
                None => chromium(&self.folder, self.user_agent).await,
                Some(driver) => firefox(driver, &self.folder).await,
            }
        });
        self.driver = Some(driver.expect("the driver starts the browser"));
    }

    fn quit(&mut self) {
        if let Some(driver) = self.driver.take() {
            let _ = self.runtime.block_on(driver.quit());
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Runs a WebDriver command to its end.
    pub fn drive<T>(
        &self,
        command: impl AsyncFnOnce(&WebDriver) -> WebDriverResult<T>,
    ) -> WebDriverResult<T> {
        let driver = self.driver.as_ref().expect("the browser runs until it is dropped");
        self.runtime.block_on(command(driver))
    }

    /// A folder for this browser's files, deleted with it.
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Resident memory in bytes of the renderer processes, which run the page and its workers; `None` without /proc.
    pub fn memory(&self) -> Option<u64> {
        let processes: Vec<_> =
            fs::read_dir("/proc").ok()?.filter_map(|entry| Process::read(&entry.ok()?.path())).collect();
        let profile = self.folder.path.to_string_lossy();
        let ours = |process: &&Process| process.command.contains(&*profile) && !process.is("renderer");
        let mut family: Vec<u32> = processes.iter().filter(ours).map(|process| process.id).collect();
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            let children = processes.iter().filter(|process| process.parent == parent);
            family
                .extend(children.map(|child| child.id).filter(|id| !family.contains(id)).collect::<Vec<_>>());
            next += 1;
        }
        let renderers =
            processes.iter().filter(|process| process.is("renderer") && family.contains(&process.id));
        Some(renderers.map(|process| process.memory).sum())
    }

    pub fn downloads(&self) -> PathBuf {
        self.folder.path.join("downloads")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.quit();
    }
}

async fn chromium(folder: &Folder, user_agent: Option<&str>) -> WebDriverResult<WebDriver> {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&driver::program("CHROMIUM", "chromium").to_string_lossy())?;
    for flag in FLAGS {
        capabilities.add_arg(flag)?;
    }
    capabilities.add_arg(&format!("--proxy-server=http://127.0.0.1:{}", egress_proxy::port()))?;
    capabilities.add_arg(&format!("--user-data-dir={}", folder.path.join("profile").display()))?;
    if let Some(user_agent) = user_agent {
        capabilities.add_arg(&format!("--user-agent={user_agent}"))?;
    }
    // Tests may hold files back: a page counts as open before all of its files have loaded.
    capabilities.set_page_load_strategy(PageLoadStrategy::Eager)?;
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    connect(driver::chromedriver(), capabilities).await
}

async fn firefox(driver: &Driver, folder: &Folder) -> WebDriverResult<WebDriver> {
    let profile = folder.path.join("profile");
    fs::create_dir_all(&profile).expect("a folder for the profile");
    let mut capabilities = DesiredCapabilities::firefox();
    capabilities.set_firefox_binary(&driver::program("FIREFOX", "firefox").to_string_lossy())?;
    for argument in ["--headless", "--profile", &profile.to_string_lossy()] {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_page_load_strategy(PageLoadStrategy::Eager)?;
    connect(driver, capabilities).await
}

async fn connect(driver: &Driver, capabilities: impl Into<Capabilities>) -> WebDriverResult<WebDriver> {
    let driver = WebDriver::new(driver.url(), capabilities).await?;
    // Elements are waited for as long as pages are.
    driver.set_implicit_wait_timeout(TIMEOUT).await?;
    Ok(driver)
}

/// A process, as Linux describes it in /proc.
struct Process {
    id: u32,
    parent: u32,
    /// Resident, in bytes.
    memory: u64,
    command: String,
}

impl Process {
    fn read(folder: &Path) -> Option<Self> {
        let id = folder.file_name()?.to_str()?.parse().ok()?;
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let number = |key: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse::<u64>().ok())
        };
        let command = String::from_utf8_lossy(&fs::read(folder.join("cmdline")).ok()?).replace('\0', " ");
        Some(Self {
            id,
            parent: number("PPid:")? as u32,
            memory: number("VmRSS:").unwrap_or(0) * 1024,
            command,
        })
    }

    fn is(&self, kind: &str) -> bool {
        self.command.contains(&format!("--type={kind}"))
    }
}

struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("browser-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join("downloads")).expect("a folder for the browser");
        Self { path }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The right to run one of the [`BROWSERS`]; taking it waits for a free one.
struct Slot;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

impl Slot {
    fn take() -> Self {
        let running = RUNNING.lock().expect("nobody panics with this lock");
        *ENDED.wait_while(running, |running| *running >= BROWSERS).expect("nobody panics with this lock") +=
            1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *RUNNING.lock().expect("nobody panics with this lock") -= 1;
        ENDED.notify_one();
    }
}

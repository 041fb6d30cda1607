//! A static file server on loopback that writes down what is asked of it and fails where told to.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

/// What goes wrong with a file.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Only this share of the bytes comes before [`Server::release`].
    HeldAfter(f64),
    /// The connection breaks after this share of the bytes.
    CutAfter(f64),
    /// This HTTP status comes instead.
    Status(u16),
    /// A script has these lines at its end.
    Appended(&'static str),
    /// These are the bytes instead.
    Replaced(&'static str),
}

/// The model's file.
pub const MODEL: &str = "clothing-*.onnx";
/// The worker's WebAssembly.
pub const CODE: &str = "engine-*.wasm";
/// The worker's script, fetched by each worker that starts.
pub const SCRIPT: &str = "engine-*.js";

/// A [`Fault`] of a file for the next `times` requests; in its name `*` stands for the hash of its content.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub file: &'static str,
    pub fault: Fault,
    pub times: usize,
}

/// With this the browser refuses page and worker whatever is elsewhere, and says so in the console.
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; \
    img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'";

/// Serves a folder until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    asked: Vec<String>,
    missing: Vec<String>,
    released: bool,
    closing: bool,
}

impl Server {
    pub fn start(root: PathBuf, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Mutex::new(State { rules, ..State::default() });
        let shared = Arc::new(Shared { root, state, changed: Condvar::new() });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.state().closing {
                    break;
                }
                if let Ok(stream) = stream {
                    let serving = serving.clone();
                    // A browser that has gone is no error of ours.
                    thread::spawn(move || serving.answer(&stream).ok());
                }
            }
        });
        Self { address, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lets go of what is held, now and from now on.
    pub fn release(&self) {
        self.shared.state().released = true;
        self.shared.changed.notify_all();
    }

    /// The paths of all that was asked for, in that order.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state().asked.clone()
    }

    /// The paths of files that were asked for and are not there.
    pub fn missing(&self) -> Vec<String> {
        self.shared.state().missing.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the server's state")
    }

    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let Some(target) = request.split(' ').nth(1).map(str::to_string) else { return Ok(()) };
        while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}

        self.state().asked.push(target.clone());
        match self.file(&target) {
            Some(file) => self.send(stream, &file),
            None => {
                self.state().missing.push(target);
                reply(stream, 404, "text/plain", b"It is not here.")
            }
        }
    }

    /// The file for a path; for an address of the page's own, which has no extension, the page itself.
    fn file(&self, target: &str) -> Option<PathBuf> {
        let relative = Path::new(target.strip_prefix('/')?.split('?').next()?);
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        let file = self.root.join(relative);
        if inside && file.is_file() {
            Some(file)
        } else if relative.extension().is_none() {
            Some(self.root.join("index.html"))
        } else {
            None
        }
    }

    fn send(&self, stream: &TcpStream, file: &Path) -> io::Result<()> {
        let mut body = fs::read(file)?;
        let kind = kind(file);
        match self.fault(&file.file_name().unwrap_or_default().to_string_lossy()) {
            None => reply(stream, 200, kind, &body),
            Some(Fault::Status(status)) => reply(stream, status, "text/plain", b"As the test wants it."),
            Some(Fault::Appended(lines)) => {
                body.extend(lines.as_bytes());
                reply(stream, 200, kind, &body)
            }
            Some(Fault::Replaced(bytes)) => reply(stream, 200, kind, bytes.as_bytes()),
            Some(Fault::CutAfter(share)) => {
                head(stream, 200, kind, body.len())?;
                body.truncate(part(&body, share));
                (&*stream).write_all(&body)
            }
            Some(Fault::HeldAfter(share)) => {
                let (first, rest) = body.split_at(part(&body, share));
                head(stream, 200, kind, body.len())?;
                (&*stream).write_all(first)?;
                let held = |state: &mut State| !state.released && !state.closing;
                drop(self.changed.wait_while(self.state(), held));
                (&*stream).write_all(rest)
            }
        }
    }

    fn fault(&self, file: &str) -> Option<Fault> {
        let mut state = self.state();
        let rule = state.rules.iter_mut().find(|rule| rule.times > 0 && is(file, rule.file))?;
        rule.times -= 1;
        Some(rule.fault)
    }
}

fn is(file: &str, pattern: &str) -> bool {
    let (begin, end) = pattern.split_once('*').expect("names carry a hash");
    file.starts_with(begin) && file.ends_with(end)
}

fn part(body: &[u8], share: f64) -> usize {
    (body.len() as f64 * share) as usize
}

fn reply(stream: &TcpStream, status: u16, kind: &str, body: &[u8]) -> io::Result<()> {
    head(stream, status, kind, body.len())?;
    (&*stream).write_all(body)
}

fn head(mut stream: &TcpStream, status: u16, kind: &str, length: usize) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\ncontent-security-policy: {POLICY}\r\nconnection: close\r\n\r\n"
    )
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

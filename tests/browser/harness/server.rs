//! The server that hosts the page, behind a relay on loopback. The relay records requests, fails on request, and can replace
//! the server by one with another bundle.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use super::{driver, project};

/// A way in which a response fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// After this share of the bytes (0 to 1), the rest is held back until [`Server::release`].
    HeldAfter(f64),
    /// The connection is closed after this share of the bytes.
    CutAfter(f64),
    /// An empty response with this HTTP status.
    Status(u16),
    /// The script with these lines appended.
    Appended(&'static str),
    /// This body instead of the file's.
    Replaced(&'static str),
}

/// The model's file.
pub const MODEL: &str = "clothing-*.onnx";
/// The worker's WebAssembly.
pub const CODE: &str = "engine-*.wasm";
/// The worker's script, fetched by each worker that starts.
pub const SCRIPT: &str = "engine-*.js";

/// A [`Fault`] for the next `times` requests for a file. In its name, `*` stands for the hash of its content.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub file: &'static str,
    pub fault: Fault,
    pub times: usize,
}

/// Static Web Server on its own port, with the configuration of production. It ends when this is dropped.
pub struct Host {
    address: SocketAddr,
    /// Ends the server when its input closes: when this is dropped, or when this process ends in whatever way.
    guard: Child,
}

impl Host {
    pub fn start(root: &Path) -> Self {
        // The server inherits the listening socket (systemd's protocol), so that no other program can take the port
        // meanwhile. The guard passes it on, from its own output to the server's input.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let guard = Command::new("sh")
            .args(["-c", r#""$0" "$@" <&1 >/dev/null & read -r _; kill -s KILL -- -$$"#])
            .arg(driver::program("SERVER", "static-web-server"))
            .args(["--fd", "0", "--config-file"])
            .arg(project().join("sws.toml"))
            .arg("--root")
            .arg(root)
            .envs([("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "0")])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::from(OwnedFd::from(listener)))
            .spawn()
            .expect("a shell");
        Self { address, guard }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Serves a bundle through the relay until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    host: Option<Host>,
    rules: Vec<Rule>,
    requests: Vec<String>,
    missing: Vec<String>,
    /// Bytes of responses, headers included.
    sent: u64,
    /// Limit for each connection, in bytes a second.
    speed: Option<u64>,
    /// The beginning of a file name, and the server that takes over just before the first request for such a file.
    swap: Option<(&'static str, Host)>,
    released: bool,
}

impl Server {
    pub fn start(root: &Path, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Mutex::new(State { host: Some(Host::start(root)), rules, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.state().host.is_none() {
                    break;
                }
                if let Ok(stream) = stream {
                    let serving = serving.clone();
                    // It is no error if the browser has closed the connection.
                    thread::spawn(move || serving.answer(&stream).ok());
                }
            }
        });
        Self { address, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends what is held back, and holds nothing back from now on.
    pub fn release(&self) {
        self.shared.state().released = true;
        self.shared.changed.notify_all();
    }

    /// Ends the server: nothing listens on its port any more.
    pub fn end(&self) {
        self.shared.state().host = None;
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address); // wakes the listener
    }

    /// Serves another bundle from now on.
    pub fn swap(&self, root: &Path) {
        self.shared.state().host = Some(Host::start(root));
    }

    /// Serves another bundle from just before the first request for a file whose name begins with `name`.
    pub fn swap_before(&self, name: &'static str, root: &Path) {
        self.shared.state().swap = Some((name, Host::start(root)));
    }

    /// Limits each connection to `speed` bytes a second from now on.
    pub fn slow_down(&self, speed: u64) {
        self.shared.state().speed = Some(speed);
    }

    /// Bytes sent since the last call.
    pub fn sent(&self) -> u64 {
        std::mem::take(&mut self.shared.state().sent)
    }

    /// The paths of all requests, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// The paths of requests that were answered with 404.
    pub fn missing(&self) -> Vec<String> {
        self.shared.state().missing.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the server's state")
    }

    fn answer(&self, client: &TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(client).lines();
        let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let Some(target) = request.split(' ').nth(1).map(str::to_string) else { return Ok(()) };
        let mut headers = Vec::new();
        while let Some(header) = lines.next().transpose()?.filter(|header| !header.is_empty()) {
            headers.push(header);
        }
        let name = target.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let (server, fault, speed) = {
            let mut state = self.state();
            state.requests.push(target.clone());
            if state.swap.as_ref().is_some_and(|(before, _)| name.starts_with(before)) {
                state.host = state.swap.take().map(|(_, host)| host);
            }
            let Some(server) = state.host.as_ref().map(Host::address) else { return Ok(()) };
            (server, state.fault(name), state.speed)
        };
        // One response for each connection; uncompressed if it is going to fail.
        headers.retain(|header| {
            let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name != "connection" && (fault.is_none() || name != "accept-encoding")
        });
        let request = format!("{request}\r\n{}\r\nconnection: close\r\n\r\n", headers.join("\r\n"));
        // The host may have been replaced and ended since it was looked up: then its successor is asked.
        let upstream = ask(server, &request).or_else(|error| {
            let host = self.state().host.as_ref().map(Host::address);
            ask(host.filter(|host| *host != server).ok_or(error)?, &request)
        })?;
        match fault {
            None => self.relay(upstream, client, speed, &target),
            Some(fault) => self.fail(upstream, client, fault),
        }
    }

    fn relay(
        &self,
        mut from: TcpStream,
        mut to: &TcpStream,
        speed: Option<u64>,
        target: &str,
    ) -> io::Result<()> {
        let mut chunk = vec![0; speed.map_or(65536, |speed| speed as usize / 50)];
        let mut is_first = true;
        loop {
            let read = from.read(&mut chunk)?;
            if read == 0 {
                return Ok(());
            }
            let mut state = self.state();
            state.sent += read as u64;
            if std::mem::take(&mut is_first) && chunk.starts_with(b"HTTP/1.1 404") {
                state.missing.push(target.into());
            }
            drop(state);
            to.write_all(&chunk[..read])?;
            if speed.is_some() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn fail(&self, upstream: TcpStream, mut client: &TcpStream, fault: Fault) -> io::Result<()> {
        let mut response = Response::read(upstream)?;
        match fault {
            Fault::Status(status) => {
                return write!(
                    client,
                    "HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
            }
            Fault::Appended(lines) => response.body.extend(lines.as_bytes()),
            Fault::Replaced(bytes) => response.body = bytes.into(),
            Fault::CutAfter(_) | Fault::HeldAfter(_) => {}
        }
        // The faulty response must not be cached.
        response.headers.insert("cache-control".into(), "no-store".into());
        response.headers.insert("content-length".into(), response.body.len().to_string());
        let headers: String =
            response.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(client, "HTTP/1.1 {} -\r\n{headers}\r\n", response.status)?;
        match fault {
            Fault::CutAfter(share) => client.write_all(&response.body[..share_length(&response.body, share)]),
            Fault::HeldAfter(share) => {
                let (first, rest) = response.body.split_at(share_length(&response.body, share));
                client.write_all(first)?;
                let held = |state: &mut State| !state.released && state.host.is_some();
                drop(self.changed.wait_while(self.state(), held));
                client.write_all(rest)
            }
            Fault::Status(_) | Fault::Appended(_) | Fault::Replaced(_) => client.write_all(&response.body),
        }
    }
}

/// Sends a request, and returns the connection once the response has begun.
fn ask(host: SocketAddr, request: &str) -> io::Result<TcpStream> {
    let mut upstream = TcpStream::connect(host)?;
    upstream.write_all(request.as_bytes())?;
    if upstream.peek(&mut [0])? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(upstream) }
}

impl State {
    fn fault(&mut self, file: &str) -> Option<Fault> {
        let rule = self.rules.iter_mut().find(|rule| rule.times > 0 && matches(file, rule.file))?;
        rule.times -= 1;
        Some(rule.fault)
    }
}

/// An HTTP response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// By name, in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    /// Reads a response up to the end of its connection.
    pub fn read(mut stream: TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "this is no HTTP response");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(malformed)?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
            .collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            body = dechunked(&body).ok_or_else(malformed)?;
        }
        let headers = headers.into_iter().filter(|(name, _)| name != "transfer-encoding").collect();
        Ok(Self { status: status.ok_or_else(malformed)?, headers, body })
    }
}

/// Decodes a chunked body.
fn dechunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend(chunks.get(line + 2..line + 2 + size)?);
        chunks = chunks.get(line + 2 + size + 2..)?;
    }
}

/// Whether a file name matches a pattern with at most one `*`.
fn matches(file: &str, pattern: &str) -> bool {
    let (begin, end) = pattern.split_once('*').unwrap_or((pattern, ""));
    file.starts_with(begin) && file.ends_with(end)
}

fn share_length(body: &[u8], share: f64) -> usize {
    (body.len() as f64 * share) as usize
}

/// Whether the text is a hash in a file name: 64 bits in hexadecimal, which Trunk writes without leading zeros.
pub fn is_hash(text: &str) -> bool {
    (12..=16).contains(&text.len()) && u64::from_str_radix(text, 16).is_ok()
}

/// Bytes that can be appended to a file without changing its meaning.
fn harmless_suffix(name: &str) -> &'static [u8] {
    match name.rsplit('.').next() {
        Some("js" | "css") => b"\n/* another version */\n",
        // An empty custom section.
        Some("wasm") => &[0, 2, 1, b'b'],
        // A protobuf field whose number ONNX does not use.
        Some("onnx") => &[0xC0, 0x3E, 1],
        _ => &[],
    }
}

/// Copies a bundle to another folder as if another version had been built: every file with a hash in its name gets another name
/// and other bytes, with the same meaning.
pub fn other_version(bundle: &Path, folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    copy(bundle, folder);
    let files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
        .collect();
    let mut names = Vec::new();
    for name in &files {
        let hash = name.split(['-', '.', '_']).find(|part| is_hash(part));
        let Some(hash) = hash else { continue };
        let other: String = hash.chars().rev().collect();
        names.push((name.clone(), name.replace(hash, &other)));
    }
    for name in &files {
        let path = folder.join(name);
        let mut bytes = fs::read(&path).expect("a file");
        if name.ends_with(".js") || name.ends_with(".html") || name.ends_with(".css") {
            let mut text = String::from_utf8(bytes).expect("text");
            for (old, new) in &names {
                // index.html lists the engine's files with their sizes.
                let size = fs::metadata(bundle.join(old)).expect("a file").len();
                let entry = |name: &str, size: u64| format!("{name}\",\"bytes\":{size}");
                text = text.replace(&entry(old, size), &entry(new, size + harmless_suffix(old).len() as u64));
                text = text.replace(old, new);
            }
            if name.ends_with(".html") {
                // The integrity digests no longer match.
                let parts: Vec<_> = text.split(" integrity=\"").collect();
                let rest = parts[1..].iter().map(|part| part.split_once('"').expect("a closed quote").1);
                text = std::iter::once(parts[0]).chain(rest).collect();
            }
            bytes = text.into_bytes();
        }
        bytes.extend(harmless_suffix(name));
        fs::write(&path, bytes).expect("a file");
    }
    for (old, new) in &names {
        fs::rename(folder.join(old), folder.join(new)).expect("a file to rename");
    }
    seal(folder);
}

/// Copies a bundle to `folder`, the root of a server, as if it had been built to be hosted under `path`, which begins and ends
/// with a slash.
pub fn at_path(bundle: &Path, folder: &Path, path: &str) {
    let place = folder.join(path.trim_matches('/'));
    let _ = fs::remove_dir_all(folder);
    copy(bundle, &place);
    for file in fs::read_dir(&place).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = file.file_name().expect("a file").to_string_lossy();
        if name.ends_with(".html") || name.starts_with("start-") && name.ends_with(".js") {
            let mut text = fs::read_to_string(&file).expect("text");
            for quote in ['"', '\''] {
                text = text.replace(&format!("={quote}/"), &format!("={quote}{path}"));
                text = text.replace(&format!(" {quote}/"), &format!(" {quote}{path}"));
            }
            fs::write(&file, text).expect("a file");
        }
    }
    seal(&place);
}

fn seal(bundle: &Path) {
    let sealed = Command::new(project().join("tools/seal.sh")).arg(bundle).env("QUALITY", "1").status();
    assert!(sealed.expect("a shell").success(), "tools/seal.sh failed");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).expect("a file to copy");
        }
    }
}

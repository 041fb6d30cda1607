//! A server for another site, which embeds the page.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Serves a test's own resources until it is dropped.
pub struct Site {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
}

/// A resource: additional headers, each ending with "\r\n", and the body.
pub type Resource = (String, Vec<u8>);

impl Site {
    pub fn start(resources: HashMap<String, Resource>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let closing = Arc::new(AtomicBool::new(false));
        let (resources, ends) = (Arc::new(resources), closing.clone());
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                let resources = resources.clone();
                thread::spawn(move || answer(stream, &resources));
            }
        });
        Self { address, closing }
    }

    /// A URL of another origin than the page's but of the same site, since the host is the same.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A URL of another site.
    pub fn cross_site_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

fn answer(mut stream: TcpStream, resources: &HashMap<String, Resource>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let request = lines.next()?;
    let asks_for_cors = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .fold(false, |asks, line| asks || line.to_ascii_lowercase().starts_with("origin:"));
    let path = request.split(' ').nth(1)?.split('?').next()?;
    let kind = match path.rsplit('.').next() {
        Some("jpg") => "image/jpeg",
        Some("js") => "text/javascript",
        _ => "text/html; charset=utf-8",
    };
    // Browsers request an icon on their own.
    let empty = (String::new(), Vec::new());
    let (status, (headers, body)) = match resources.get(path) {
        Some(resource) => (200, resource),
        None if path == "/favicon.ico" => (204, &empty),
        None => (404, &empty),
    };
    // Like storage services: CORS headers are sent only if the request has an Origin.
    let is_sent = |header: &&str| asks_for_cors || !header.starts_with("access-control-");
    let headers: String = headers.split_inclusive("\r\n").filter(is_sent).collect();
    write!(
        stream,
        "HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    )
    .ok()?;
    stream.write_all(body).ok()
}

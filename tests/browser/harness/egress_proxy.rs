//! Whatever a browser asks of any machine but this one comes here.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    sync::{LazyLock, Mutex},
    thread,
};

static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The port of a proxy that all browsers are given for what is not on loopback. It writes down what it is asked
/// for and gives nothing.
pub fn proxy() -> u16 {
    static PORT: LazyLock<u16> = LazyLock::new(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                thread::spawn(move || {
                    if let Some(Ok(request)) = BufReader::new(stream).lines().next() {
                        ASKED.lock().expect("nobody panics with this lock").push(request);
                    }
                });
            }
        });
        port
    });
    *PORT
}

/// Where the browsers themselves ask for the time, updates, hints and their start page, whatever they are told; which
/// of these a version asks differs.
const ITS_OWN: [&str; 7] = [
    "google.com",
    "googleapis.com",
    "duckduckgo.com",
    "mozilla.org",
    "mozilla.com",
    "mozilla.net",
    "firefox.com",
];

/// Where pages, too, would ask at these.
const OF_PAGES: [&str; 3] = ["www.google.com", "fonts.googleapis.com", "ajax.googleapis.com"];

/// The first lines of all requests so far that are not the browser's own.
pub fn asked() -> Vec<String> {
    let asked = ASKED.lock().expect("nobody panics with this lock");
    asked.iter().filter(|request| !is_its_own(host(request))).cloned().collect()
}

fn is_its_own(host: &str) -> bool {
    let within = |domain: &&str| host == *domain || host.ends_with(&format!(".{domain}"));
    ITS_OWN.iter().any(within) && !OF_PAGES.contains(&host)
}

/// Of "CONNECT host:443 HTTP/1.1" or "GET http://host/path HTTP/1.1".
fn host(request: &str) -> &str {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let target = target.split_once("://").map_or(target, |(_, rest)| rest);
    target.split(['/', ':']).next().unwrap_or_default()
}

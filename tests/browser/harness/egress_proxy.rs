//! A proxy that records every request from the browsers to other machines.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    sync::{LazyLock, Mutex},
    thread,
};

static REQUESTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The proxy's port on loopback. All browsers use it for addresses outside loopback. It records each request and closes the
/// connection without an answer.
pub fn port() -> u16 {
    static PORT: LazyLock<u16> = LazyLock::new(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                thread::spawn(move || {
                    if let Some(Ok(request)) = BufReader::new(stream).lines().next() {
                        REQUESTS.lock().expect("nobody panics with this lock").push(request);
                    }
                });
            }
        });
        port
    });
    *PORT
}

/// Hosts that browsers contact for the time, updates, hints and their start page, even with all of that turned off. Which of
/// them depends on the version.
const BROWSER_HOSTS: [&str; 7] = [
    "google.com",
    "googleapis.com",
    "duckduckgo.com",
    "mozilla.org",
    "mozilla.com",
    "mozilla.net",
    "firefox.com",
];

/// Hosts in those domains that a page could also contact.
const PAGE_HOSTS: [&str; 3] = ["www.google.com", "fonts.googleapis.com", "ajax.googleapis.com"];

/// The first lines of all requests so far, without the browsers' own.
pub fn requests() -> Vec<String> {
    let requests = REQUESTS.lock().expect("nobody panics with this lock");
    requests.iter().filter(|request| !is_browsers_own(host(request))).cloned().collect()
}

fn is_browsers_own(host: &str) -> bool {
    let within = |domain: &&str| host == *domain || host.ends_with(&format!(".{domain}"));
    BROWSER_HOSTS.iter().any(within) && !PAGE_HOSTS.contains(&host)
}

/// The host in "CONNECT host:443 HTTP/1.1" or "GET http://host/path HTTP/1.1".
fn host(request: &str) -> &str {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let target = target.split_once("://").map_or(target, |(_, rest)| rest);
    target.split(['/', ':']).next().unwrap_or_default()
}

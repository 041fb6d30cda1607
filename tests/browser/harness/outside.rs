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

/// Where Chromium itself asks for the time, for updates, for hints and for its start page, whatever it is told.
const ITS_OWN: [&str; 5] = [
    "clients2.google.com",
    "update.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "accounts.google.com",
    "start.duckduckgo.com",
];

/// The first lines of all requests so far that are not the browser's own.
pub fn asked() -> Vec<String> {
    let asked = ASKED.lock().expect("nobody panics with this lock");
    asked.iter().filter(|request| !ITS_OWN.iter().any(|host| request.contains(host))).cloned().collect()
}

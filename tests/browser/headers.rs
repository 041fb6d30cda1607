//! The headers of each kind of file. The other tests show that the page works with this content security policy: anything that
//! the policy forbids fails them.

use std::{fs, io::Write, net::TcpStream, path::Path};

use crate::harness::{Host, Response, dist, is_hash};

/// Cached for good, since the name changes with the content.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const ASKED_ANEW: &str = "no-cache";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript";
const WASM: &str = "application/wasm";
const BYTES: &str = "application/octet-stream";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";

/// Rows of address (`*` stands for the hash), status, type, caching, and whether it is compressed.
const FILES: [(&str, u16, &str, &str, bool); 36] = [
    ("/", 200, HTML, ASKED_ANEW, true),
    ("/?shared", 200, HTML, ASKED_ANEW, true),
    ("/index.html", 200, HTML, ASKED_ANEW, true),
    ("/about", 200, HTML, ASKED_ANEW, true),
    ("/about/", 200, HTML, ASKED_ANEW, true),
    ("/about.html", 200, HTML, ASKED_ANEW, true),
    ("/about/index.html", 200, HTML, ASKED_ANEW, true),
    ("//about//?from=a", 200, HTML, ASKED_ANEW, true),
    ("/clean", 200, HTML, ASKED_ANEW, true),
    ("/widget", 200, HTML, ASKED_ANEW, true),
    ("/licences", 200, HTML, ASKED_ANEW, true),
    ("/sw.js", 200, SCRIPT, ASKED_ANEW, true),
    ("/manifest.webmanifest", 200, "application/manifest+json", ASKED_ANEW, true),
    ("/icons/icon.svg", 200, SVG, ASKED_ANEW, true),
    ("/icons/maskable-512.png", 200, PNG, ASKED_ANEW, false),
    ("/samples/sample1.webp", 200, "image/webp", ASKED_ANEW, false),
    ("/screenshots/wide.png", 200, PNG, ASKED_ANEW, false),
    ("/boot.js", 200, SCRIPT, ASKED_ANEW, true),
    ("/start-*.js", 200, SCRIPT, FOR_GOOD, true),
    ("/style-*.css", 200, "text/css", FOR_GOOD, true),
    ("/page-*.js", 200, SCRIPT, FOR_GOOD, true),
    ("/page-*_bg.wasm", 200, WASM, FOR_GOOD, true),
    ("/widget-*.js", 200, SCRIPT, FOR_GOOD, true),
    ("/widget-*.wasm", 200, WASM, FOR_GOOD, true),
    ("/clean-*.js", 200, SCRIPT, FOR_GOOD, true),
    ("/clean-*.wasm", 200, WASM, FOR_GOOD, true),
    ("/engine-*.js", 200, SCRIPT, FOR_GOOD, true),
    ("/engine-*.wasm", 200, WASM, FOR_GOOD, true),
    ("/clothing-*.onnx", 200, BYTES, FOR_GOOD, true),
    ("/healthz", 200, "text/plain; charset=utf-8", "no-store", false),
    ("/no-such-page", 404, HTML, ASKED_ANEW, false),
    ("/no-such-page/index.html", 404, HTML, ASKED_ANEW, false),
    ("/About", 404, HTML, ASKED_ANEW, false),
    ("/icons/none.png", 404, HTML, ASKED_ANEW, false),
    // A file of another version: a cached 404 would hide the file for good.
    ("/engine-0123456789abcdef.js", 404, HTML, ASKED_ANEW, false),
    ("/clothing-0123456789abcdef.onnx", 404, HTML, ASKED_ANEW, false),
];

/// Headers of every response; those for other sites differ as `elsewhere` says.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000"),
    ("cross-origin-opener-policy", "same-origin"),
    ("vary", "accept-encoding"),
];

fn ask(host: &Host, method: &str, path: &str, accepted: &str) -> Response {
    let mut stream = TcpStream::connect(host.address()).expect("the server listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: test\r\naccept-encoding: {accepted}\r\nconnection: close\r\n\r\n"
    )
    .expect("the server reads");
    Response::read(stream).expect("the server answers")
}

/// The address with the file's hash in this bundle.
fn address(bundle: &Path, pattern: &str) -> String {
    let Some((begin, end)) = pattern.trim_start_matches('/').split_once('*') else { return pattern.into() };
    let is_meant = |name: &String| {
        let hash = name.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
        hash.is_some_and(is_hash)
    };
    let names = fs::read_dir(bundle)
        .expect("a bundle")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    format!("/{}", names.into_iter().find(is_meant).unwrap_or_else(|| panic!("the bundle has no {pattern}")))
}

/// The directives of a content security policy.
fn directives(response: &Response) -> Vec<(&str, Vec<&str>)> {
    let policy = response.headers["content-security-policy"].split(';').map(str::split_whitespace);
    policy.filter_map(|mut words| Some((words.next()?, words.collect()))).collect()
}

#[track_caller]
fn assert_safe(path: &str, response: &Response, framed_by: Option<&str>, taken_by: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(response.headers.get(name).map(String::as_str), Some(value), "{name} of {path}");
    }
    let mut wanted = vec![
        ("default-src", vec!["'none'"]),
        ("script-src", vec!["'self'", "'wasm-unsafe-eval'"]),
        ("style-src", vec!["'self'"]),
        ("img-src", vec!["'self'", "blob:", "data:"]),
        ("connect-src", vec!["'self'"]),
        ("worker-src", vec!["'self'"]),
        ("frame-src", vec!["'self'"]),
        ("manifest-src", vec!["'self'"]),
        ("base-uri", vec!["'self'"]),
        ("form-action", vec!["'self'"]),
    ];
    wanted.extend(framed_by.map(|framed_by| ("frame-ancestors", vec![framed_by])));
    assert_eq!(directives(response), wanted, "{path}");
    assert_eq!(response.headers["cross-origin-resource-policy"], taken_by, "{path}");
    let permissions = &response.headers["permissions-policy"];
    for feature in ["camera", "microphone", "geolocation", "payment", "usb"] {
        assert!(permissions.contains(&format!("{feature}=()")), "{path}: {permissions}");
    }
    for revealing in ["server", "x-powered-by", "set-cookie"] {
        assert!(!response.headers.contains_key(revealing), "{path} has {revealing}");
    }
}

#[test]
fn every_kind_of_file_has_its_headers() {
    let bundle = dist();
    let host = Host::start(&bundle);
    for (pattern, status, kind, caching, compressed) in FILES {
        let path = address(&bundle, pattern);
        for (accepted, coded) in [("br, gzip", "br"), ("gzip", "gzip"), ("identity", "")] {
            let response = ask(&host, "GET", &path, accepted);
            assert_eq!(response.status, status, "{path}");
            assert_eq!(response.headers["content-type"], kind, "{path}");
            assert_eq!(response.headers["cache-control"], caching, "{path}");
            let coding = response.headers.get("content-encoding").map_or("", String::as_str);
            assert_eq!(coding, if compressed { coded } else { "" }, "{path} for {accepted}");
            // It explains the fault in frames without an origin.
            let taken_by = if path == "/boot.js" { "cross-origin" } else { "same-origin" };
            assert_safe(&path, &response, Some("'none'"), taken_by);
            if status == 200 {
                let head = ask(&host, "HEAD", &path, accepted);
                assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
                assert_eq!(head.headers["cache-control"], caching, "{path}");
            }
        }
    }
}

#[test]
fn what_is_sent_is_what_the_bundle_has() {
    let bundle = dist();
    let host = Host::start(&bundle);
    for pattern in ["/", "/engine-*.wasm", "/clothing-*.onnx", "/sw.js"] {
        let path = address(&bundle, pattern);
        let file = bundle.join(if path == "/" { "index.html" } else { &path[1..] });
        assert_eq!(ask(&host, "GET", &path, "identity").body, fs::read(&file).expect("a file"), "{path}");
        for (coding, ending) in [("br", "br"), ("gzip", "gz")] {
            let compressed = fs::read(format!("{}.{ending}", file.display())).expect("a compressed copy");
            assert!(
                compressed.len() * 10 < fs::metadata(&file).expect("a file").len() as usize * 9,
                "{path}"
            );
            assert_eq!(ask(&host, "GET", &path, coding).body, compressed, "{path} as {coding}");
        }
    }
    assert_eq!(ask(&host, "GET", "/healthz", "identity").body, b"ok\n");
}

/// After a rollback, the file on the server is older than the browser's copy, but still a different one.
#[test]
fn an_older_file_does_not_pass_for_unchanged() {
    let host = Host::start(&dist());
    let mut stream = TcpStream::connect(host.address()).expect("the server listens");
    let first = ask(&host, "GET", "/", "identity");
    let date = &first.headers["last-modified"];
    write!(stream, "GET / HTTP/1.1\r\nhost: test\r\nif-modified-since: {date}\r\nconnection: close\r\n\r\n")
        .expect("the server reads");
    let second = Response::read(stream).expect("the server answers");
    assert_eq!((second.status, second.body), (200, first.body));
}

#[test]
fn nothing_else_is_served() {
    let host = Host::start(&dist());
    for path in
        ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/icons", "/icons/", "/.git/config"]
    {
        let response = ask(&host, "GET", path, "identity");
        assert_eq!(response.status, 404, "{path}");
        assert_safe(path, &response, Some("'none'"), "same-origin");
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(ask(&host, method, "/", "identity").status, 405, "{method}");
    }
}

/// Other sites may frame only this page and load only this script.
#[test]
fn what_other_sites_embed_is_open_to_them() {
    let host = Host::start(&dist());

    for path in ["/embed", "/embed/", "/embed.html", "//embed", "/embed/index.html"] {
        let page = ask(&host, "GET", path, "identity");
        assert_eq!((page.status, &*page.headers["cache-control"]), (200, ASKED_ANEW), "{path}");
        assert_safe(path, &page, None, "cross-origin");
        assert!(!page.headers.contains_key("x-frame-options"), "{path}");
    }

    let script = ask(&host, "GET", "/embed.js", "identity");
    assert_eq!((script.status, &*script.headers["content-type"]), (200, SCRIPT));
    assert_eq!(script.headers["access-control-allow-origin"], "*");
    assert_safe("/embed.js", &script, Some("'none'"), "cross-origin");

    for path in ["/", "/about", "/widget", "/sw.js"] {
        assert!(!ask(&host, "GET", path, "identity").headers.contains_key("access-control-allow-origin"));
    }
}

/// Cross-origin isolated sites can embed this page and its worker. The other pages must not be isolated.
#[test]
fn isolated_sites_are_given_what_they_ask_for() {
    let bundle = dist();
    let host = Host::start(&bundle);
    for pattern in FILES.map(|(pattern, ..)| pattern).into_iter().chain(["/embed"]) {
        let path = address(&bundle, pattern);
        let response = ask(&host, "GET", &path, "identity");
        let policy = response.headers.get("cross-origin-embedder-policy").map(String::as_str);
        let wanted = ["/embed", "/engine-*.js"].contains(&pattern).then_some("require-corp");
        assert_eq!(policy, wanted, "{path}");
    }
}

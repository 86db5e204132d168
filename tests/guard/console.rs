//! The console's files: which request gets which, and with what beside it.

use onlyonce::guard::console::{ConsoleFile, HEADERS, NoFile, requested};

fn file(path: &str, content_type: &'static str) -> ConsoleFile {
    ConsoleFile { path: path.into(), content_type }
}

#[test]
fn each_path_leads_to_one_file() {
    let page = || file("/index.html", "text/html; charset=utf-8");
    let script = || file("/record-page.js", "text/javascript; charset=utf-8");
    let style = || file("/console.css", "text/css; charset=utf-8");
    for (path, expected) in
        [("", page()), ("/", page()), ("/record-page.js", script()), ("/console.css", style())]
    {
        let path = format!("/.onlyonce/console{path}");
        for method in ["GET", "HEAD"] {
            assert_eq!(requested(method, &path), Some(Ok(expected.clone())), "{path}");
        }
    }
}

#[test]
fn nothing_else_leads_to_a_file() {
    for below in [
        "//",
        "/x",
        "/.js",
        "/a.b.js",
        "/a.png",
        "/index.html",
        "/sub/a.js",
        "/../a.js",
        "/a%2f.js",
        "/a.js/",
        "/a .js",
        "/a\\b.js",
    ] {
        let path = format!("/.onlyonce/console{below}");
        assert_eq!(requested("GET", &path), Some(Err(NoFile::NotFound)), "{path}");
    }
}

#[test]
fn the_console_is_only_read() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get", "QUERY"] {
        for path in ["/.onlyonce/console", "/.onlyonce/console/", "/.onlyonce/console/page.js"] {
            assert_eq!(requested(method, path), Some(Err(NoFile::MethodNotAllowed)), "{method}");
        }
    }
}

#[test]
fn other_paths_are_not_the_consoles() {
    for path in [
        "/",
        "/index.html",
        "/page.js",
        "/console",
        "/.onlyonce",
        "/.onlyonce/",
        "/.onlyonce/consoles",
        "/.onlyonce/console.js",
        "/.onlyonce/records/console",
        "/x/.onlyonce/console",
    ] {
        assert_eq!(requested("GET", path), None, "{path}");
    }
}

/// What the page may do: its own scripts, styles and requests, and nothing else.
#[test]
fn what_the_page_may_do() {
    let header = |name| HEADERS.iter().find(|(found, _)| *found == name).expect(name).1;
    let policy: Vec<&str> = header("content-security-policy").split("; ").collect();
    assert_eq!(
        policy,
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(header("x-frame-options"), "DENY");
}

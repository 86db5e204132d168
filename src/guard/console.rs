//! The operator's console, `/.onlyonce/console`: which file a request asks for, and what is said beside it.
//!
//! 1. The page lies at the path itself, with or without a slash behind it; its scripts and styles lie below
//!    it, each under its own name. No other path leads to a file.
//! 2. A file is read with GET and HEAD, and is never cached: it is that of this deployment.
//! 3. What the page may do is said here and not in the page: it runs its own scripts alone, speaks with its
//!    own address alone, makes no markup from text, stands in no frame, and shares no group of windows with
//!    another page, of the same origin either.

use super::address::OWN_PREFIX;
use super::parameters::is_token;

/// A file of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleFile {
    /// As the files lie in their folder.
    pub path: String,
    pub content_type: &'static str,
}

/// Why there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFile {
    /// There is nothing under this path.
    NotFound,
    /// The path is the console's, and the method is neither GET nor HEAD.
    MethodNotAllowed,
}

/// What a request asks of the console. Returns `None` if its path is not the console's.
pub fn requested(method: &str, path: &str) -> Option<Result<ConsoleFile, NoFile>> {
    let below = path.strip_prefix(OWN_PREFIX)?.strip_prefix("console")?;
    if !below.is_empty() && !below.starts_with('/') {
        return None;
    }
    if !matches!(method, "GET" | "HEAD") {
        return Some(Err(NoFile::MethodNotAllowed));
    }
    Some(file_of(below).ok_or(NoFile::NotFound))
}

fn file_of(below: &str) -> Option<ConsoleFile> {
    if matches!(below, "" | "/") {
        let (path, content_type) = ("/index.html".into(), "text/html; charset=utf-8");
        return Some(ConsoleFile { path, content_type });
    }
    let (name, extension) = below.strip_prefix('/')?.split_once('.')?;
    let content_type = match extension {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        _ => return None,
    };
    // Nothing that could be read as another path.
    (is_token(name) && !name.contains('%'))
        .then(|| ConsoleFile { path: below.into(), content_type })
}

/// What each file is served with, beside its content type.
pub const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

//! A multipart body (RFC 2046 section 5.1.1) without what its sender draws anew for each attempt: the
//! boundary, also those of parts that are multipart themselves, and the fields of a form that do not
//! count.
//!
//! 1. Everything between the delimiters counts: what precedes the first, every part with its headers,
//!    and what follows the last.
//! 2. A part that is not well formed counts as it is. A body that is not, or that has more than 10,000
//!    parts, is not looked into at all.
//! 3. Time is linear in the body, and nothing of it is copied.

use super::digest::Digest;
use super::form::IgnoredFields;
use super::media_type::MediaType;
use super::parameters::{only, parameters};
use memchr::memchr;

/// Deepest nesting that is followed: each level is looked at once more.
const MAX_DEPTH: usize = 4;
/// More than any server takes.
const MAX_PARTS: usize = 10_000;

/// A body and what its parts are divided by.
pub struct Multipart<'a> {
    body: &'a [u8],
    delimiter: String,
    depth: usize,
}

/// What stands before a delimiter, and where that delimiter's line ends.
struct Stretch<'a> {
    bytes: &'a [u8],
    next: usize,
    is_last: bool,
}

impl<'a> Multipart<'a> {
    /// Returns `None` if the body is not well formed.
    pub fn read(body: &'a [u8], boundary: &str) -> Option<Self> {
        Self::nested(body, boundary, MAX_DEPTH)
    }

    fn nested(body: &'a [u8], boundary: &str, depth: usize) -> Option<Self> {
        let multipart = Self { body, delimiter: format!("--{boundary}"), depth };
        let mut from = 0;
        for _ in 0..=MAX_PARTS {
            let stretch = multipart.stretch(from)?;
            if stretch.is_last {
                return Some(multipart);
            }
            from = stretch.next;
        }
        None
    }

    /// What stands from here to the next delimiter. Returns `None` if there is none.
    fn stretch(&self, from: usize) -> Option<Stretch<'a>> {
        let mut search = from;
        loop {
            let line = self.body.get(search..)?;
            let is_line_start = search == 0 || self.body.get(..search)?.ends_with(b"\r\n");
            if is_line_start
                && let Some(rest) = line.strip_prefix(self.delimiter.as_bytes())
                && let Some(end) = line_end(rest)
            {
                let next = self.body.len().saturating_sub(rest.len()).saturating_add(end.length);
                let bytes = self.body.get(from..search)?;
                return Some(Stretch { bytes, next, is_last: end.is_last });
            }
            search = search.saturating_add(memchr(b'\n', line)?).saturating_add(1);
        }
    }

    /// Adds what counts of it to a digest.
    pub fn add_to(&self, digest: Digest, ignored: IgnoredFields) -> Digest {
        let mut digest = digest;
        let (mut from, mut is_part) = (0, false);
        while let Some(stretch) = self.stretch(from) {
            digest = match is_part {
                true => self.add_part(digest, stretch.bytes, ignored),
                false => digest.field(b"preamble").field(stretch.bytes),
            };
            (from, is_part) = (stretch.next, true);
            if stretch.is_last {
                break;
            }
        }
        digest.field(b"epilogue").field(self.body.get(from..).unwrap_or_default())
    }

    /// What a form's fields of this name hold, files aside.
    pub fn field_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let mut from = Some(0);
        let stretches = std::iter::from_fn(move || {
            let stretch = self.stretch(from?)?;
            from = (!stretch.is_last).then_some(stretch.next);
            Some(stretch.bytes)
        });
        // What stands before the first delimiter is no part.
        let parts = stretches.skip(1).filter_map(Part::read);
        parts.filter(move |part| part.field_name().as_deref() == Some(name)).map(Part::field_value)
    }

    fn add_part(&self, digest: Digest, bytes: &[u8], ignored: IgnoredFields) -> Digest {
        let Some(part) = Part::read(bytes) else { return digest.field(b"part").field(bytes) };
        if part.field_name().is_some_and(|name| ignored.has(name.as_bytes())) {
            return digest;
        }
        match part.multipart(self.depth) {
            Some((kind, inner)) => inner.add_to(part.add_headers(digest, &kind), ignored),
            None => digest.field(b"part").field(bytes),
        }
    }
}

struct LineEnd {
    length: usize,
    is_last: bool,
}

/// What ends a delimiter's line: blanks and a line break, or two hyphens for the last one.
fn line_end(rest: &[u8]) -> Option<LineEnd> {
    if rest.starts_with(b"--") {
        return Some(LineEnd { length: 2, is_last: true });
    }
    let blanks = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    let length = blanks.saturating_add(2);
    rest.get(blanks..)?.starts_with(b"\r\n").then_some(LineEnd { length, is_last: false })
}

/// One part: its header lines, each with its name and its value, and its content.
struct Part<'a> {
    headers: Vec<(&'a str, &'a str)>,
    content: &'a [u8],
}

/// A part has a handful of short header lines. What has more is not looked into.
const MAX_HEADERS: usize = 32;
const MAX_HEADER_BYTES: usize = 8 * 1024;

impl<'a> Part<'a> {
    /// Returns `None` if its headers cannot be told apart.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let begin = bytes.get(..MAX_HEADER_BYTES).unwrap_or(bytes);
        let end = begin.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let lines = std::str::from_utf8(bytes.get(..end)?).ok()?.split("\r\n");
        let mut headers = Vec::new();
        for line in lines {
            let is_folded = line.starts_with([' ', '\t']);
            let (name, value) = line.split_once(':').filter(|_| !is_folded)?;
            headers.push((name.trim_end(), value.trim()));
        }
        let content = bytes.get(end.saturating_add(4)..)?;
        (headers.len() <= MAX_HEADERS).then_some(Self { headers, content })
    }

    /// A header that is there once.
    fn header(&self, name: &str) -> Option<&'a str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The name of a form's field that is no file (RFC 7578 section 4.2).
    fn field_name(&self) -> Option<String> {
        let (kind, rest) = self.header("content-disposition")?.split_once(';')?;
        let parameters = parameters(rest, ';')?;
        let is_file = parameters.iter().any(|(name, _)| name.starts_with("filename"));
        let is_field = kind.trim().eq_ignore_ascii_case("form-data") && !is_file;
        only(&parameters, "name").filter(|_| is_field).map(str::to_owned)
    }

    /// What a field holds: the line break behind it belongs to the delimiter.
    fn field_value(self) -> &'a [u8] {
        self.content.strip_suffix(b"\r\n").unwrap_or(self.content)
    }

    /// The parts of a part that is multipart itself, as far down as that is followed.
    fn multipart(&self, depth: usize) -> Option<(MediaType, Multipart<'a>)> {
        let kind = MediaType::parse(self.header(CONTENT_TYPE)?)?;
        let inner = Multipart::nested(self.content, kind.boundary()?, depth.checked_sub(1)?)?;
        Some((kind, inner))
    }

    /// Adds the headers of a part that is multipart itself.
    fn add_headers(&self, digest: Digest, kind: &MediaType) -> Digest {
        let digest = digest.field(b"multipart").number(self.headers.len());
        self.headers.iter().fold(digest, |digest, (name, value)| {
            let digest = digest.field(name.as_bytes());
            match name.eq_ignore_ascii_case(CONTENT_TYPE) {
                true => kind.add_to(digest, true),
                false => digest.field(value.as_bytes()),
            }
        })
    }
}

const CONTENT_TYPE: &str = "content-type";

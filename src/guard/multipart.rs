//! A multipart body (RFC 2046 section 5.1.1) without its boundary, which clients draw anew for
//! each attempt.

use memchr::memmem::Finder;

/// The boundary parameter of a multipart content type.
pub fn boundary(content_type: &str) -> Option<&str> {
    let mut pieces = content_type.split(';');
    if !pieces.next()?.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let (_, value) = pieces
        .filter_map(|piece| piece.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    (1..=70).contains(&value.len()).then_some(value)
}

/// The stretches between the delimiters: what precedes the first, every part with its headers,
/// and what follows the last. Nothing where the body is not well formed.
pub fn stretches<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<&'a [u8]>> {
    let delimiter = format!("--{boundary}");
    // Linear even where a body is made of almost delimiters.
    let finder = Finder::new(&delimiter);
    let mut stretches = Vec::new();
    let mut from = 0_usize;
    let mut search = 0_usize;
    loop {
        let found = search.saturating_add(finder.find(body.get(search..)?)?);
        let after = found.saturating_add(delimiter.len());
        let rest = body.get(after..)?;
        let line_start = found == 0 || body.get(..found)?.ends_with(b"\r\n");
        let Some(line_end) = line_end(rest).filter(|_| line_start) else {
            search = after;
            continue;
        };
        stretches.push(body.get(from..found)?);
        from = after.saturating_add(line_end.length);
        // The line break that ends a delimiter's line may also begin the next delimiter.
        search = from;
        if line_end.last {
            stretches.push(body.get(from..)?);
            return Some(stretches);
        }
    }
}

struct LineEnd {
    length: usize,
    last: bool,
}

/// What ends a delimiter's line: blanks and a line break, or two hyphens for the last one.
fn line_end(rest: &[u8]) -> Option<LineEnd> {
    if rest.starts_with(b"--") {
        return Some(LineEnd { length: 2, last: true });
    }
    let blanks = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    let length = blanks.saturating_add(2);
    rest.get(blanks..)?.starts_with(b"\r\n").then_some(LineEnd { length, last: false })
}

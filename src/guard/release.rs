//! Which answers of the origin mean "I did not process this".

use memchr::memmem::find;

/// One entry of a policy's `release` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub status: u16,
    /// Where given, the answer must also carry this header.
    pub header: Option<ReleaseHeader>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHeader {
    /// In lower case.
    pub name: String,
    /// A pattern for the whole value, in which `*` stands for any characters.
    pub matches: Option<String>,
}

impl Release {
    pub const fn status(status: u16) -> Self {
        Self { status, header: None }
    }

    /// Whether an answer with this status and these headers is meant.
    pub fn covers(&self, status: u16, header: impl Fn(&str) -> Option<String>) -> bool {
        self.status == status
            && self.header.as_ref().is_none_or(|wanted| {
                header(&wanted.name).is_some_and(|value| {
                    wanted.matches.as_ref().is_none_or(|pattern| matches(pattern, &value))
                })
            })
    }
}

/// Whether `*` in the pattern can be filled so that it becomes the value. The pieces between the
/// stars are each looked for once, from left to right.
fn matches(pattern: &str, value: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == value };
    let Some(value) = value.strip_prefix(head) else { return false };
    let mut value = value.as_bytes();
    let mut pieces = rest.split('*').map(str::as_bytes);
    let tail = pieces.next_back().unwrap_or_default();
    for piece in pieces {
        match find(value, piece).and_then(|at| value.get(at.saturating_add(piece.len())..)) {
            Some(after) => value = after,
            None => return false,
        }
    }
    value.ends_with(tail)
}

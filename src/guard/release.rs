//! Which answers of the origin mean "I did not process this".

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

/// Whether `*` in the pattern can be filled so that it becomes the value. Linear in the value for
/// each star, whatever the pattern.
fn matches(pattern: &str, value: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == value };
    let Some(mut value) = value.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match value.split_once(piece) {
            Some((_, after)) => value = after,
            None => return false,
        }
    }
    value.ends_with(tail)
}

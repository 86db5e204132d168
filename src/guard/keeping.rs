//! How much of an answer is kept for retries.
//!
//! 1. `store` says what is kept at all: the answer, its head, or only that it came, with its status. The
//!    first caller gets all of it, and nothing is known of it before its end.
//! 2. `redact` names members of JSON answers that are never kept. An answer that cannot be looked into, and
//!    is not empty, is kept without its content.
//! 3. A replay says what was left out: `Idempotency-Omitted`. What a header says about bytes that are not
//!    kept is not kept either.
//! 4. It holds for whatever is told as the origin's word, also for what it says when it is asked later.

use super::json_pointer::Pointer;
use super::media_type::coding;
use super::record::{Answer, Body, LeftOut};
use super::redact::redact;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use sfv::{ItemSerializer, StringRef};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// What is kept of an answer, as a policy says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    pub store: Store,
    pub redact: Vec<Pointer>,
    /// Whether only its caller can read it: see [`super::seal`].
    pub seal: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Store {
    #[default]
    Full,
    /// Status and headers.
    Head,
    /// The status.
    None,
}

/// What describes a body that is not kept (RFC 9110 section 8).
const OF_BODY: [&str; 4] =
    ["content-encoding", "content-language", "content-range", "content-type"];

/// What is true of the very bytes alone (RFC 9530, and what came before it).
const OF_BYTES: [&str; 4] = ["content-digest", "content-md5", "digest", "repr-digest"];

impl Keeping {
    /// Whether a body is kept as it comes.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What is kept of an answer whose body is all there, or has not been looked at.
    pub fn kept(&self, answer: Answer) -> Answer {
        match self.store {
            Store::None => answer.without_content(),
            _ if matches!(&answer.body, Body::Inline { bytes } if bytes.is_empty()) => answer,
            Store::Head => head_of(answer),
            Store::Full if self.redact.is_empty() => answer,
            Store::Full => self.redacted(answer),
        }
    }

    fn redacted(&self, mut answer: Answer) -> Answer {
        let mut headers = answer.headers.iter();
        let encoding = headers.find(|(name, _)| name == "content-encoding");
        let is_coded = coding(encoding.map(|(_, value)| value.clone())).is_some();
        match redact(answer.inline(), &self.redact).filter(|_| !is_coded) {
            None => answer.without_content(),
            Some(redacted) if redacted.members.is_empty() => answer,
            Some(redacted) => {
                remove(&mut answer.headers, &OF_BYTES);
                let body = Body::Inline { bytes: redacted.body };
                Answer { body, left_out: LeftOut::Members(redacted.members), ..answer }
            }
        }
    }
}

fn head_of(mut answer: Answer) -> Answer {
    remove(&mut answer.headers, &OF_BYTES);
    remove(&mut answer.headers, &OF_BODY);
    Answer { body: Body::Inline { bytes: Vec::new() }, left_out: LeftOut::Body, ..answer }
}

fn remove(headers: &mut Vec<(String, String)>, names: &[&str]) {
    headers.retain(|(name, _)| !names.contains(&name.as_str()));
}

impl LeftOut {
    /// The value of `Idempotency-Omitted`, a list (RFC 9651): the token `body`, or the pointers as strings, in
    /// which what is no ASCII is percent-encoded. Returns `None` if nothing was left out.
    pub fn header(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Body => Some("body".into()),
            Self::Members(members) => {
                Some(members.iter().map(|member| quoted(member)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn quoted(pointer: &str) -> String {
    let text = utf8_percent_encode(pointer, CONTROLS).to_string();
    match StringRef::from_str(&text) {
        Ok(text) => ItemSerializer::new().bare_item(text).finish(),
        Err(_) => String::new(),
    }
}

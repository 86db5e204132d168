//! What the Worker and the object say to each other, beside the request and the answer.
//!
//! 1. It travels as one line of ASCII JSON in the header `x-onlyonce`; a client's own header of
//!    that name is overwritten, and the object's never reaches a client.
//! 2. During a deployment the two may be of different versions: another protocol is refused as
//!    `guard-unavailable`, which says nothing about the origin.

use super::fingerprint::Fingerprint;
use super::machine::Refusal;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// The header that carries the messages.
pub const HEADER: &str = "x-onlyonce";

/// The version of the messages.
pub const PROTOCOL: u32 = 1;

/// From the Worker to the object: a request that may claim its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    pub protocol: u32,
    pub record: RecordId,
    pub fingerprint: Fingerprint,
    /// The body's length in bytes, so that a body that broke off between the two is noticed.
    pub length: u64,
    /// The Worker sends this a second time because it heard nothing of the first.
    pub redelivered: bool,
}

/// From the object to the Worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub protocol: u32,
    pub verdict: Verdict,
    /// When the record is forgotten; absent where nothing is recorded.
    pub expires_at: Option<UnixMillis>,
    /// Time at the origin that this caller waited through.
    pub origin: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The body is a record, to be shown in this way.
    Stored {
        shown: Shown,
    },
    /// The response is the origin's: not processed, and nothing is recorded.
    Released {
        shared: bool,
    },
    /// The response is the origin's, on its way as it comes; a retry will not get it.
    NotKept,
    Refused {
        refusal: Refusal,
    },
    /// The record cannot be used; the text says why.
    Unavailable {
        detail: String,
    },
}

/// How an answer came to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// To the one whose request was sent.
    First,
    /// To a duplicate that waited.
    Joined,
    /// To a retry, from what is stored.
    Replayed,
}

/// JSON that may stand in a header: everything beyond ASCII is escaped.
pub fn to_header(message: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(message).ok()?;
    if json.is_ascii() {
        return Some(json);
    }
    Some(json.chars().fold(String::new(), |mut text, character| {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
        text
    }))
}

impl Submit {
    /// Reads the header; nothing where it is absent or of another protocol.
    pub fn from_header(header: Option<&str>) -> Option<Self> {
        serde_json::from_str::<Self>(header?).ok().filter(|submit| submit.protocol == PROTOCOL)
    }
}

impl Reply {
    /// Reads the header; nothing where it is absent or of another protocol.
    pub fn from_header(header: Option<&str>) -> Option<Self> {
        serde_json::from_str::<Self>(header?).ok().filter(|reply| reply.protocol == PROTOCOL)
    }
}

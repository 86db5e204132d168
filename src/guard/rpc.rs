//! What the Worker and the object say to each other, beside the request's headers and bodies.
//!
//! 1. The Worker calls a method of the object (Workers, "Remote-procedure call"): a message, the
//!    client's headers as the platform has them, and the body. It is given a message back, the body
//!    where there is one that the message does not hold, and the origin's headers as the platform has
//!    them for whoever was there when they came.
//!    Arguments of another kind would need a method of another name.
//! 2. A message is the number of its protocol, in four bytes, and the message in postcard, which knows
//!    a field by its place alone: whatever changes in one, in a refusal or in a fingerprint changes
//!    the protocol.
//! 3. During a deployment the two may be of different versions: another protocol is refused as
//!    `guard-unavailable`, which says nothing about the origin.

use super::fingerprint::Fingerprint;
use super::log::ClaimRef;
use super::machine::Refusal;
use super::scope::RecordId;
use super::seal::SealKey;
use super::time::{Millis, UnixMillis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the messages.
pub const PROTOCOL: u32 = 11;

/// From the Worker to the object: a request that may claim its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitRequest {
    pub record: RecordId,
    pub method: String,
    /// Absolute, and in the one spelling that [`super::address`] is about.
    pub url: String,
    pub fingerprint: Fingerprint,
    /// The body's length in bytes, so that a body that broke off between the two is noticed.
    pub length: u64,
    pub key: KeySource,
    /// The `Idempotency-Key` header that the origin gets in place of the client's: a key that the guard
    /// drew, or that stood elsewhere in the request.
    pub key_header: Option<String>,
    /// The policy only watches: a duplicate is told apart, and nothing is refused.
    pub observe: bool,
    /// The Worker sends this a second time because it heard nothing of the first.
    pub redelivered: bool,
    /// The key belongs to another shard by now (`shards_before`): this one carries the request out only
    /// if it knows the key, else it fences it and says so.
    pub known_only: bool,
    /// What the answer is sealed with, where the policy wants it sealed.
    pub seal_key: Option<SealKey>,
}

/// Where a request's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySource {
    Client,
    /// Drawn by the guard, and told to origin and client.
    Generated,
    /// Made from credential and fingerprint, and told to nobody.
    Derived,
    /// Of a queue's message.
    Queue,
}

impl KeySource {
    /// What is said of a key that the guard made.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Client | Self::Queue => None,
            Self::Generated => Some("generated"),
            Self::Derived => Some("derived"),
        }
    }
}

/// From the object to the Worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitReply {
    pub result: SubmitResult,
    /// When the record is forgotten; absent where nothing is recorded.
    pub expires_at: Option<UnixMillis>,
    /// Time at the origin that this caller waited through.
    pub origin_time: Millis,
    /// For the log: the claim that the record stands under.
    pub claim: Option<ClaimRef>,
}

/// Status and reason phrase of a response of the origin, whose headers and body go along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseHead {
    pub status: u16,
    /// Absent where it cannot be written again.
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubmitResult {
    /// A record in its stored form, to be shown in this way. Where its body lies in rows, it goes
    /// along; so do the origin's own headers for those who were there when they came, with their
    /// reason phrase here.
    Stored {
        delivery: Delivery,
        #[serde(with = "serde_bytes")]
        record: Vec<u8>,
        reason: Option<String>,
    },
    /// The response is the origin's: not processed, and nothing is recorded.
    Released {
        shared: bool,
        head: ResponseHead,
    },
    /// The response is the origin's, on its way as it comes, and is recorded at the same time.
    Streamed {
        head: ResponseHead,
    },
    /// The response is the origin's, complete or on its way as it comes; a retry will not get its body.
    NotKept {
        head: ResponseHead,
    },
    Refused {
        refusal: Refusal,
    },
    /// Under `mode = "observe"`: a duplicate, which the Worker sends on as it is.
    Duplicate {
        would: DryRun,
    },
    /// The record cannot be used; the text says why.
    Unavailable {
        detail: String,
    },
    /// The key is not known here and nobody claims it here any more: it is the other shard's.
    Moved,
    /// The record compares a header that holds what could be two values; the text says which.
    Unreadable {
        detail: String,
    },
    /// The response is the origin's, complete; what is stored of it is less, or sealed.
    Whole {
        head: ResponseHead,
    },
}

/// What would have become of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DryRun {
    Join,
    Replay,
    Refuse(Refusal),
}

/// How an answer came to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// To the one whose request was sent.
    First,
    /// To a duplicate that waited.
    Collapsed,
    /// To a retry, from what is stored.
    Replayed,
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RpcError {
    #[error("the message breaks off before its protocol")]
    Truncated,
    #[error(
        "the message has protocol {0} and this guard speaks {PROTOCOL}, as happens while a deployment or a roll-back is under way"
    )]
    Protocol(u32),
    #[error("the message is malformed ({0})")]
    Malformed(#[from] postcard::Error),
    #[error("{0} more bytes follow the message's end")]
    Trailing(usize),
}

impl SubmitRequest {
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a message. Nothing of one of another protocol is decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        decode(bytes)
    }
}

impl SubmitReply {
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a message. Nothing of one of another protocol is decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        decode(bytes)
    }
}

/// The protocol, and the message in postcard. That fails only for values that do not know their own
/// length, of which a message has none; and no bytes at all are refused by the other side.
pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(message, PROTOCOL.to_be_bytes().to_vec()).unwrap_or_default()
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RpcError> {
    let (protocol, bytes) = bytes.split_first_chunk().ok_or(RpcError::Truncated)?;
    let protocol = u32::from_be_bytes(*protocol);
    if protocol != PROTOCOL {
        return Err(RpcError::Protocol(protocol));
    }
    match postcard::take_from_bytes(bytes)? {
        (message, []) => Ok(message),
        (_, rest) => Err(RpcError::Trailing(rest.len())),
    }
}

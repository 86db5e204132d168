//! What a caller is told of its own key: `GET /.onlyonce/key` asks, `DELETE` says that the key shall never
//! be carried out.
//!
//! 1. The key comes as `Idempotency-Key`, whose it is by the caller's own credential, and `path` in the
//!    query names the route under which it was or would be sent, such as `/payments`.
//! 2. Nothing is said of keys that nobody guards, and none is fenced whose requests would pass.
//! 3. Asking stores nothing. A fence is stored only where nothing is known of the key; anything else is
//!    told as it is, and stays.

use super::document::to_json;
use super::machine::Refusal;
use super::policy::{KeyMode, Mode, Settings};
use super::record::{AnswerSource, Record};
use super::rpc::{self, RpcError};
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// The path of both requests.
pub const PATH: &str = "/.onlyonce/key";

/// The path that a question names, with its query. Returns `None` if it names none.
pub fn asked_path(query: &str) -> Option<String> {
    let path = query.split('&').find_map(|pair| pair.strip_prefix("path="))?;
    let path = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    path.starts_with('/').then_some(path)
}

/// Why nothing can be said of the keys of a route, or promised: its requests pass whatever is said here.
pub fn refusal(settings: &Settings, fences: bool) -> Option<&'static str> {
    match settings.mode {
        _ if settings.key == KeyMode::Off => Some(NOT_GUARDED),
        Mode::Observe if fences => Some(ONLY_WATCHED),
        Mode::Observe | Mode::Enforce => None,
    }
}

const NOT_GUARDED: &str = "the path is not guarded (key = \"off\"), so nothing is known of its keys, and none can be given up; ask about the path that the key is sent to";
const ONLY_WATCHED: &str = "the policy only watches this path (mode = \"observe\"), so a key that is given up would be carried out all the same; ask with GET what is known of it";

/// What the Worker asks a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyQuestion {
    pub record: RecordId,
    /// How long a fence stands; nothing where it is only asked.
    pub fence: Option<Millis>,
    /// The key belongs to another shard since `shards` was changed.
    pub known_only: bool,
}

/// What a shard answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyReply {
    Told(KeyStatus),
    /// The key lives in another shard, and nobody claims it in this one any more.
    Moved,
    Refused(Refusal),
    /// The record is there and cannot be used, or compared; the sentence says why.
    Unusable(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Nothing is known of it.
    Absent,
    /// At the origin, or shut for a moment after an operator's forget.
    InProgress,
    Done,
    /// The origin was asked, and has shown that it was carried out.
    Settled,
    /// Nobody knows whether it was carried out.
    Unknown,
    /// It will never be carried out.
    Fenced,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStatus {
    pub state: KeyState,
    /// When the key is forgotten.
    pub expires_at: Option<UnixMillis>,
    /// Of the answer.
    pub status: Option<u16>,
}

impl KeyStatus {
    pub fn of(record: &Record) -> Self {
        let state = match record {
            Record::Vacant | Record::Moved { .. } => KeyState::Absent,
            Record::InFlight { .. } | Record::Forgotten { .. } => KeyState::InProgress,
            Record::Done { answer, .. } if answer.source == AnswerSource::Settled => {
                KeyState::Settled
            }
            Record::Done { .. } => KeyState::Done,
            Record::Unknown { .. } => KeyState::Unknown,
            Record::Fenced { .. } => KeyState::Fenced,
        };
        let is_told = state != KeyState::Absent;
        let status = match record {
            Record::Done { answer, .. } => Some(answer.status),
            _ => None,
        };
        Self { state, expires_at: record.expires_at().filter(|_| is_told), status }
    }
}

/// The document's members in their order; what does not apply is left out.
#[derive(Serialize)]
struct Document<'a> {
    state: KeyState,
    record: &'a RecordId,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl KeyStatus {
    /// The answer to the caller.
    pub fn document(&self, record: &RecordId) -> String {
        to_json(&Document {
            state: self.state,
            record,
            status: self.status,
            expires_at: self.expires_at.map(UnixMillis::rfc3339),
        })
    }
}

#[derive(Serialize)]
struct FenceLine<'a> {
    outcome: &'a str,
    route: &'a str,
    record: String,
}

/// The line of the log for a key that was given up.
pub fn fence_line(route: &str, record: &RecordId) -> String {
    to_json(&FenceLine { outcome: "fenced", route, record: format!("{record:.16}") })
}

impl KeyQuestion {
    pub fn encode(&self) -> Vec<u8> {
        rpc::encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        rpc::decode(bytes)
    }
}

impl KeyReply {
    /// Whether another shard has to be asked, if there is one.
    pub fn leaves_it_to_another(&self) -> bool {
        match self {
            Self::Moved => true,
            Self::Told(status) => status.state == KeyState::Absent,
            Self::Refused(_) | Self::Unusable(_) => false,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        rpc::encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        rpc::decode(bytes)
    }
}

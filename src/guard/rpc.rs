//! What the Worker and the object say to each other, beside the request's headers and bodies.
//!
//! 1. The Worker calls a method of the object (Workers, "Remote-procedure call"): a message, the
//!    client's headers as the platform has them, and the body. It is given a message back, and the
//!    body where there is one that the message does not hold.
//!    Arguments of another kind would need a method of another name.
//! 2. During a deployment the two may be of different versions: another protocol is refused as
//!    `guard-unavailable`, which says nothing about the origin.

use super::codec::{Reader, Writer};
use super::fingerprint::Fingerprint;
use super::log::ClaimRef;
use super::machine::Refusal;
use super::record::{Answer, Reason};
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};

/// The version of the messages.
pub const PROTOCOL: u32 = 4;

/// The headers that the rules look at of a guarded request, in the order in which messages have
/// them.
pub const HEADERS: [&str; 8] = [
    "idempotency-key",
    "authorization",
    "x-api-key",
    "cookie",
    "content-type",
    "content-length",
    "origin",
    "connection",
];

/// From the Worker to the object: a request that may claim its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitRequest {
    pub protocol: u32,
    pub record: RecordId,
    pub method: String,
    /// Absolute, as the client called it.
    pub url: String,
    /// A line for each of [`HEADERS`]: `=` and the value, or nothing where there is none. They spare
    /// a replay the look at the headers themselves.
    pub headers: String,
    pub fingerprint: Fingerprint,
    /// The body's length in bytes, so that a body that broke off between the two is noticed.
    pub length: u64,
    pub key: KeySource,
    /// The `Idempotency-Key` header that the guard drew, in place of the client's.
    pub generated: Option<String>,
    /// The policy only watches: a duplicate is told apart, and nothing is refused.
    pub observe: bool,
    /// The Worker sends this a second time because it heard nothing of the first.
    pub redelivered: bool,
}

/// Where a request's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn code(self) -> u8 {
        match self {
            Self::Client => 0,
            Self::Generated => 1,
            Self::Derived => 2,
            Self::Queue => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Client, Self::Generated, Self::Derived, Self::Queue]
            .into_iter()
            .find(|source| source.code() == code)
    }
}

/// From the object to the Worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitReply {
    pub protocol: u32,
    pub verdict: SubmitResult,
    /// When the record is forgotten; absent where nothing is recorded.
    pub expires_at: Option<UnixMillis>,
    /// Time at the origin that this caller waited through.
    pub origin: Millis,
    /// For the log: the claim that the record stands under.
    pub trace: Option<ClaimRef>,
}

/// Status and headers of a response of the origin, whose body goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitResult {
    /// A record in its stored form, to be shown in this way. Where its body lies in rows, it goes
    /// along.
    Stored {
        shown: Delivery,
        record: Vec<u8>,
    },
    /// The response is the origin's: not processed, and nothing is recorded.
    Released {
        shared: bool,
        passed: ResponseHead,
    },
    /// The response is the origin's, on its way as it comes; a retry will not get it.
    NotKept {
        passed: ResponseHead,
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
}

/// What would have become of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    Join,
    Replay,
    Refuse(Refusal),
}

/// How an answer came to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// To the one whose request was sent.
    First,
    /// To a duplicate that waited.
    Collapsed,
    /// To a retry, from what is stored.
    Replayed,
}

impl SubmitRequest {
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.short(self.protocol);
        self.record.write(&mut writer);
        writer.text(&self.method);
        writer.text(&self.url);
        writer.text(&self.headers);
        self.fingerprint.write(&mut writer);
        writer.number(self.length);
        writer.byte(self.key.code());
        writer.optional(self.generated.as_ref(), |header, writer| writer.text(header));
        writer.byte(self.observe.into());
        writer.byte(self.redelivered.into());
        writer.0
    }

    /// Reads a message; nothing where it is of another protocol.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let submit = Self {
            protocol: reader.short().filter(|protocol| *protocol == PROTOCOL)?,
            record: RecordId::read(&mut reader)?,
            method: reader.text()?,
            url: reader.text()?,
            headers: reader.text()?,
            fingerprint: Fingerprint::read(&mut reader)?,
            length: reader.number()?,
            key: KeySource::from_code(reader.byte()?)?,
            generated: reader.optional(Reader::text)?,
            observe: reader.flag()?,
            redelivered: reader.flag()?,
        };
        reader.end(submit)
    }
}

impl SubmitReply {
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.short(self.protocol);
        self.verdict.write(&mut writer);
        writer.optional(self.expires_at.as_ref(), |at, writer| writer.number(at.0));
        writer.number(self.origin.0);
        writer.optional(self.trace.as_ref(), ClaimRef::write);
        writer.0
    }

    /// Reads a message; nothing where it is of another protocol.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let reply = Self {
            protocol: reader.short().filter(|protocol| *protocol == PROTOCOL)?,
            verdict: SubmitResult::read(&mut reader)?,
            expires_at: reader.optional(|reader| reader.number().map(UnixMillis))?,
            origin: Millis(reader.number()?),
            trace: reader.optional(ClaimRef::read)?,
        };
        reader.end(reply)
    }
}

impl Delivery {
    fn code(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Collapsed => 1,
            Self::Replayed => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::First, Self::Collapsed, Self::Replayed]
            .into_iter()
            .find(|shown| shown.code() == code)
    }
}

impl ResponseHead {
    pub fn of(answer: &Answer) -> Self {
        Self { status: answer.status, headers: answer.headers.clone() }
    }

    fn write(&self, writer: &mut Writer) {
        writer.short(self.status.into());
        writer.pairs(&self.headers);
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self { status: reader.short()?.try_into().ok()?, headers: reader.pairs()? })
    }
}

impl SubmitResult {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Stored { shown, record } => {
                writer.byte(0);
                writer.byte(shown.code());
                writer.blob(record);
            }
            Self::Released { shared, passed } => {
                writer.byte(1);
                writer.byte((*shared).into());
                passed.write(writer);
            }
            Self::NotKept { passed } => {
                writer.byte(2);
                passed.write(writer);
            }
            Self::Refused { refusal } => {
                writer.byte(3);
                write_refusal(*refusal, writer);
            }
            Self::Duplicate { would: DryRun::Join } => writer.byte(4),
            Self::Duplicate { would: DryRun::Replay } => writer.byte(5),
            Self::Duplicate { would: DryRun::Refuse(refusal) } => {
                writer.byte(6);
                write_refusal(*refusal, writer);
            }
            Self::Unavailable { detail } => {
                writer.byte(7);
                writer.text(detail);
            }
        }
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(match reader.byte()? {
            0 => {
                Self::Stored { shown: Delivery::from_code(reader.byte()?)?, record: reader.blob()? }
            }
            1 => Self::Released { shared: reader.flag()?, passed: ResponseHead::read(reader)? },
            2 => Self::NotKept { passed: ResponseHead::read(reader)? },
            3 => Self::Refused { refusal: read_refusal(reader)? },
            4 => Self::Duplicate { would: DryRun::Join },
            5 => Self::Duplicate { would: DryRun::Replay },
            6 => Self::Duplicate { would: DryRun::Refuse(read_refusal(reader)?) },
            7 => Self::Unavailable { detail: reader.text()? },
            _ => return None,
        })
    }
}

fn write_refusal(refusal: Refusal, writer: &mut Writer) {
    match refusal {
        Refusal::KeyReused => writer.byte(0),
        Refusal::CredentialChanged => writer.byte(1),
        Refusal::InProgress { retry_after } => {
            writer.byte(2);
            writer.number(retry_after.0);
        }
        Refusal::OriginBusy => writer.byte(5),
        Refusal::ResponseNotKept => writer.byte(3),
        Refusal::OutcomeUnknown(reason) => {
            writer.byte(4);
            writer.byte(reason.code());
        }
    }
}

fn read_refusal(reader: &mut Reader) -> Option<Refusal> {
    Some(match reader.byte()? {
        0 => Refusal::KeyReused,
        1 => Refusal::CredentialChanged,
        2 => Refusal::InProgress { retry_after: Millis(reader.number()?) },
        3 => Refusal::ResponseNotKept,
        4 => Refusal::OutcomeUnknown(Reason::from_code(reader.byte()?)?),
        5 => Refusal::OriginBusy,
        _ => return None,
    })
}

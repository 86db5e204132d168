//! What the Worker and the object say to each other, beside the request and the answer.
//!
//! 1. It travels in a header, in base64; a client's own header of that name is overwritten, and the
//!    object's never reaches a client.
//! 2. A body or a record that is small travels in it too: what is in the header is there at once,
//!    and a stream has to be waited for at either end.
//! 3. During a deployment the two may be of different versions: another protocol is refused as
//!    `guard-unavailable`, which says nothing about the origin.

use super::base64::{self, COMMON};
use super::codec::{Reader, Writer};
use super::fingerprint::Fingerprint;
use super::log::Trace;
use super::machine::Refusal;
use super::record::Reason;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};

/// The header that carries the messages. It may hold a body, and is called what the platform leaves
/// out of the log that it writes of each invocation (Workers, Tail Handler, "TailRequest").
pub const HEADER: &str = "x-onlyonce-secret";

/// The version of the messages.
pub const PROTOCOL: u32 = 3;

/// The most bytes of a body or a record that travel in the message: 5.5 KB in base64, beside the
/// client's own headers, of which the platform takes 128 KB (Workers, Limits).
pub const MOST_IN_MESSAGE: usize = 4 * 1024;

/// From the Worker to the object: a request that may claim its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    pub protocol: u32,
    pub record: RecordId,
    pub fingerprint: Fingerprint,
    /// The body's length in bytes, so that a body that broke off between the two is noticed.
    pub length: u64,
    /// The body, where it is small; else it follows.
    pub body: Option<Vec<u8>>,
    pub key: KeySource,
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
pub struct Reply {
    pub protocol: u32,
    pub verdict: Verdict,
    /// When the record is forgotten; absent where nothing is recorded.
    pub expires_at: Option<UnixMillis>,
    /// Time at the origin that this caller waited through.
    pub origin: Millis,
    /// For the log: the claim that the record stands under.
    pub trace: Option<Trace>,
    /// The record of [`Verdict::Stored`], where it is small; else it follows.
    pub record: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is a record, to be shown in this way: all of it at once, or with the rows of a large
    /// answer behind it.
    Stored {
        shown: Shown,
        whole: bool,
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
    /// Under `mode = "observe"`: a duplicate, which the Worker sends on as it is.
    Duplicate {
        would: Would,
    },
    /// The record cannot be used; the text says why.
    Unavailable {
        detail: String,
    },
}

/// What would have become of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    Join,
    Replay,
    Refuse(Refusal),
}

/// How an answer came to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// To the one whose request was sent.
    First,
    /// To a duplicate that waited.
    Joined,
    /// To a retry, from what is stored.
    Replayed,
}

impl Submit {
    pub fn to_header(&self) -> String {
        let mut writer = Writer::default();
        writer.short(self.protocol);
        self.record.write(&mut writer);
        self.fingerprint.write(&mut writer);
        writer.number(self.length);
        writer.optional(self.body.as_ref(), |body, writer| writer.blob(body));
        writer.byte(self.key.code());
        writer.byte(self.observe.into());
        writer.byte(self.redelivered.into());
        base64::encode(&writer.0)
    }

    /// Reads the header; nothing where it is absent or of another protocol.
    pub fn from_header(header: Option<&str>) -> Option<Self> {
        let bytes = base64::decode(header?, COMMON)?;
        let mut reader = Reader(&bytes);
        let submit = Self {
            protocol: reader.short().filter(|protocol| *protocol == PROTOCOL)?,
            record: RecordId::read(&mut reader)?,
            fingerprint: Fingerprint::read(&mut reader)?,
            length: reader.number()?,
            body: reader.optional(Reader::blob)?,
            key: KeySource::from_code(reader.byte()?)?,
            observe: reader.flag()?,
            redelivered: reader.flag()?,
        };
        reader.end(submit)
    }
}

impl Reply {
    pub fn to_header(&self) -> String {
        let mut writer = Writer::default();
        writer.short(self.protocol);
        self.verdict.write(&mut writer);
        writer.optional(self.expires_at.as_ref(), |at, writer| writer.number(at.0));
        writer.number(self.origin.0);
        writer.optional(self.trace.as_ref(), Trace::write);
        writer.optional(self.record.as_ref(), |record, writer| writer.blob(record));
        base64::encode(&writer.0)
    }

    /// Reads the header; nothing where it is absent or of another protocol.
    pub fn from_header(header: Option<&str>) -> Option<Self> {
        let bytes = base64::decode(header?, COMMON)?;
        let mut reader = Reader(&bytes);
        let reply = Self {
            protocol: reader.short().filter(|protocol| *protocol == PROTOCOL)?,
            verdict: Verdict::read(&mut reader)?,
            expires_at: reader.optional(|reader| reader.number().map(UnixMillis))?,
            origin: Millis(reader.number()?),
            trace: reader.optional(Trace::read)?,
            record: reader.optional(Reader::blob)?,
        };
        reader.end(reply)
    }
}

impl Verdict {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Stored { shown, whole } => writer.byte(match (shown, whole) {
                (Shown::First, true) => 0,
                (Shown::Joined, true) => 1,
                (Shown::Replayed, true) => 2,
                (Shown::First, false) => 11,
                (Shown::Joined, false) => 12,
                (Shown::Replayed, false) => 13,
            }),
            Self::Released { shared: false } => writer.byte(3),
            Self::Released { shared: true } => writer.byte(4),
            Self::NotKept => writer.byte(5),
            Self::Refused { refusal } => {
                writer.byte(6);
                write_refusal(*refusal, writer);
            }
            Self::Duplicate { would: Would::Join } => writer.byte(8),
            Self::Duplicate { would: Would::Replay } => writer.byte(9),
            Self::Duplicate { would: Would::Refuse(refusal) } => {
                writer.byte(10);
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
            0 => Self::Stored { shown: Shown::First, whole: true },
            1 => Self::Stored { shown: Shown::Joined, whole: true },
            2 => Self::Stored { shown: Shown::Replayed, whole: true },
            11 => Self::Stored { shown: Shown::First, whole: false },
            12 => Self::Stored { shown: Shown::Joined, whole: false },
            13 => Self::Stored { shown: Shown::Replayed, whole: false },
            3 => Self::Released { shared: false },
            4 => Self::Released { shared: true },
            5 => Self::NotKept,
            6 => Self::Refused { refusal: read_refusal(reader)? },
            7 => Self::Unavailable { detail: reader.text()? },
            8 => Self::Duplicate { would: Would::Join },
            9 => Self::Duplicate { would: Would::Replay },
            10 => Self::Duplicate { would: Would::Refuse(read_refusal(reader)?) },
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
        _ => return None,
    })
}

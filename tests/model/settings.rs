//! The settings that are explored. Together they hold everything that the promise speaks of; one
//! setting with all of it would have more states than anybody can visit.

use crate::setting::{Client, Setting, client};

const OWNER: Client = client("owner", "order", 1);
const RETRYING: Client = client("owner", "order", 2);
const STRANGER: Client = client("stranger", "order", 1);
const OTHER_REQUEST: Client = client("owner", "refund", 1);
const ABSENT: Client = client("nobody", "nothing", 0);

/// Two who share a credential and one who has another, a death, a call made twice, an operator.
pub const HOLD: Setting = Setting {
    name: "hold",
    clients: [OWNER, OWNER, STRANGER],
    window: 3,
    resends: false,
    rejects: false,
    derived_ttl: None,
    one_isolate: false,
    large_answers: false,
    streams: false,
    seals: false,
    declines: false,
    ticks: 4,
    crashes: 1,
    duplicates: 0,
    interventions: 1,
    fences: 0,
    probes: 0,
    bug: None,
};

/// Clients that time out and retry, with nobody to help.
pub const RETRIES: Setting =
    Setting { name: "retries", clients: [RETRYING, OWNER, STRANGER], interventions: 0, ..HOLD };

pub const RESEND: Setting = Setting { name: "resend", resends: true, interventions: 0, ..HOLD };

/// A window that is far longer than an operator's quarantine, so that a copy would outlive it.
pub const FORGET: Setting = Setting {
    name: "forget",
    clients: [OWNER, OWNER, OWNER],
    window: 6,
    ticks: 3,
    interventions: 1,
    crashes: 0,
    ..HOLD
};

pub const FORGET_AND_DIE: Setting =
    Setting { name: "forget and die", one_isolate: true, crashes: 1, ..FORGET };

pub const REDELIVERY: Setting = Setting {
    name: "redelivery",
    clients: [RETRYING, OWNER, ABSENT],
    duplicates: 1,
    interventions: 0,
    ..HOLD
};

pub const REJECT: Setting = Setting { name: "reject", rejects: true, interventions: 0, ..HOLD };

/// A window that a derived key's record does not live to see.
pub const DERIVED: Setting = Setting {
    name: "derived key",
    window: 6,
    derived_ttl: Some(crate::setting::LINGER),
    interventions: 0,
    ..HOLD
};

pub const REUSED: Setting = Setting {
    name: "another request",
    clients: [OWNER, OTHER_REQUEST, STRANGER],
    interventions: 0,
    ..HOLD
};

pub const LARGE: Setting = Setting {
    name: "large answers",
    clients: [RETRYING, STRANGER, ABSENT],
    large_answers: true,
    ..HOLD
};

/// Answers that take longer than the deadline to come in, and may be too long.
pub const STREAMS: Setting = Setting { name: "streams", streams: true, ..LARGE };

/// Answers, whole or in pieces, that are sealed before they are stored, while the deadline passes, an
/// operator steps in, or the runtime dies.
pub const SEALED: Setting = Setting {
    name: "sealed",
    clients: [RETRYING, STRANGER, ABSENT],
    streams: true,
    seals: true,
    ..HOLD
};

/// Somebody who knows the key and is refused, with a request of its own, and the key's owner.
pub const DECLINED: Setting = Setting {
    name: "another's refusal",
    clients: [RETRYING, client("stranger", "refund", 2), ABSENT],
    declines: true,
    ticks: 3,
    interventions: 0,
    ..HOLD
};

/// The same where an open call may outlive the refusal of a later one.
pub const DECLINED_AGAIN: Setting =
    Setting { name: "a refused resend", resends: true, crashes: 0, ..DECLINED };

/// A caller who gives up while its own request, and another one's, may still be on their way.
pub const FENCED: Setting = Setting {
    name: "given up",
    clients: [RETRYING, STRANGER, ABSENT],
    interventions: 0,
    fences: 2,
    ..HOLD
};

/// An origin that can be asked what became of a key, and acts late, or tells of it late.
pub const SETTLED: Setting = Setting {
    name: "settled",
    clients: [RETRYING, STRANGER, ABSENT],
    window: 4,
    one_isolate: true,
    interventions: 0,
    probes: 2,
    ..HOLD
};

/// The same with an operator who forgets or resolves while it is asked.
pub const SETTLED_OR_RESOLVED: Setting = Setting {
    name: "settled or resolved",
    clients: [RETRYING, ABSENT, ABSENT],
    interventions: 1,
    ..SETTLED
};

pub const ALL: [Setting; 17] = [
    HOLD,
    RETRIES,
    RESEND,
    FORGET,
    FORGET_AND_DIE,
    REDELIVERY,
    REJECT,
    DERIVED,
    REUSED,
    LARGE,
    STREAMS,
    SEALED,
    DECLINED,
    DECLINED_AGAIN,
    FENCED,
    SETTLED,
    SETTLED_OR_RESOLVED,
];

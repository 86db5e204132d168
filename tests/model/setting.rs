//! What one run of the checker explores: who sends what, under which policy, and how much may go
//! wrong. Every number is a bound on the state space, so each is as small as still shows the rule.

use crate::bugs::Bug;
use crate::ledger::Reader;
use onlyonce::guard::digest::Digest;
use onlyonce::guard::fingerprint::{Fingerprint, Method};
use onlyonce::guard::scope::Credential;
use onlyonce::guard::time::Millis;

/// The unit of the model's time: a copy's margin, an isolate's memory and KV's staleness are all
/// one tick, and the quarantine after an operator's forget is two.
pub const TICK: Millis = Millis::seconds(60);
pub const DEADLINE: Millis = TICK;
/// `derive_window`: the least for which a copy is made.
pub const LINGER: Millis = Millis(2 * TICK.0);
/// How far an isolate's clock is off the object's: the two differ by a second.
pub const SKEW: [i64; 2] = [-500, 500];

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub clients: [Client; 3],
    /// The retry window, in ticks.
    pub window: u64,
    /// `unknown = "resend"`.
    pub resends: bool,
    /// `in_flight = "reject"`.
    pub rejects: bool,
    /// `derive_window`, for a derived key.
    pub derived_ttl: Option<Millis>,
    /// Whether all requests pass through one isolate.
    pub one_isolate: bool,
    /// Whether the origin may answer more than the limit keeps.
    pub large_answers: bool,
    /// Whether the origin may answer with a stream.
    pub streams: bool,
    /// Whether answers are sealed before they are stored.
    pub seals: bool,
    /// Whether the origin may refuse a request for good.
    pub declines: bool,
    /// How long time goes on, in ticks.
    pub ticks: u64,
    /// How often the runtime may die.
    pub crashes: u8,
    /// How often a call from Worker to object may be made twice.
    pub duplicates: u8,
    /// How often an operator may step in.
    pub interventions: u8,
    /// How often a caller may give the key up.
    pub fences: u8,
    /// How often the origin may be asked what became of the key; never, where the policy does not say how.
    pub probes: u8,
    /// What is wrong with the guard; nothing, in the run that proves it.
    pub bug: Option<Bug>,
}

/// What a client sends, each time.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub credential: &'static str,
    pub request: &'static str,
    pub attempts: u8,
}

pub const fn client(credential: &'static str, request: &'static str, attempts: u8) -> Client {
    Client { credential, request, attempts }
}

impl Client {
    pub fn reader(&self) -> Reader {
        Reader { credential: self.credential, request: self.request }
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint { method: Method::AUTO, digest: Digest::new(self.request).finish() }
    }

    pub fn credential(&self) -> Credential {
        Credential { sources: Vec::new(), digest: Digest::new(self.credential).finish() }
    }
}

impl Setting {
    pub fn retry_window(&self) -> Millis {
        Millis(self.window * TICK.0)
    }

    /// The first client that sends what this one sends.
    pub fn first_like(&self, client: usize) -> usize {
        let reader = self.clients[client].reader();
        self.clients.iter().position(|other| other.reader() == reader).unwrap_or(client)
    }
}

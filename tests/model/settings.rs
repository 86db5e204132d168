//! The settings that are explored.

use crate::setting::{Setting, client};

const HOLD: Setting = Setting {
    name: "hold",
    clients: [client("owner", "order", 2), client("owner", "order", 1), client("stranger", "order", 1)],
    resends: false,
    rejects: false,
    linger: None,
    one_isolate: false,
    large_answers: false,
    ticks: 4,
    crashes: 1,
    duplicates: 1,
    interventions: 1,
    bug: None,
};

pub fn all() -> Vec<Setting> {
    let n = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    let mut h = HOLD;
    if let Some(v) = n("TICKS") { h.ticks = v; }
    if let Some(v) = n("CRASHES") { h.crashes = v as u8; }
    if let Some(v) = n("DUP") { h.duplicates = v as u8; }
    if let Some(v) = n("A0") { h.clients[0].attempts = v as u8; }
    if let Some(v) = n("A1") { h.clients[1].attempts = v as u8; }
    if let Some(v) = n("A2") { h.clients[2].attempts = v as u8; }
    if let Some(v) = n("ONE") { h.one_isolate = v > 0; }
    if let Some(v) = n("RESEND") { h.resends = v > 0; }
    if let Some(v) = n("OPS") { h.interventions = v as u8; }
    vec![h]
}

//! What one run explores of a shard.

use super::bugs::Bug;

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub keys: usize,
    pub places: u32,
    /// The key and the credential of each submission.
    pub submissions: &'static [(usize, &'static str)],
    /// The retry window and the end of time, in ticks.
    pub window: u64,
    pub ticks: u64,
    /// Whether answers are copied to KV.
    pub copies: bool,
    /// Whether the alarm rings while other things happen, too.
    pub rings: bool,
    pub crashes: u8,
    pub interventions: u8,
    pub bug: Option<Bug>,
}

/// More submissions than places, on keys of which two meet.
pub const PLACES: Setting = Setting {
    name: "one place",
    keys: 3,
    places: 1,
    submissions: &[(0, "owner"), (1, "owner"), (2, "owner"), (0, "stranger")],
    window: 3,
    ticks: 0,
    copies: false,
    rings: false,
    crashes: 0,
    interventions: 0,
    bug: None,
};

/// Copies of answers need a place as well.
pub const COPIES: Setting = Setting {
    name: "copies",
    submissions: &[(0, "owner"), (1, "owner"), (2, "owner")],
    copies: true,
    ..PLACES
};

/// It dies while several calls are open, and while others wait.
pub const DIES: Setting = Setting {
    name: "several calls die",
    places: 2,
    submissions: &[(0, "owner"), (1, "owner"), (2, "owner")],
    ticks: 1,
    crashes: 1,
    ..PLACES
};

/// Windows end while calls hang; what is over is purged.
pub const PURGE: Setting = Setting {
    name: "purge",
    keys: 2,
    places: 2,
    submissions: &[(0, "owner"), (1, "owner")],
    ticks: 5,
    rings: true,
    ..PLACES
};

/// An operator forgets a key whose copy cannot be deleted at once.
pub const FORGET: Setting = Setting { name: "forget", ticks: 3, interventions: 1, ..PURGE };

/// A window that is longer than a dead call may go unnoticed.
pub const WATCH: Setting = Setting { name: "watch", window: 8, ticks: 6, crashes: 1, ..PURGE };

pub const ALL: [Setting; 6] = [PLACES, COPIES, DIES, PURGE, FORGET, WATCH];

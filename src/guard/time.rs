//! Instants and durations as the rules use them: whole milliseconds, handed in by the caller.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnixMillis(pub u64);

/// A span of time in milliseconds.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl Millis {
    /// At most as many as can be counted in milliseconds.
    pub const fn seconds(seconds: u64) -> Self {
        let counted = seconds <= u64::MAX / 1000;
        Self(if counted { seconds.wrapping_mul(1000) } else { u64::MAX })
    }

    pub const fn hours(hours: u64) -> Self {
        Self::seconds(hours.saturating_mul(60 * 60))
    }

    /// Whole seconds, rounded down: the unit of `Age` (RFC 9111 section 5.1).
    pub const fn whole_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Whole seconds, rounded up and at least one: the unit of `Retry-After`
    /// (RFC 9110 section 10.2.3), which must never invite a client too early.
    pub const fn retry_after(self) -> u64 {
        let seconds = self.0.div_ceil(1000);
        if seconds == 0 { 1 } else { seconds }
    }
}

impl UnixMillis {
    pub const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub const fn minus(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Time that has passed since `earlier`; nothing where `earlier` lies ahead, as it may when
    /// two machines' clocks differ.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// The instant as an HTTP-date (RFC 9110 section 5.6.7), e.g. `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn http_date(self) -> String {
        httpdate::fmt_http_date(self.system_time())
    }

    /// The instant as RFC 3339 writes it, e.g. `1994-11-06T08:49:37.000Z`.
    pub fn rfc3339(self) -> String {
        humantime::format_rfc3339_millis(self.system_time()).to_string()
    }

    /// Neither form of a date has a fifth digit for the year, and both crates panic beyond the
    /// fourth: whatever is later is the last instant that has a date. On wasm32 a `SystemTime` can
    /// be calculated with; only the clock behind `SystemTime::now` is missing.
    fn system_time(self) -> SystemTime {
        let since_epoch = Duration::from_millis(self.0.min(LAST_DATE.0));
        UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
    }
}

/// 9999-12-31T23:59:59.999Z.
const LAST_DATE: UnixMillis = UnixMillis(253_402_300_799_999);

/// Reads an HTTP-date in any of its three forms (RFC 9110 section 5.6.7). Returns `None` if the text
/// is no date, or one before 1970.
pub fn parse_http_date(text: &str) -> Option<UnixMillis> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since_epoch.as_millis()).ok().map(UnixMillis)
}

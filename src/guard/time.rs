//! Instants and durations as the rules use them: whole milliseconds, handed in by the caller.

use super::bytes::padded;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

/// A span of time in milliseconds.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        let seconds = self.0 / 1000;
        let days = seconds / DAY_SECONDS;
        let (year, month, day) = civil_date(days);
        let weekday = WEEKDAYS.get((days % 7) as usize).copied().unwrap_or("");
        let month = MONTHS.get(month as usize).copied().unwrap_or("");
        [weekday, &padded(day, 2), month, &padded(year, 4), &clock(seconds), "GMT"].join(" ")
    }

    /// The instant as RFC 3339 writes it, e.g. `1994-11-06T08:49:37.000Z`.
    pub fn rfc3339(self) -> String {
        let seconds = self.0 / 1000;
        let (year, month, day) = civil_date(seconds / DAY_SECONDS);
        let date = [padded(year, 4), padded(month.saturating_add(1), 2), padded(day, 2)].join("-");
        [&date, "T", &clock(seconds), ".", &padded(self.0 % 1000, 3), "Z"].concat()
    }
}

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu,", "Fri,", "Sat,", "Sun,", "Mon,", "Tue,", "Wed,"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The time of the day, as in `08:49:37`.
fn clock(seconds: u64) -> String {
    [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(|part| padded(part, 2)).join(":")
}

/// Year, month (0 is January) and day of the month, counted from the days since 1970-01-01.
fn civil_date(mut days: u64) -> (u64, u64, u64) {
    let mut year: u64 = 1970;
    // Whole 400-year cycles first, so that the walk below is short whatever the instant.
    year = year.saturating_add((days / CYCLE_DAYS).saturating_mul(400));
    days %= CYCLE_DAYS;
    while days >= year_days(year) {
        days = days.saturating_sub(year_days(year));
        year = year.saturating_add(1);
    }
    let mut month = 0;
    while days >= month_days(year, month) {
        days = days.saturating_sub(month_days(year, month));
        month = month.saturating_add(1);
    }
    (year, month, days.saturating_add(1))
}

const CYCLE_DAYS: u64 = 400 * 365 + 97;

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_days(year: u64, month: u64) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

//! Instants and durations, as clients read them.

use onlyonce::guard::time::{Millis, UnixMillis, parse_http_date};

#[track_caller]
fn check(seconds: u64, date: &str) {
    assert_eq!(UnixMillis(seconds * 1000).http_date(), date);
    assert_eq!(UnixMillis(seconds * 1000 + 999).http_date(), date);
}

/// The seconds were computed apart from this program.
#[test]
fn http_dates() {
    check(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check(59, "Thu, 01 Jan 1970 00:00:59 GMT");
    check(86_399, "Thu, 01 Jan 1970 23:59:59 GMT");
    check(86_400, "Fri, 02 Jan 1970 00:00:00 GMT");
    check(31_535_999, "Thu, 31 Dec 1970 23:59:59 GMT");
    check(68_083_200, "Mon, 28 Feb 1972 00:00:00 GMT");
    check(68_169_600, "Tue, 29 Feb 1972 00:00:00 GMT");
    check(68_256_000, "Wed, 01 Mar 1972 00:00:00 GMT");
    // The example of RFC 9110 section 5.6.7.
    check(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");
    check(946_684_799, "Fri, 31 Dec 1999 23:59:59 GMT");
    check(951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check(951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT");
    check(978_220_800, "Sun, 31 Dec 2000 00:00:00 GMT");
    check(1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT");
    check(2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT");
    // 2100 is no leap year.
    check(4_107_456_000, "Sun, 28 Feb 2100 00:00:00 GMT");
    check(4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT");
    // The first day of the second 400 years.
    check(12_622_780_800, "Thu, 01 Jan 2370 00:00:00 GMT");
    check(253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/// Years have four digits in both forms; a window may end later, but must not end the Worker.
#[test]
fn what_has_no_date_is_shown_as_the_last_that_has() {
    for at in [253_402_300_799_999, 253_402_300_800_000, u64::MAX] {
        assert_eq!(UnixMillis(at).http_date(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(UnixMillis(at).rfc3339(), "9999-12-31T23:59:59.999Z");
    }
}

/// The three forms of RFC 9110 section 5.6.7, all of which an origin may send in `Retry-After`.
#[test]
fn http_dates_that_others_write() {
    let sunday = Some(UnixMillis(784_111_777_000));
    assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), sunday);
    assert_eq!(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), sunday);
    assert_eq!(parse_http_date("Sun Nov  6 08:49:37 1994"), sunday);
    let last = parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(last, Some(UnixMillis(253_402_300_799_000)));
    for text in [
        "",
        "120",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 10000 00:00:00 GMT",
    ] {
        assert_eq!(parse_http_date(text), None, "{text}");
    }
}

#[track_caller]
fn seconds(span: Millis, age: u64, retry_after: u64) {
    assert_eq!((span.whole_seconds(), span.retry_after()), (age, retry_after), "{span:?}");
}

#[test]
fn age_rounds_down_and_retry_after_up() {
    seconds(Millis(0), 0, 1);
    seconds(Millis(1), 0, 1);
    seconds(Millis(999), 0, 1);
    seconds(Millis(1000), 1, 1);
    seconds(Millis(1001), 1, 2);
    seconds(Millis(1999), 1, 2);
    seconds(Millis(2000), 2, 2);
    seconds(Millis::hours(24), 24 * 60 * 60, 24 * 60 * 60);
}

#[test]
fn sums_stop_at_their_ends() {
    assert_eq!(UnixMillis(5).plus(Millis(6)), UnixMillis(11));
    assert_eq!(UnixMillis(6).minus(Millis(5)), UnixMillis(1));
    assert_eq!(UnixMillis(5).minus(Millis(6)), UnixMillis(0));
    assert_eq!(UnixMillis(u64::MAX).plus(Millis(1)), UnixMillis(u64::MAX));
    assert_eq!(UnixMillis(11).since(UnixMillis(5)), Millis(6));
    assert_eq!(UnixMillis(5).since(UnixMillis(11)), Millis(0));
    assert_eq!(Millis::seconds(u64::MAX), Millis(u64::MAX));
    assert_eq!(Millis::hours(u64::MAX), Millis(u64::MAX));
}

#[test]
fn instants_as_rfc_3339() {
    for (at, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (784_111_777_007, "1994-11-06T08:49:37.007Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(UnixMillis(at).rfc3339(), text);
    }
}

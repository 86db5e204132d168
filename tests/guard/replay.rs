//! When a copy may be shown, how long it lives, and what is kept of an answer.

mod marks;

use crate::fixtures::{
    CLAIMED_AT, SINCE, answer, claim, credential, fingerprint, headers, not_kept,
};
use onlyonce::guard::fingerprint::Fingerprint;
use onlyonce::guard::record::{Answer, Body, Claim, Outcome, Reason, Record};
use onlyonce::guard::replay::{
    COPY_MARGIN, copy_lifetime, kept_headers, may_replay, reason_phrase, shown_headers,
};
use onlyonce::guard::source::Unreadable;
use onlyonce::guard::time::{Millis, UnixMillis};

const TICK: Millis = Millis(1);

fn done(answer: Answer) -> Record {
    Record::Done { claim: claim("c1"), answer }
}

fn copy() -> Record {
    done(answer(201, "created"))
}

/// The last instant at which the fixture's copy may be shown is just before this one.
fn margin() -> UnixMillis {
    claim("c1").window_ends_at.minus(COPY_MARGIN)
}

#[track_caller]
fn check(copy: &Record, request: &str, who: &str, now: UnixMillis, expected: bool) {
    let proven = may_replay(copy, |_| Ok(fingerprint(request)), |_| Ok(credential(who)), now);
    assert_eq!(proven, expected, "{request} of {who} at {now:?}: {copy:?}");
}

#[test]
fn a_copy_that_fits_is_shown() {
    let rows = Body::Rows { attempt: 1, rows: 2, length: 2_000_000 };
    for copy in [
        copy(),
        done(answer(303, "")),
        done(answer(399, "")),
        done(Answer { body: rows, ..answer(200, "") }),
    ] {
        check(&copy, "order", "owner", CLAIMED_AT, true);
    }
}

#[test]
fn only_a_final_answer_whose_body_was_kept() {
    let held = Outcome::new(Reason::ServerError, Some(answer(500, "oops")), SINCE);
    for record in [
        Record::Vacant,
        Record::InFlight { claim: claim("c1"), previous: None },
        Record::InFlight { claim: claim("c1"), previous: Some(held.clone()) },
        Record::Unknown { claim: claim("c1"), outcome: held },
        done(not_kept(200)),
        // It binds only who was refused: another credential may have superseded it.
        done(answer(400, "")),
        done(answer(499, "")),
    ] {
        check(&record, "order", "owner", CLAIMED_AT, false);
    }
}

#[test]
fn only_the_same_request_of_the_same_credential() {
    check(&copy(), "other order", "owner", CLAIMED_AT, false);
    check(&copy(), "order", "stranger", CLAIMED_AT, false);
    check(&copy(), "other order", "stranger", CLAIMED_AT, false);
}

#[test]
fn only_with_more_than_a_minute_to_live() {
    assert_eq!(COPY_MARGIN, Millis::seconds(60));
    check(&copy(), "order", "owner", margin().minus(TICK), true);
    check(&copy(), "order", "owner", margin(), false);
    check(&copy(), "order", "owner", claim("c1").window_ends_at, false);
    check(&copy(), "order", "owner", UnixMillis(u64::MAX), false);
    check(&copy(), "order", "owner", UnixMillis(0), true);
}

/// A later policy does not change how a living record is compared.
#[test]
fn the_records_own_method_and_sources_are_used() {
    let record = claim("c1");
    let proven = may_replay(
        &copy(),
        |method| {
            assert_eq!(*method, record.fingerprint.method);
            Ok(fingerprint("order"))
        },
        |sources| {
            assert_eq!(sources, record.credential.sources);
            Ok(credential("owner"))
        },
        CLAIMED_AT,
    );
    assert!(proven);
}

/// Hashing a body costs: it is not done for a copy that is of no use anyway.
#[test]
fn the_fingerprint_is_made_last() {
    let never = |_: &_| -> Result<Fingerprint, Unreadable> { panic!("made") };
    assert!(!may_replay(&copy(), never, |_| Ok(credential("stranger")), CLAIMED_AT));
    assert!(!may_replay(&copy(), never, |_| Ok(credential("owner")), margin()));
    assert!(!may_replay(&done(not_kept(200)), never, |_| Ok(credential("owner")), CLAIMED_AT));
}

#[track_caller]
fn lives(window: Millis, passed: Millis, expected: Option<Millis>) {
    let claim = Claim { window_ends_at: CLAIMED_AT.plus(window), ..claim("c1") };
    let copy = Record::Done { claim, answer: answer(201, "created") };
    assert_eq!(copy_lifetime(&copy, CLAIMED_AT.plus(passed)), expected, "{window:?} {passed:?}");
}

#[test]
fn how_long_a_copy_lives() {
    let (day, minute) = (Millis::hours(24), Millis::seconds(60));
    lives(day, Millis(0), Some(Millis::seconds(24 * 60 * 60 - 60)));
    lives(day, Millis::hours(23), Some(Millis::seconds(59 * 60)));
    lives(Millis::seconds(120), Millis(0), Some(minute));
    lives(Millis::seconds(120), TICK, None);
    lives(Millis::seconds(119), Millis(0), None);
    lives(minute, Millis(0), None);
    lives(Millis(0), Millis(0), None);
    lives(day, Millis::hours(25), None);
}

/// A derived key's record may end long before its window, and its copy ends before that.
#[test]
fn a_copy_ends_before_a_derived_record() {
    let derived = |derived_ttl| Claim {
        derived_ttl: Some(Millis::seconds(derived_ttl)),
        answered_at: Some(CLAIMED_AT),
        ..claim("c1")
    };
    let copy =
        |derived_ttl| Record::Done { claim: derived(derived_ttl), answer: answer(201, "created") };
    assert_eq!(copy_lifetime(&copy(10), CLAIMED_AT), None);
    assert_eq!(copy_lifetime(&copy(119), CLAIMED_AT), None);
    assert_eq!(copy_lifetime(&copy(300), CLAIMED_AT), Some(Millis::seconds(240)));
    let copy = copy(300);
    let last = CLAIMED_AT.plus(Millis::seconds(240));
    check(&copy, "order", "owner", last.minus(TICK), true);
    check(&copy, "order", "owner", last, false);
}

/// What another credential may supersede is not copied at all.
#[test]
fn a_refusal_has_no_copy() {
    for (status, expected) in [(201, true), (399, true), (400, false), (404, false), (499, false)] {
        let lifetime = copy_lifetime(&done(answer(status, "")), CLAIMED_AT);
        assert_eq!(lifetime.is_some(), expected, "{status}");
    }
    assert_eq!(copy_lifetime(&done(not_kept(200)), CLAIMED_AT), None);
    assert_eq!(copy_lifetime(&Record::Vacant, CLAIMED_AT), None);
}

#[track_caller]
fn shown<const N: usize, const M: usize>(given: [(&str, &str); N], expected: [(&str, &str); M]) {
    assert_eq!(shown_headers(headers(given)), headers(expected));
}

#[test]
fn headers_that_are_shown() {
    let all = [
        ("content-type", "text/plain"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("location", "/orders/1"),
        ("etag", "\"x\""),
        ("age", "3"),
        ("content-encoding", "gzip"),
        ("idempotency-key", "\"another\""),
        ("content-range", "bytes 0-1/2"),
    ];
    shown(all, all);
    shown([("Content-Type", "Text/Plain")], [("content-type", "Text/Plain")]);
    shown([], []);
}

#[test]
fn headers_that_belong_to_one_connection_are_not_shown() {
    shown(
        [
            ("connection", "close, X-Hop"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "close"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-hop", "1"),
            ("x-stays", "1"),
        ],
        [("x-stays", "1")],
    );
    // Names count regardless of case, `Connection` itself included.
    shown([("X-Hop", "1"), ("CONNECTION", "x-HOP"), ("Keep-Alive", "5")], []);
}

#[test]
fn headers_that_are_made_anew_are_not_shown() {
    shown([("content-length", "5"), ("etag", "x")], [("etag", "x")]);
    shown([("idempotency-replayed", "true"), ("Idempotent-Replayed", "true")], []);
}

#[track_caller]
fn kept<const N: usize, const M: usize>(
    given: [(&str, &str); N],
    replay_set_cookie: bool,
    expected: [(&str, &str); M],
) {
    assert_eq!(kept_headers(headers(given), replay_set_cookie), headers(expected));
}

#[test]
fn what_is_personal_is_kept_only_where_the_policy_says_so() {
    let personal = [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("set-cookie2", "a=1"),
        ("clear-site-data", "\"*\""),
        ("authorization", "Bearer x"),
        ("authentication-info", "nextnonce=x"),
        ("proxy-authentication-info", "nextnonce=x"),
        ("www-authenticate", "Basic"),
        ("proxy-authenticate", "Basic"),
        ("x-csrf-token", "x"),
        ("x-xsrf-token", "x"),
    ];
    kept(personal, false, []);
    kept(personal, true, personal);
    let others = [("cookie", "c"), ("x-token", "x"), ("etag", "x"), ("location", "/orders/1")];
    kept(others, false, others);
}

/// A replacement character stands for a byte that nobody can say any more.
#[test]
fn what_is_no_text_is_not_kept() {
    let lines =
        [("content-disposition", "attachment; filename=\"r\u{fffd}sum\u{fffd}\""), ("x", "é")];
    for replay_set_cookie in [false, true] {
        kept(lines, replay_set_cookie, [("x", "é")]);
    }
}

#[test]
fn reason_phrases() {
    for phrase in ["", "Made It", "Créé", "~"] {
        assert_eq!(reason_phrase(phrase.into()).as_deref(), Some(phrase));
    }
    for phrase in ["Made\tIt", "a\r\nb", "\0", "Cr\u{fffd}"] {
        assert_eq!(reason_phrase(phrase.into()), None, "{phrase:?}");
    }
}

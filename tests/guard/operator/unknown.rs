//! The list of unknown outcomes: what is asked, what a shard gives, and what the pages add up to.

use super::parsed;
use crate::fixtures::{CLAIMED_AT, NONE_OPEN, SINCE, answer, claim};
use onlyonce::guard::machine::InMemoryState;
use onlyonce::guard::operator::{
    AdminError, AdminRequest, Cursor, ListError, MAX_READ, Position, ShardPage, UnknownEntry,
    UnknownPage, UnknownQuery, shards_of_page,
};
use onlyonce::guard::policy::{Policy, Sharding};
use onlyonce::guard::record::{Outcome, Reason, Record};
use onlyonce::guard::rpc::RpcError;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};
use serde_json::json;

const NOW: UnixMillis = CLAIMED_AT.plus(Millis::hours(1));

fn query(text: &str) -> UnknownQuery {
    UnknownQuery::parse(text).expect(text)
}

fn record(number: u64) -> RecordId {
    format!("{number:064x}").parse().expect("an id")
}

fn position(number: u64) -> Position {
    Position { claimed_at: CLAIMED_AT.plus(Millis(number / 3)), record: record(number) }
}

fn entry(number: u64) -> UnknownEntry {
    let outcome = Outcome::new(Reason::Restarted, None, SINCE);
    let mut claim = claim("c1");
    claim.claimed_at = position(number).claimed_at;
    claim.route = if number.is_multiple_of(100) { "/rare".into() } else { "/orders".into() };
    let record = Record::Unknown { claim, outcome };
    UnknownEntry::of(&position(number).record, &record, NONE_OPEN, None).expect("unknown")
}

#[test]
fn it_is_asked_for_by_route_age_and_reason() {
    let read =
        query("route=%2Fpayments%2F**&reason=server-error&older_than=15m&newer_than=2d&limit=7");
    assert_eq!(read.route.as_deref(), Some("/payments/**"));
    assert_eq!(read.reason.as_deref(), Some("server-error"));
    assert_eq!(read.older_than, Some(Millis::seconds(15 * 60)));
    assert_eq!(read.newer_than, Some(Millis::hours(48)));
    assert_eq!(read.limit, 7);
    assert_eq!(query("").after, Cursor::default());
    for (text, error) in [
        ("rout=/a", ListError::UnknownMember("rout".into())),
        ("reason=lost", ListError::Reason("lost".into())),
        ("older_than=soon", ListError::Age("soon".into())),
        ("newer_than=9999d", ListError::Age("9999d".into())),
        ("limit=0", ListError::Limit("0".into())),
        ("limit=201", ListError::Limit("201".into())),
        ("after=1.2", ListError::After("1.2".into())),
        ("after=x", ListError::After("x".into())),
    ] {
        assert_eq!(UnknownQuery::parse(text), Err(error));
    }
    let get = |query| AdminRequest::parse("GET", "/.onlyonce/unknown", query);
    assert_eq!(get("limit=7"), Ok(AdminRequest::Unknown(query("limit=7"))));
    assert!(matches!(get("limit=x"), Err(AdminError::List(_))));
    let deleted = AdminRequest::parse("DELETE", "/.onlyonce/unknown", "");
    assert_eq!(deleted, Err(AdminError::MethodNotAllowed));
}

#[test]
fn a_cursor_is_read_as_it_is_written() {
    for cursor in [
        Cursor::default(),
        Cursor { first_shard: 256, position: None },
        Cursor { first_shard: 512, position: Some(position(77)) },
    ] {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!(query(&format!("after={cursor}")).after, cursor);
    }
}

#[test]
fn an_entry_tells_what_settles_it() {
    let outcome = Outcome::new(Reason::ServerError, Some(answer(503, "no")), SINCE);
    let record_503 = Record::Unknown { claim: claim("c1"), outcome };
    let open = InMemoryState { open_calls: &[1], ..NONE_OPEN };
    let entry = UnknownEntry::of(&record(1), &record_503, open, None).expect("unknown");
    let shard = ShardPage { entries: vec![entry], reached: None };
    let page = UnknownPage::join(&query(""), vec![shard], vec!["shard/01".into()], None);
    let expected = json!({
        "unknown": [{
            "record": record(1).to_string(), "claim": "63310000000000000000000000000000",
            "attempt": 1, "method": "POST", "route": "/orders", "reason": "server-error",
            "status": 503, "claimed_at": "2027-01-15T08:00:00.000Z",
            "expires_at": "2027-01-16T08:00:00.000Z",
            "unknown_since": "2027-01-15T08:00:09.000Z", "call_open": true,
        }],
        "unreachable": ["shard/01"],
    });
    assert_eq!(parsed(&page.to_json()), expected);
}

#[test]
fn what_is_known_is_no_entry() {
    let done = Record::Done { claim: claim("c1"), answer: answer(201, "") };
    let sent = Record::InFlight { claim: claim("c1"), previous: None };
    let resent = Record::InFlight {
        claim: claim("c1"),
        previous: Some(Outcome::new(Reason::Restarted, None, SINCE)),
    };
    for (record_there, is_entry) in
        [(done, false), (sent, false), (Record::Vacant, false), (resent, true)]
    {
        let entry = UnknownEntry::of(&record(1), &record_there, NONE_OPEN, None);
        assert_eq!(entry.is_some(), is_entry, "{record_there:?}");
    }
}

#[test]
fn a_shards_page_is_read_as_it_is_written() {
    let page = ShardPage { entries: vec![entry(1), entry(2)], reached: Some(position(1)) };
    assert_eq!(ShardPage::decode(&page.encode()), Ok(page));
    assert_eq!(ShardPage::decode(b""), Err(RpcError::Truncated));
}

/// What a shard that holds these numbers gives for a page.
fn ask(query: &UnknownQuery, held: &[u64]) -> ShardPage {
    let mut positions: Vec<Position> = held.iter().map(|number| position(*number)).collect();
    positions.sort_by(|a, b| b.cmp(a));
    let after = query.after.position;
    let left = positions.into_iter().filter(|at| after.is_none_or(|after| *at < after));
    let mut read = 0;
    let page = ShardPage::collect(query, left.take(MAX_READ), NOW, |at| {
        read += 1;
        held.iter().copied().find(|number| position(*number) == *at).map(entry)
    });
    assert!(read <= MAX_READ);
    page
}

/// Turns pages to the last, and returns what stood on them.
fn turn(filters: &str, shards: &[Vec<u64>]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut asked = filters.to_owned();
    for _ in 0..10_000 {
        let query = query(&asked);
        let pages = shards.iter().map(|held| ask(&query, held)).collect();
        let page = parsed(&UnknownPage::join(&query, pages, Vec::new(), None).to_json());
        let entries = page["unknown"].as_array().expect("a list");
        assert!(entries.len() <= query.limit);
        shown.extend(
            entries.iter().map(|entry| entry["record"].as_str().expect("an id").to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => asked = format!("{filters}&after={next}"),
            None => return shown,
        }
    }
    panic!("the pages do not end");
}

/// Whatever the shards hold, and however far each of them looks for one page.
#[test]
fn pages_add_up_to_everything_once_and_the_newest_first() {
    let spread = |shards: u64, most: u64| -> Vec<Vec<u64>> {
        (0..shards).map(|shard| (0..most).filter(|n| (n * n) % shards == shard).collect()).collect()
    };
    for shards in [vec![], vec![vec![]], spread(1, 1_200), spread(3, 900), spread(7, 600)] {
        let mut all: Vec<u64> = shards.iter().flatten().copied().collect();
        all.sort_by_key(|number| std::cmp::Reverse(position(*number)));
        let ids = |numbers: &[u64]| -> Vec<String> {
            numbers.iter().map(|number| record(*number).to_string()).collect()
        };
        for limit in ["limit=200", "limit=7"] {
            assert_eq!(turn(limit, &shards), ids(&all), "{limit}");
        }
        let rare: Vec<u64> = all.iter().copied().filter(|n| n.is_multiple_of(100)).collect();
        for limit in ["limit=200", "limit=3"] {
            assert_eq!(turn(&format!("route=/rare&{limit}"), &shards), ids(&rare), "{limit}");
        }
    }
}

#[test]
fn ages_count_from_the_claim() {
    let held = [(0..9).collect()];
    let age = |number: u64| NOW.since(position(number).claimed_at);
    assert!(age(0) > age(8));
    assert_eq!(turn("older_than=60m", &held).len(), 3);
    assert_eq!(turn("newer_than=60m", &held).len(), 9);
    assert_eq!(turn("older_than=61m", &held).len(), 0);
}

fn sharding(policy: &str) -> Sharding {
    Policy::parse(policy).expect(policy).sharding
}

/// A page asks at most 256 shards; while their number is being changed, those of before as well.
#[test]
fn every_shard_is_asked_on_some_page() {
    for (policy, count) in [
        (r#"{"shards": 1}"#, 1),
        ("{}", 256_usize),
        (r#"{"shards": 1024}"#, 1024),
        (r#"{"shards": 256, "shards_before": 64}"#, 320),
    ] {
        let sharding = sharding(policy);
        let (mut asked, mut pages) = (Vec::new(), 1);
        let mut first = UnknownQuery { after: Cursor::default(), ..query("") };
        loop {
            let (names, next) = shards_of_page(&sharding, first.after.first_shard);
            assert!(names.len() <= 256);
            asked.extend(names);
            let Some(next) = next else { break };
            first.after = Cursor { first_shard: next, position: None };
            pages += 1;
        }
        asked.sort();
        asked.dedup();
        assert_eq!((asked.len(), pages), (count, count.div_ceil(256)), "{policy}");
    }
}

//! What became of the last hour's operations: what a shard counts, and what the shards add up to.

use super::parsed;
use crate::fixtures::{CLAIMED_AT, answer, claim};
use onlyonce::guard::operator::{
    AdminError, AdminRequest, HeldRecord, ListError, OutcomesPage, OutcomesQuery, ShardOutcomes,
};
use onlyonce::guard::record::{Answer, AnswerSource, Claim, Outcome, Reason, Record};
use onlyonce::guard::rpc::RpcError;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::seen::DuplicateCounts;
use onlyonce::guard::shard::retention::Bucket;
use onlyonce::guard::time::{Millis, UnixMillis};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: UnixMillis = CLAIMED_AT.plus(Millis::hours(1));

fn held(number: u64, record: Record) -> HeldRecord {
    let id: RecordId = format!("{number:064x}").parse().expect("an id");
    HeldRecord { id, record, seen: DuplicateCounts::default() }
}

fn on(route: &str) -> Claim {
    Claim { route: route.into(), ..claim("c1") }
}

fn done(status: u16) -> Record {
    Record::Done { claim: on("/orders"), answer: answer(status, "") }
}

/// A shard with these records in these buckets, each read in the order of the ids.
fn collect(buckets: &BTreeMap<u64, Vec<HeldRecord>>) -> (ShardOutcomes, usize) {
    let (mut read, mut at_once) = (0, 0);
    let names: Vec<Bucket> = buckets.keys().map(|end| Bucket(UnixMillis(*end))).collect();
    let found = ShardOutcomes::collect(&names, NOW, |bucket, after, most| {
        let rows = buckets.get(&bucket.ends_at().0).expect("a bucket that is there");
        let behind = rows.iter().filter(|row| after.is_none_or(|after| row.id > *after));
        let rows: Vec<HeldRecord> = behind.take(most).cloned().collect();
        read += rows.len();
        at_once = at_once.max(rows.len());
        Ok::<_, ()>(rows)
    });
    assert!(read <= 1000 && at_once <= 16, "{read} read, {at_once} at once");
    (found.expect("nothing fails"), read)
}

fn page(shards: &[ShardOutcomes]) -> Value {
    parsed(&OutcomesPage::join(shards, Vec::new(), None, NOW).to_json())
}

fn one_bucket(rows: Vec<HeldRecord>) -> ShardOutcomes {
    collect(&BTreeMap::from([(NOW.0 + 1, rows)])).0
}

#[test]
fn it_is_asked_for_in_pages_of_shards() {
    assert_eq!(OutcomesQuery::parse(""), Ok(OutcomesQuery::default()));
    assert_eq!(OutcomesQuery::parse("after=256"), Ok(OutcomesQuery { first_shard: 256 }));
    for (text, error) in [
        ("route=/a", ListError::OnlyAfter("route".into())),
        ("after=", ListError::After(String::new())),
        ("after=-1", ListError::After("-1".into())),
        ("after=x", ListError::After("x".into())),
    ] {
        assert_eq!(OutcomesQuery::parse(text), Err(error));
    }
    let asked = |method, query| AdminRequest::parse(method, "/.onlyonce/outcomes", query);
    let expected = AdminRequest::Outcomes(OutcomesQuery { first_shard: 256 });
    assert_eq!(asked("GET", "after=256"), Ok(expected));
    assert_eq!(asked("POST", ""), Err(AdminError::MethodNotAllowed));
}

#[test]
fn each_operation_counts_once_by_what_became_of_it() {
    let unknown = Outcome::new(Reason::ServerError, Some(answer(503, "no")), CLAIMED_AT);
    let resolved = Answer { source: AnswerSource::Operator, ..answer(201, "") };
    let settled = Answer { source: AnswerSource::Settled, ..answer(200, "") };
    let sent_again =
        Record::InFlight { claim: on("/payments/**"), previous: Some(unknown.clone()) };
    let records = [
        done(200),
        done(201),
        done(303),
        done(422),
        Record::Done { claim: on("/orders"), answer: resolved },
        Record::Done { claim: on("/orders"), answer: settled },
        Record::Unknown { claim: on("/payments/**"), outcome: unknown },
        sent_again,
        Record::InFlight { claim: on("/orders"), previous: None },
        // These tell of no operation.
        Record::Vacant,
        Record::Forgotten { until: None },
        Record::Fenced { until: NOW },
    ];
    let rows = (1..).zip(records).map(|(number, record)| held(number, record)).collect();
    let expected = json!({
        "since": "2027-01-15T08:00:00.000Z",
        "routes": [
            { "route": "/orders", "2xx": 2, "3xx": 1, "4xx": 1, "resolved": 1, "settled": 1,
              "in-flight": 1 },
            { "route": "/payments/**", "unknown": 2 },
        ],
        "records_read": 12,
        "complete": true,
    });
    assert_eq!(page(&[one_bucket(rows)]), expected);
}

#[test]
fn only_the_last_hour_counts() {
    let claimed_at = |at: UnixMillis| {
        let claim = Claim { claimed_at: at, ..on("/orders") };
        Record::Done { claim, answer: answer(200, "") }
    };
    let rows = vec![
        held(1, claimed_at(CLAIMED_AT)),
        held(2, claimed_at(CLAIMED_AT.minus(Millis(1)))),
        held(3, claimed_at(NOW)),
    ];
    assert_eq!(page(&[one_bucket(rows)])["routes"], json!([{ "route": "/orders", "2xx": 2 }]));
}

#[test]
fn duplicates_are_those_that_the_shard_has_seen() {
    let seen = |joined, replayed, refused| DuplicateCounts { joined, replayed, refused };
    let row = |number, seen| HeldRecord { seen, ..held(number, done(201)) };
    let shards = [
        one_bucket(vec![row(1, seen(1, 2, 0)), row(2, seen(3, 0, 0))]),
        one_bucket(vec![row(3, seen(0, 4, 5))]),
    ];
    let expected =
        json!({ "route": "/orders", "2xx": 3, "joined": 4, "replayed": 6, "refused": 5 });
    assert_eq!(page(&shards)["routes"][0], expected);
}

/// A shard reads 100 records of a bucket and 1,000 in all: what is in flight first, then what ends last.
#[test]
fn what_a_shard_reads_is_bounded() {
    let bucket = |from: u64, count: u64, status| -> Vec<HeldRecord> {
        (from..from + count).map(|number| held(number, done(status))).collect()
    };
    let (found, read) = collect(&BTreeMap::from([(NOW.0, bucket(0, 99, 200))]));
    assert_eq!((read, &page(&[found])["complete"]), (99, &json!(true)));

    let (found, read) = collect(&BTreeMap::from([(NOW.0, bucket(0, 300, 200))]));
    assert_eq!((read, &page(&[found])["complete"]), (100, &json!(false)));

    let mut buckets: BTreeMap<u64, Vec<HeldRecord>> =
        (1..=20).map(|hour| (NOW.0 + hour, bucket(hour * 1000, 200, 200))).collect();
    buckets.insert(NOW.0 + 21, bucket(90_000, 7, 303));
    let in_flight = Record::InFlight { claim: on("/orders"), previous: None };
    buckets.insert(0, vec![held(99_999, in_flight)]);
    let (found, read) = collect(&buckets);
    assert_eq!(read, 1000);
    let page = page(&[found]);
    assert_eq!(
        page["routes"][0],
        json!({ "route": "/orders", "2xx": 992, "3xx": 7, "in-flight": 1 })
    );
    assert_eq!((&page["records_read"], &page["complete"]), (&json!(1000), &json!(false)));
}

#[test]
fn the_pages_tell_what_is_missing() {
    let shard = one_bucket(vec![held(1, done(201))]);
    let page = OutcomesPage::join(&[shard], vec!["shard/01".into()], Some(256), NOW);
    let page = parsed(&page.to_json());
    assert_eq!(page["unreachable"], json!(["shard/01"]));
    assert_eq!(page["next"], json!("256"));
}

#[test]
fn what_a_shard_counted_is_read_as_it_is_written() {
    let found = one_bucket(vec![held(1, done(201)), held(2, done(404))]);
    assert_eq!(ShardOutcomes::decode(&found.encode()), Ok(found));
    assert_eq!(ShardOutcomes::decode(b"{}"), Err(RpcError::Truncated));
}

/// A row that cannot be read ends it: half a count would pass for the whole.
#[test]
fn a_failure_of_the_storage_is_told() {
    let failed = ShardOutcomes::collect(&[Bucket(NOW)], NOW, |_, _, _| Err("no storage"));
    assert_eq!(failed, Err("no storage"));
}

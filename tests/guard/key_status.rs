//! What a caller is told of its own key, and what Worker and shard say to each other about it.

use crate::fixtures::{CLAIMED_AT, SINCE, answer, claim};
use onlyonce::guard::key_status::{
    KeyQuestion, KeyReply, KeyState, KeyStatus, asked_path, fence_line,
};
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::record::{Outcome, Reason, Record};
use onlyonce::guard::rpc::RpcError;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};

fn record_id() -> RecordId {
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff".parse().expect("an id")
}

#[test]
fn a_question_names_a_path() {
    for (query, path) in [
        ("path=/payments", Some("/payments")),
        ("a=b&path=%2Fpayments%3Fa%3D1%26b%3D2", Some("/payments?a=1&b=2")),
        ("path=payments", None),
        ("path=https://evil.example.com/", None),
        ("path=%FF", None),
        ("path=", None),
        ("", None),
        ("xpath=/a", None),
    ] {
        assert_eq!(asked_path(query).as_deref(), path, "{query}");
    }
}

#[test]
fn every_state_is_told() {
    let outcome = Outcome::new(Reason::Restarted, None, SINCE);
    let claim = || claim("c1");
    for (record, state, status, expires) in [
        (Record::Vacant, "absent", None, None),
        (Record::Moved { until: CLAIMED_AT }, "absent", None, None),
        (Record::InFlight { claim: claim(), previous: None }, "in-progress", None, Some("16")),
        (Record::Forgotten { until: None }, "in-progress", None, None),
        (Record::Done { claim: claim(), answer: answer(201, "x") }, "done", Some(201), Some("16")),
        (Record::Unknown { claim: claim(), outcome }, "unknown", None, Some("16")),
        (Record::Fenced { until: CLAIMED_AT }, "fenced", None, Some("15")),
    ] {
        let document = KeyStatus::of(&record).document(&record_id());
        let told: Value = serde_json::from_str(&document).expect("JSON");
        let mut expected = json!({ "state": state, "record": record_id().to_string() });
        if let Some(status) = status {
            expected["status"] = json!(status);
        }
        if let Some(day) = expires {
            expected["expires_at"] = json!(format!("2027-01-{day}T08:00:00.000Z"));
        }
        assert_eq!(told, expected);
    }
}

#[test]
fn what_is_said_is_read_as_it_was_written() {
    for fence in [None, Some(Millis::hours(24))] {
        let question = KeyQuestion { record: record_id(), fence, known_only: fence.is_some() };
        assert_eq!(KeyQuestion::decode(&question.encode()), Ok(question));
    }
    let status =
        KeyStatus { state: KeyState::Done, expires_at: Some(CLAIMED_AT), status: Some(201) };
    for reply in [
        KeyReply::Told(status),
        KeyReply::Moved,
        KeyReply::Refused(Refusal::InProgress { retry_after: Millis(2000) }),
        KeyReply::Unusable("it does not decode".into()),
    ] {
        assert_eq!(KeyReply::decode(&reply.encode()), Ok(reply));
    }
    assert_eq!(KeyQuestion::decode(b"{}"), Err(RpcError::Truncated));
    assert_eq!(KeyReply::decode(&[0; 4]), Err(RpcError::Protocol(0)));
}

#[test]
fn the_line_holds_neither_key_nor_path() {
    let id = record_id().to_string();
    let expected =
        format!(r#"{{"outcome":"fenced","route":"/orders/**","record":"{}"}}"#, &id[..16]);
    assert_eq!(fence_line("/orders/**", &record_id()), expected);
}

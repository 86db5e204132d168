//! What an operator asks of a record, and what that does to its key.

mod resolve;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came};
use crate::storage::{files_with, wait_for_copy};

const TOKEN: &str = "operator-token-0123456789";
/// The base64 of `{"order":1}`.
const ORDER_1: &str = "eyJvcmRlciI6MX0=";

fn guard() -> Guard {
    Guard::sharing(at_origin(true).var("ADMIN_TOKEN", TOKEN))
}

fn own_guard(kv: bool) -> Guard {
    Guard::with(at_origin(kv).var("ADMIN_TOKEN", TOKEN))
}

#[track_caller]
fn ask(guard: &Guard, method: &str, path: &str) -> Answer {
    ask_with(guard, method, path, "")
}

#[track_caller]
fn ask_with(guard: &Guard, method: &str, path: &str, body: &str) -> Answer {
    let call = Call::new(method, &format!("/.onlyonce/{path}"));
    guard.send(&call.authorization(&format!("Bearer {TOKEN}")).json(body))
}

/// The JSON of an answer with this status.
#[track_caller]
fn told(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_slice(&answer.body).expect("JSON")
}

#[track_caller]
fn record(guard: &Guard, id: &str) -> Value {
    told(&ask(guard, "GET", &format!("records/{id}")), 200)
}

/// Sends the order, and returns its answer and its record's id.
#[track_caller]
fn first(guard: &Guard) -> (Answer, String) {
    let answer = guard.send(&guard.order());
    let (how, id) = came(&answer);
    assert_eq!(how, Came::First);
    (answer, id)
}

/// The id that a refusal names.
fn refused_record(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.body).expect("a problem");
    let instance = problem["instance"].as_str().expect("an instance");
    instance.strip_prefix("/.onlyonce/records/").expect("the record's path").to_owned()
}

/// The origin broke the connection, so nobody knows; returns the record's id.
#[track_caller]
fn unknown(guard: &Guard) -> String {
    let answer = guard.send(&guard.order());
    problem::check(&answer, "outcome-unknown");
    refused_record(&answer)
}

#[test]
fn an_operator_shows_the_token_or_learns_nothing() {
    let guard = guard();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let (_, id) = first(&guard);
    let wrong = [
        None,
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(TOKEN.to_owned()),
        Some(format!("Basic {TOKEN}")),
        Some(format!("Bearer {TOKEN}x")),
        Some(format!("Bearer {}", &TOKEN[1..])),
        Some(format!("Bearer {}", TOKEN.to_uppercase())),
    ];
    for authorization in wrong {
        for (method, path) in [
            ("GET", format!("records/{id}")),
            ("DELETE", format!("records/{id}")),
            ("POST", format!("records/{id}/resolve")),
            ("POST", "find".to_owned()),
            ("GET", "nothing-here".to_owned()),
        ] {
            let call = Call::new(method, &format!("/.onlyonce/{path}"));
            let call = match &authorization {
                Some(value) => call.authorization(value),
                None => call,
            };
            let answer = guard.send(&call);
            assert_eq!(told(&answer, 401)["error"], "unauthorised", "{authorization:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(record(&guard, &id)["state"], "done", "nobody has forgotten it");
    let call = Call::get(&format!("/.onlyonce/records/{id}"));
    let answer = guard.send(&call.authorization(&format!("bearer   {TOKEN} ")));
    assert_eq!(told(&answer, 200)["state"], "done");
}

#[test]
fn without_a_token_configured_there_is_no_operator() {
    let guard = Guard::shared(true);
    for (method, path) in [("GET", "records/x"), ("POST", "find"), ("DELETE", "records/x")] {
        for token in ["", TOKEN, "undefined", "null"] {
            let call = Call::new(method, &format!("/.onlyonce/{path}"));
            let answer = guard.send(&call.authorization(&format!("Bearer {token}")));
            assert_eq!(answer.status, 404);
        }
    }
    let empty = Guard::with(at_origin(false).var("ADMIN_TOKEN", ""));
    let call = Call::get("/.onlyonce/records/x").authorization("Bearer ");
    assert_eq!(empty.send(&call).status, 404);
}

#[test]
fn a_question_that_is_none_is_told_why() {
    let guard = guard();
    let id = "0".repeat(64);
    for (method, path, body, status, error) in [
        ("GET", "nothing-here", "", 404, "not-found"),
        ("GET", "records/", "", 400, "record-id-invalid"),
        ("GET", &format!("records/{}", &id[1..]), "", 400, "record-id-invalid"),
        ("GET", &format!("records/{}Z", &id[1..]), "", 400, "record-id-invalid"),
        ("PUT", &format!("records/{id}"), "", 405, "method-not-allowed"),
        ("GET", &format!("records/{id}/resolve"), "", 405, "method-not-allowed"),
        ("GET", "find", "", 405, "method-not-allowed"),
        ("POST", "find", "", 400, "question-invalid"),
        ("POST", "find", "[]", 400, "question-invalid"),
        ("POST", "find", r#"{"realm":7,"key":"k"}"#, 400, "question-invalid"),
        ("POST", "find", r#"{"key":""}"#, 400, "question-invalid"),
        ("POST", "find", r#"{"key":"k","scop":{}}"#, 400, "question-invalid"),
        ("POST", "find", r#"{"key":"k","scope":["a"]}"#, 400, "question-invalid"),
        ("POST", "find", r#"{"key":"k","scope":{"soul":"a"}}"#, 400, "question-invalid"),
        ("POST", &format!("records/{id}/resolve"), "{}", 400, "resolution-invalid"),
        (
            "POST",
            &format!("records/{id}/resolve"),
            r#"{"claim":"c","outcome":"answer","status":99}"#,
            400,
            "resolution-invalid",
        ),
    ] {
        let answer = told(&ask_with(&guard, method, path, body), status);
        assert_eq!(answer["error"], error, "{method} {path} {body}");
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains("; ")));
    }
    let large = " ".repeat(200 * 1024);
    let answer = ask_with(&guard, "POST", "find", &large);
    assert_eq!(told(&answer, 400)["error"], "body-unreadable");
}

#[test]
fn a_record_tells_what_is_known() {
    let guard = guard();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
    let (answers, id) = std::thread::scope(|scope| {
        let one = guard.send_aside(scope, guard.order());
        gate.wait_for(1);
        let id = find(&guard, &guard.key());
        let open = record(&guard, &id);
        assert_eq!(open["state"], "in-flight");
        assert_eq!((&open["call_open"], &open["attempt"]), (&json!(true), &json!(1)));
        let two = guard.send_aside(scope, guard.order());
        poll_until("the second waits", || record(&guard, &id)["waiting"] == 1);
        gate.open();
        ([one.join().expect("an answer"), two.join().expect("an answer")], id)
    });
    assert_eq!(answers.map(|answer| answer.status), [201, 201]);
    problem::check(&guard.send(&guard.order().body("{}")), "key-reused");
    let done = record(&guard, &id);
    assert_eq!(done["record"], json!(id));
    assert_eq!((&done["state"], &done["call_open"]), (&json!("done"), &json!(false)));
    let seen = json!({"first": 1, "joined": 1, "replayed": 0, "refused": 1});
    assert_eq!(done["seen"], seen);
    let answer = &done["answer"];
    assert_eq!((&answer["status"], &answer["body"]), (&json!(201), &json!("kept")));
    assert_eq!((&answer["body_bytes"], answer.get("body_base64")), (&json!(11), None));
    assert!(
        answer["headers"]
            .as_array()
            .is_some_and(|list| { list.contains(&json!(["content-type", "application/json"])) })
    );
    for time in ["claimed_at", "deadline_at", "expires_at"] {
        let text = done[time].as_str().unwrap_or_default();
        assert!(text.len() == 24 && text.starts_with("20") && text.ends_with('Z'), "{time} {text}");
    }
    assert_eq!(done["claim"].as_str().map(str::len), Some(32));
    let whole = told(&ask(&guard, "GET", &format!("records/{id}?body=1")), 200);
    assert_eq!(whole["answer"]["body_base64"], ORDER_1);
}

#[track_caller]
fn find(guard: &Guard, key: &str) -> String {
    let scope = json!({"header:authorization": "Bearer alice"});
    let realm = guard.runtime().address().ip().to_string();
    let question = json!({"realm": realm, "scope": scope, "key": key});
    let found = told(&ask_with(guard, "POST", "find", &question.to_string()), 200);
    found["record"].as_str().expect("a record id").to_owned()
}

#[test]
fn a_key_is_found_by_what_it_was_sent_with() {
    let guard = guard();
    guard.origin_always(Reply::new(201));
    let (_, id) = first(&guard);
    assert_eq!(find(&guard, &guard.key()), id);
    // The realm is the host's own where none is named.
    let scope = json!({"header:authorization": "Bearer alice"});
    let question = json!({"scope": scope, "key": guard.key()}).to_string();
    assert_eq!(told(&ask_with(&guard, "POST", "find", &question), 200)["record"], json!(id));
    // The token of a JWT is named by its claims; characters that only a quoted key may hold.
    let key = format!("{}, \"2\"", guard.key());
    let jwt = "Bearer e30.eyJpc3MiOiJ1cyIsInN1YiI6N30.x";
    let call = guard.keyless_order_to("/jwt").key(&format!("{key:?}"));
    let call = call.without("Authorization").authorization(jwt);
    let (_, id) = came(&guard.send(&call));
    let question = json!({"scope": {"jwt:iss": "us", "jwt:sub": 7}, "key": key}).to_string();
    assert_eq!(told(&ask_with(&guard, "POST", "find", &question), 200)["record"], json!(id));
}

/// An id of which nothing is known: asking writes nothing.
#[test]
fn an_unknown_record_is_vacant_and_stays_unwritten() {
    let guard = own_guard(true);
    let id = "ab".repeat(32);
    let vacant = json!({"record": id, "state": "vacant"});
    for _ in 0..2 {
        assert_eq!(told(&ask(&guard, "GET", &format!("records/{id}")), 404), vacant);
        assert_eq!(told(&ask(&guard, "DELETE", &format!("records/{id}")), 404), vacant);
        let claim = "c1".repeat(16);
        let resolution = json!({"claim": claim, "outcome": "not-processed"}).to_string();
        let answer = ask_with(&guard, "POST", &format!("records/{id}/resolve"), &resolution);
        assert_eq!(told(&answer, 409)["error"], "not-unknown");
    }
    // The runtime makes the file as soon as it is looked into, and the guard its tables at a claim.
    let tables = || files_with(&guard.runtime().objects_folder(), "TABLE records").len();
    assert_eq!(tables(), 0, "an object was written");
    guard.origin_always(Reply::new(201));
    first(&guard);
    assert_ne!(tables(), 0, "the search finds what is there");
}

#[test]
fn a_large_body_is_shown_whole() {
    let guard = guard();
    let body: Vec<u8> = (0..3_300_001_u32).map(|at| (at % 251) as u8).collect();
    guard.origin_in_turn([Reply::new(200).body(body.clone())]);
    let (_, id) = first(&guard);
    let shown = told(&ask(&guard, "GET", &format!("records/{id}?body=1")), 200);
    assert_eq!(shown["answer"]["body_bytes"], json!(body.len()));
    let digits = shown["answer"]["body_base64"].as_str().expect("base64");
    let decoded = STANDARD.decode(digits);
    assert!(decoded == Ok(body), "the body differs");
}

#[test]
fn nothing_is_forgotten_while_its_call_is_open() {
    let guard = guard();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
    std::thread::scope(|scope| {
        let one = guard.send_aside(scope, guard.order());
        gate.wait_for(1);
        let id = find(&guard, &guard.key());
        let answer = ask(&guard, "DELETE", &format!("records/{id}"));
        assert_eq!(told(&answer, 409)["error"], "call-open");
        gate.open();
        assert_eq!(one.join().expect("an answer").status, 201);
        assert_eq!(record(&guard, &id)["state"], "done");
    });
    guard.check_calls(1);
}

/// Two minutes: an old copy must be gone from KV's edges and from every isolate by then.
const QUARANTINE: Duration = Duration::from_secs(120);

#[test]
fn a_forgotten_key_is_free_after_its_quarantine_and_no_sooner() {
    let mut guard = own_guard(true);
    guard.origin_in_turn([Reply::new(201).body(vec![b'x'; 100_000]), Reply::json(202, "{}")]);
    let (_, id) = first(&guard);
    wait_for_copy(&guard, &id);
    let started = Instant::now();
    let mut forgotten = Value::Null;
    // The copy may still be on its way when the first wish comes.
    poll_until("the record is forgotten", || {
        let answer = ask(&guard, "DELETE", &format!("records/{id}"));
        forgotten = serde_json::from_slice(&answer.body).expect("JSON");
        answer.status == 200
    });
    assert_eq!(forgotten["state"], "forgotten");
    assert!(forgotten["until"].is_string(), "{forgotten}");
    // A second wish neither lengthens nor shortens it.
    assert_eq!(told(&ask(&guard, "DELETE", &format!("records/{id}")), 200), forgotten);
    let refused = guard.send(&guard.order());
    problem::check(&refused, "in-progress");
    let wait: u64 = refused.header("retry-after").and_then(|s| s.parse().ok()).expect("seconds");
    assert!((110..=120).contains(&wait), "Retry-After: {wait}");
    assert!(files_with(&guard.runtime().kv_folder(), "xxxxxxxx").is_empty(), "the copy is left");
    // A crash does not free it either.
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    problem::check(&guard.send(&guard.order().body("{}")), "in-progress");
    guard.check_calls(1);
    let mut answer = guard.send(&guard.order());
    while answer.status == 409 {
        assert!(started.elapsed() < QUARANTINE + Duration::from_secs(20), "it is never free");
        std::thread::sleep(Duration::from_millis(500));
        answer = guard.send(&guard.order());
    }
    assert!(started.elapsed() >= QUARANTINE, "free after {:?}", started.elapsed());
    assert_eq!((answer.status, came(&answer).0), (202, Came::First));
    guard.check_calls(2);
}

/// Without KV there is no copy to delete; what isolates remember still has to fade.
#[test]
fn without_kv_a_forgotten_key_is_shut_as_well() {
    let guard = own_guard(false);
    guard.origin_in_turn([Reply::json(201, "{}")]);
    let (_, id) = first(&guard);
    let forgotten = told(&ask(&guard, "DELETE", &format!("records/{id}")), 200);
    assert!(forgotten["until"].is_string(), "{forgotten}");
    guard.check_calls(1);
}

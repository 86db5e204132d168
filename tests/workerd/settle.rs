//! An unknown outcome is settled by the origin's own word, for a retry with its own credentials and by the
//! alarm with the guard's.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::guard::{Guard, poll_for, poll_until};
use crate::http::{Answer, Call, Connection};
use crate::log_secrets::MARK;
use crate::origin::{Origin, Seen};
use crate::problem;
use crate::runtime::Setup;
use crate::script::{Gate, Reply};
use crate::unknown_outcomes::{
    codes, leave_in_flight, listed, operators, setup, told, wait_for_told,
};

/// A guard of a test, and the look-up that its origin has: in a lane of its own, since the policy is made
/// before the guard's is known.
struct Settling {
    guard: Guard,
    lookup: String,
}

const SECRET: &str = "Bearer settles-0123456789";
const FOUND: &str = r#"{"id":"p_1","amount":1.50}"#;

fn policy(lookup: &str, absent_after: &str, deadline: &str) -> Value {
    let settle = json!({
        "path": format!("/{lookup}/payments?key={{key}}"), "found": "/data/0",
        "absent_after": absent_after, "at": ["1s", "2s"],
    });
    json!({ "shards": 1, "deadline": deadline, "settle": settle })
}

fn settling(change: impl FnOnce(&str) -> Setup) -> Settling {
    static LANES: AtomicU32 = AtomicU32::new(1);
    let lookup = format!("lookup{}", LANES.fetch_add(1, Ordering::Relaxed));
    Settling { guard: Guard::with(change(&lookup)), lookup }
}

/// Only retries ask: the alarm has no secret.
fn for_retries(absent_after: &str, deadline: &str) -> Settling {
    settling(|lookup| setup(policy(lookup, absent_after, deadline)))
}

fn by_alarm(absent_after: &str, deadline: &str) -> Settling {
    settling(|lookup| {
        setup(policy(lookup, absent_after, deadline)).var("SETTLE_AUTHORIZATION", SECRET)
    })
}

impl Settling {
    fn answers(&self, reply: Reply) {
        Origin::shared().script(&self.lookup, move |_| reply.clone());
    }

    fn has(&self, data: &str) {
        self.answers(Reply::json(200, &format!(r#"{{"data":[{data}]}}"#)));
    }

    fn asked(&self) -> Vec<Seen> {
        Origin::shared().seen(&self.lookup)
    }

    /// Its order's outcome is unknown, and the origin does not know of it yet.
    fn leave_unknown(&self) {
        self.guard.origin_in_turn([Reply::no_answer(), Reply::json(201, "{}")]);
        problem::check(&self.guard.send(&self.guard.order()), "outcome-unknown");
    }

    fn retry(&self) -> Answer {
        self.guard.send(&self.guard.order())
    }

    fn record(&self) -> Value {
        let entry = listed(&self.guard, "").remove(0);
        let id = entry["record"].as_str().expect("an id");
        operators(&self.guard, "GET", &format!("records/{id}"), "").1
    }
}

#[track_caller]
fn check_settled(answer: &Answer, key: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (200, FOUND));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.replayed());
    assert_eq!(answer.header("idempotency-key"), Some(format!("{key:?}").as_str()));
    let status = answer.header("cache-status").expect("a status");
    assert!(
        status.starts_with("onlyonce; hit;") && status.ends_with("; detail=settled"),
        "{status}"
    );
}

#[test]
fn a_retry_is_told_what_the_origin_has() {
    let settling = for_retries("15m", "125s");
    let guard = &settling.guard;
    settling.leave_unknown();
    settling.has(FOUND);
    let retry = guard.order().header("x-region", "t1").header("if-none-match", "\"a\"");
    check_settled(&guard.send(&retry.header("cookie", "theme=dark")), &guard.key());
    let asked = settling.asked();
    assert_eq!(asked.len(), 1);
    let key = guard.key();
    assert_eq!(asked[0].method, "GET");
    assert_eq!(asked[0].target, format!("/{}/payments?key={key}", settling.lookup));
    assert_eq!(asked[0].body, b"");
    let header = |name| asked[0].headers.get(name);
    // The retry's own credentials and context, and nothing of its body, its key or its conditions.
    assert_eq!(header("authorization"), Some("Bearer alice"));
    assert_eq!(header("x-region"), Some("t1"));
    assert_eq!(header("cookie"), Some("theme=dark"));
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("cache-control"), Some("no-cache"));
    assert!(header("via").is_some_and(|via| via.contains("onlyonce-")));
    for name in ["idempotency-key", "content-type", "if-none-match", "transfer-encoding"] {
        assert_eq!(header(name), None, "{name}");
    }
    // It is known from there on.
    check_settled(&settling.retry(), &key);
    assert_eq!(settling.asked().len(), 1);
    guard.check_calls(1);
    let lines = wait_for_told(guard, 2);
    assert_eq!(codes(&lines), ["unknown connection-lost", "ended settled"]);
    assert_eq!(listed(guard, ""), Vec::<Value>::new());
    let question = format!("/.onlyonce/key?path={}", guard.path("/orders"));
    let question = Call::get(&question).key(&key).authorization("Bearer alice");
    let status: Value = serde_json::from_slice(&guard.send(&question).body).expect("JSON");
    assert_eq!((&status["state"], &status["status"]), (&json!("settled"), &json!(200)));
    let id = status["record"].as_str().expect("an id");
    let (_, record) = operators(guard, "GET", &format!("records/{id}"), "");
    assert_eq!(record["answer"]["settled_at"], record["answer"]["answered_at"]);
}

#[test]
fn an_absence_counts_once_enough_time_has_passed() {
    let settling = for_retries("2s", "1s");
    settling.leave_unknown();
    settling.has("");
    let mut turns = 0;
    let carried_out = poll_for("the key is free", || {
        let answer = settling.retry();
        turns += usize::from(answer.status != 201);
        (answer.status == 201).then_some(answer)
    });
    assert!(turns > 0, "an absence was believed at once");
    assert!(!carried_out.replayed());
    settling.guard.check_calls(2);
    let lines = wait_for_told(&settling.guard, 2);
    assert_eq!(codes(&lines), ["unknown connection-lost", "ended absent"]);
    assert!(lines[1]["since_first_ms"].as_u64() >= Some(2000), "{}", lines[1]);
}

/// What says nothing settles nothing, is told, and the next question may.
#[test]
fn an_origin_that_says_nothing_is_asked_again() {
    let settling = for_retries("15m", "125s");
    settling.leave_unknown();
    let html = Reply::new(200).header("content-type", "text/html").body("<p>sign in</p>");
    for (reply, status) in [
        (Reply::json(401, "{}"), Some(401)),
        (Reply::json(500, r#"{"data":[]}"#), Some(500)),
        (html, Some(200)),
        (Reply::json(200, &format!(r#"{{"data":["{}"]}}"#, "x".repeat(2 << 20))), Some(200)),
        (Reply::new(302).header("location", "/login"), Some(302)),
        (Reply::no_answer(), None),
    ] {
        settling.answers(reply);
        problem::check(&settling.retry(), "outcome-unknown");
        let told = settling.record();
        assert_eq!(told["settle"]["said"], "no-word");
        assert_eq!(told["settle"]["status"], json!(status));
    }
    settling.answers(Reply::json(404, "{}"));
    problem::check(&settling.retry(), "outcome-unknown");
    let told = settling.record();
    assert_eq!((&told["settle"]["said"], &told["settle"]["asked"]), (&json!("absent"), &json!(7)));
    assert!(told["unknown_since"].as_str() > told["claimed_at"].as_str());
    settling.has(FOUND);
    check_settled(&settling.retry(), &settling.guard.key());
    settling.guard.check_calls(1);
}

/// A route that can be asked about only since yesterday: its retries bring the key.
#[test]
fn what_was_unknown_before_is_settled_too() {
    let mut guard = Guard::with(setup(json!({ "shards": 1 })));
    guard.origin_in_turn([Reply::no_answer()]);
    problem::check(&guard.send(&guard.order()), "outcome-unknown");
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|_| setup(policy("lookup-later", "15m", "125s")));
    let settling = Settling { guard, lookup: "lookup-later".into() };
    settling.has(FOUND);
    check_settled(&settling.retry(), &settling.guard.key());
    settling.guard.check_calls(1);
}

/// Nobody else's retry has it asked, nor another request.
#[test]
fn only_its_own_caller_has_the_origin_asked() {
    let settling = for_retries("15m", "125s");
    let guard = &settling.guard;
    settling.leave_unknown();
    settling.has(FOUND);
    let other = guard.order().json(r#"{"item":"coffee"}"#);
    problem::check(&guard.send(&other), "key-reused");
    let cookie = guard.order().header("x-api-key", "another");
    guard.send(&cookie);
    assert_eq!(settling.asked().len(), 0);
    check_settled(&settling.retry(), &guard.key());
}

#[test]
fn retries_at_once_ask_once() {
    let settling = for_retries("15m", "125s");
    let guard = &settling.guard;
    settling.leave_unknown();
    let gate = Gate::new();
    settling.answers(Reply::json(200, &format!(r#"{{"data":[{FOUND}]}}"#)).held_by(&gate));
    thread::scope(|scope| {
        let retries: Vec<_> = (0..8).map(|_| guard.send_aside(scope, guard.order())).collect();
        gate.wait_for(1);
        poll_until("the others wait", || settling.record()["waiting"] == 7);
        gate.open();
        for retry in retries {
            check_settled(&retry.join().expect("an answer"), &guard.key());
        }
    });
    assert_eq!(settling.asked().len(), 1);
    guard.check_calls(1);
}

/// Who asks may hang up; the answer is there for the next.
#[test]
fn a_question_outlives_its_caller() {
    let settling = for_retries("15m", "125s");
    let guard = &settling.guard;
    settling.leave_unknown();
    let gate = Gate::new();
    settling.answers(Reply::json(200, &format!(r#"{{"data":[{FOUND}]}}"#)).held_by(&gate));
    leave_in_flight(guard, &guard.order(), &gate, Connection::hang_up);
    gate.open();
    assert_eq!(codes(&wait_for_told(guard, 2))[1], "ended settled");
    check_settled(&settling.retry(), &guard.key());
    assert_eq!(settling.asked().len(), 1);
}

/// Nobody retries: the alarm asks with the guard's own authorisation.
#[test]
fn the_alarm_settles_what_nobody_asks_for() {
    let settling = by_alarm("15m", "125s");
    settling.has(FOUND);
    settling.guard.origin_in_turn([Reply::no_answer()]);
    let order = settling.guard.order().header("x-tenant", "t1");
    problem::check(&settling.guard.send(&order), "outcome-unknown");
    let lines = wait_for_told(&settling.guard, 2);
    assert_eq!(codes(&lines), ["unknown connection-lost", "ended settled"]);
    let asked = settling.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].headers.get("authorization"), Some(SECRET));
    assert!(asked[0].headers.get("user-agent").is_some_and(|it| it.starts_with("onlyonce/")));
    assert_eq!(asked[0].headers.get("idempotency-key"), None);
    // Of which host and whose account the request was.
    let host = settling.guard.runtime().address().to_string();
    assert_eq!(asked[0].headers.get("x-forwarded-host"), Some(host.as_str()));
    assert_eq!(asked[0].headers.get("x-tenant"), Some("t1"));
    check_settled(&settling.guard.send(&order), &settling.guard.key());
    settling.guard.check_calls(1);
}

/// An origin that keeps the header as it came, quotes and all.
#[test]
fn a_key_is_asked_about_under_its_own_spelling_too() {
    let settling = for_retries("1s", "1s");
    settling.leave_unknown();
    Origin::shared().script(&settling.lookup, |seen| match seen.target.contains("%22") {
        true => Reply::json(200, &format!(r#"{{"data":[{FOUND}]}}"#)),
        false => Reply::json(200, r#"{"data":[]}"#),
    });
    check_settled(&settling.retry(), &settling.guard.key());
    assert_eq!(settling.asked().len(), 2);
    settling.guard.check_calls(1);
}

/// While the alarm's questions hang, the retries of other keys ask for themselves.
#[test]
fn a_look_up_that_hangs_keeps_no_other_key_waiting() {
    let settling = by_alarm("15m", "125s");
    let guard = &settling.guard;
    guard.origin_always(Reply::no_answer());
    let gate = Gate::new();
    settling.answers(Reply::json(200, r#"{"data":[]}"#).held_by(&gate));
    let numbered = |number: usize| guard.keyless_order().key(&format!("{}-{number}", guard.key()));
    for number in 0..6 {
        problem::check(&guard.send(&numbered(number)), "outcome-unknown");
    }
    // Two questions of the alarm's are out; the others wait for their turn and not under way.
    gate.wait_for(2);
    settling.has(FOUND);
    let answers: Vec<_> = (0..6).map(|number| guard.send(&numbered(number)).status).collect();
    assert!(answers.iter().filter(|status| **status == 200).count() >= 4, "{answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 502)), "{answers:?}");
    gate.open();
}

#[test]
fn the_alarm_frees_what_the_origin_does_not_know() {
    let settling = by_alarm("2s", "1s");
    settling.has("");
    settling.leave_unknown();
    let lines = wait_for_told(&settling.guard, 2);
    assert_eq!(codes(&lines), ["unknown connection-lost", "ended absent"]);
    assert!(lines[1]["since_first_ms"].as_u64() >= Some(2000), "{}", lines[1]);
    assert_eq!(listed(&settling.guard, ""), Vec::<Value>::new());
    assert_eq!(settling.retry().status, 201);
    settling.guard.check_calls(2);
}

/// The runtime dies with the call; the next one finds it, asks, and knows.
#[test]
fn a_dead_call_is_settled_without_a_retry() {
    let mut settling = by_alarm("15m", "125s");
    settling.has(FOUND);
    let gate = Gate::new();
    let guard = &mut settling.guard;
    guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
    leave_in_flight(guard, &guard.order(), &gate, drop);
    guard.runtime_mut().kill();
    gate.open();
    guard.runtime_mut().restart();
    assert_eq!(codes(&wait_for_told(guard, 2)), ["unknown restarted", "ended settled"]);
    check_settled(&settling.retry(), &settling.guard.key());
    settling.guard.check_calls(1);
}

/// A runtime that dies while it asks has not asked: the next one does.
#[test]
fn a_question_that_died_is_asked_again() {
    let mut settling = by_alarm("15m", "125s");
    let gate = Gate::new();
    settling.answers(Reply::json(200, r#"{"data":[]}"#).held_by(&gate));
    settling.leave_unknown();
    gate.wait_for(1);
    settling.guard.runtime_mut().kill();
    settling.has(FOUND);
    gate.open();
    settling.guard.runtime_mut().restart();
    assert_eq!(codes(&wait_for_told(&settling.guard, 2))[1], "ended settled");
    check_settled(&settling.retry(), &settling.guard.key());
}

/// What was settled stays, whatever the call says that is still open.
#[test]
fn a_late_answer_changes_nothing() {
    let settling = for_retries("15m", "1s");
    let guard = &settling.guard;
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"late":true}"#).held_by(&gate)]);
    settling.has(FOUND);
    let timed_out = guard.send(&guard.order());
    problem::check_timed_out(&timed_out);
    let id = problem::record_of(&timed_out);
    check_settled(&settling.retry(), &guard.key());
    let record = || operators(guard, "GET", &format!("records/{id}"), "").1;
    assert_eq!(record()["call_open"], true);
    gate.open();
    poll_until("the call ends", || record()["call_open"] == false);
    check_settled(&settling.retry(), &guard.key());
    guard.check_calls(1);
}

/// It may still act: an absence beside it frees nothing.
#[test]
fn an_absence_beside_an_open_call_is_not_believed() {
    let settling = for_retries("1s", "1s");
    let guard = &settling.guard;
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"late":true}"#).held_by(&gate)]);
    settling.has("");
    problem::check_timed_out(&guard.send(&guard.order()));
    for _ in 0..3 {
        problem::check_timed_out(&settling.retry());
    }
    assert_eq!(settling.record()["settle"]["asked"], 3);
    gate.open();
    poll_until("the late answer is there", || settling.retry().status == 201);
    guard.check_calls(1);
}

/// Neither the key in clear, nor what the origin showed, nor the secret is in a line.
#[test]
fn a_question_is_told_without_its_secrets() {
    let settling = by_alarm("15m", "125s");
    settling.has(&format!(r#"{{"card":"{MARK}4242"}}"#));
    settling.leave_unknown();
    wait_for_told(&settling.guard, 2);
    let log = settling.guard.runtime().log();
    assert!(!log.contains(SECRET), "the secret is in the log");
    let line = log.lines().find(|line| line.contains(r#""outcome":"probe""#)).expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["code"], &line["status"]), (&json!("found"), &json!(200)));
    let unknown = told(&settling.guard).remove(0);
    assert_eq!((&line["record"], &line["claim"]), (&unknown["record"], &unknown["claim"]));
}

//! However a path or a host is spelled, the guard, its policy and the origin read the same one. No proxy
//! stands in front here that would tidy an address up.

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin};
use crate::http::{Answer, Call};
use crate::origin::Origin;
use crate::problem;
use crate::queue_producer::{QueueProducer, Settled, with_queues};
use crate::script::Reply;
use crate::stamp::{check_first, check_replay};

fn guarded() -> Guard {
    Guard::under(&json!({
        "key": "required",
        "routes": [{ "path": "/*/public/**", "key": "off" }],
    }))
}

fn keyless(target: &str) -> Call {
    Call::post(target).json("{}")
}

/// `{}` stands for the lane. What the origin may see of it is always `/{}/pay`.
const PAY: [&str; 9] = [
    "/{}/pay",
    "/{}/public/../pay",
    "/{}/public/%2e%2e/pay",
    "/{}/public/.%2E/pay",
    "/{}/public/%2e./pay",
    "/./{}/pay",
    "/{}/%2e/pay",
    "/../../{}/x/../pay",
    "/{}\\public\\..\\pay",
];

#[test]
fn a_route_is_found_however_its_path_is_spelled() {
    let guard = guarded();
    guard.origin_always(Reply::json(201, "{}"));
    for target in PAY.map(|target| target.replace("{}", &guard.lane)) {
        println!("{target}");
        problem::check(&guard.send(&keyless(&target)), "key-missing");
    }
    guard.check_calls(0);
    // The other way round: into the route that is off.
    for target in ["/{}/pay/../public/x", "/{}/pay/%2e%2e/public/x", "/{}\\public/x"] {
        let answer = guard.send(&keyless(&target.replace("{}", &guard.lane)));
        assert_eq!((answer.status, answer.header("cache-status")), (201, None), "{target}");
    }
    for seen in guard.seen() {
        assert_eq!(seen.target, guard.path("/public/x"));
    }
}

/// Under a route that is off, spelled so that an origin which decodes before it resolves would do what
/// another route is strict about.
#[test]
fn no_other_reading_of_a_path_gets_round_a_route() {
    let guard = guarded();
    guard.origin_always(Reply::json(201, "{}"));
    for rest in [
        "/public/..%2fpay",
        "/public/..;/pay",
        "/public/..;a=b/pay",
        "/public/..%5cpay",
        "/public/%2e%2e%2fpay",
        "/public/%252e%252e%252fpay",
        "/public/..%3b/pay",
    ] {
        for call in [keyless(&guard.path(rest)), keyless(&guard.path(rest)).key("some-key-1")] {
            let detail = problem::check(&guard.send(&call), "address-invalid");
            assert!(detail.contains("send the path"), "{detail}");
        }
        assert_eq!(guard.send(&Call::get(&guard.path(rest))).status, 201, "nothing is guarded");
    }
    let calls = guard.seen().len();
    // What falls to the same route in any reading passes.
    for rest in ["/public/a%2fb", "/public/50%25", "/public/a;v=1/b", "/public/%70ay"] {
        assert_eq!(guard.send(&keyless(&guard.path(rest))).status, 201, "{rest}");
    }
    for rest in ["/pay/a%2fb", "/pay;v=1", "/p%61y", "/caf%C3%A9"] {
        problem::check(&guard.send(&keyless(&guard.path(rest))), "key-missing");
    }
    guard.check_calls(calls + 4);
}

/// One operation under one key, which the origin sees at the path that was guarded.
#[test]
fn spellings_of_a_path_are_one_request() {
    let guard = guarded();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let order = |target: &str| keyless(&target.replace("{}", &guard.lane)).key(&guard.key());
    let first = guard.send(&order("/{}/public/../pay"));
    check_first(&first, &guard.key());
    for target in PAY {
        check_replay(&guard.send(&order(target)), &first);
    }
    assert_eq!(guard.seen()[0].target, guard.path("/pay"));
    guard.check_calls(1);
}

/// What a URL keeps is kept: origins differ in what they make of it.
#[test]
fn what_the_platform_keeps_of_a_path_reaches_the_origin_unchanged() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::json(200, "{}"));
    for (number, rest) in [
        "//x//y/",
        "//evil.example/x",
        "/%70ay",
        "/a%2Fb",
        "/a/..%2fb",
        "/;x=1/y",
        "/a|b[c]'d",
        "/x?a=%2e%2e/../&b=c+d",
        "/x?",
        "/%zz",
    ]
    .into_iter()
    .enumerate()
    {
        let target = guard.path(rest);
        let key = number.to_string();
        for call in [Call::get(&target), keyless(&target), keyless(&target).key(&key)] {
            assert_eq!(guard.send(&call).status, 200, "{target}");
            let seen = guard.seen().pop().expect("a request");
            assert_eq!(seen.target.trim_end_matches('?'), target.trim_end_matches('?'));
        }
    }
}

#[test]
fn the_guards_own_paths_are_its_own_however_they_are_spelled() {
    let guard = Guard::shared(true);
    guard.origin_always(Reply::json(200, "{}"));
    for target in [
        "/.onlyonce/health",
        "/{}/../.onlyonce/health",
        "/{}/%2e%2e/.onlyonce/health",
        "/./.onlyonce/./health",
        "/.onlyonce\\health",
        "/.onlyonce/x/../health",
    ] {
        let answer = guard.send(&Call::get(&target.replace("{}", &guard.lane)));
        let health: Value = serde_json::from_slice(&answer.body).expect(target);
        assert!(health["server_time"].is_u64(), "{target}: {}", answer.text());
    }
    for target in ["/.onlyonce", "/{}/../.onlyonce/nothing", "/.onlyonce/"] {
        for call in [Call::get(target), keyless(target), keyless(target).key(&guard.key())] {
            assert_eq!(guard.send(&call).status, 404, "{target}");
        }
    }
    guard.check_calls(0);
}

/// A guard whose ORIGIN has a path, and what has reached the origin by it.
fn below(lane: &str) -> (Guard, impl Fn() -> Vec<String>) {
    let lane = lane.to_owned();
    let origin = format!("{}/{lane}/api", Origin::shared().url());
    Origin::shared().script(&lane, |_| Reply::json(200, "{}"));
    let guard = Guard::with(with_queues().var("ORIGIN", &origin));
    (guard, move || Origin::shared().seen(&lane).into_iter().map(|seen| seen.target).collect())
}

#[test]
fn nothing_outside_the_origins_path_is_reached() {
    let (guard, seen) = below("below");
    let mut expected = Vec::new();
    for (target, reached) in [
        ("/secret", "/below/api/secret"),
        ("/../secret", "/below/api/secret"),
        ("/../../secret", "/below/api/secret"),
        ("/%2e%2e/secret", "/below/api/secret"),
        ("/..\\..\\secret", "/below/api/secret"),
        ("//secret", "/below/api//secret"),
        ("/a/..%2fsecret", "/below/api/a/..%2fsecret"),
    ] {
        for call in calls_to(target) {
            assert_eq!(guard.send(&call).status, 200, "{target}");
            expected.push(reached.to_owned());
        }
        assert_eq!(seen(), expected, "{target}");
    }
    for target in
        ["/..%2fsecret", "/%2e%2e%2fsecret", "/a/..%5C..%5csecret", "/..;/secret", "//..%2f/secret"]
    {
        for call in calls_to(target) {
            let detail = problem::check(&guard.send(&call), "address-invalid");
            assert!(detail.contains("ORIGIN's path"), "{detail}");
        }
        assert_eq!(seen(), expected, "{target}");
    }
}

/// One that is not guarded, one that carries no key, and one that does.
fn calls_to(target: &str) -> [Call; 3] {
    [
        Call::get(target),
        keyless(target),
        keyless(target).key(&format!("key-{target}").replace(';', "-")),
    ]
}

/// A message that asks for such a path is none: no retry would mend it.
#[test]
fn a_message_reaches_nothing_outside_either() {
    let (guard, seen) = below("below-queue");
    let queue_producer = QueueProducer(guard);
    let message = |path: &str| json!({ "method": "POST", "path": path, "body": {} });
    let parcel = |name: &str, path: &str| queue_producer.parcel(name, message(path));
    queue_producer.check(&parcel("a", "/x/../../y"), Settled::Acked);
    assert_eq!(seen(), ["/below-queue/api/y"]);
    queue_producer.check(&parcel("b", "/..%2fsecret"), Settled::Acked);
    queue_producer.check(&parcel("c", "/x/%2e%2e/.onlyonce/health"), Settled::Acked);
    assert_eq!(seen().len(), 1, "{:?}", seen());
}

/// One host has one realm, whatever its spelling.
#[test]
fn spellings_of_a_host_are_one_realm() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let host = format!("{}.example", guard.lane);
    let port = guard.runtime().address().port();
    let first = guard.send(&guard.order().host(&host));
    check_first(&first, &guard.key());
    for spelled in [
        format!("{host}:{port}"),
        format!("{host}:80"),
        format!("{host}."),
        format!("{host}.:{port}"),
        format!("{host}%2e"),
        format!("{host}%2E:{port}"),
        host.to_uppercase(),
        host.replace('e', "%65"),
        format!("alice@{host}"),
    ] {
        println!("{spelled}");
        check_replay(&guard.send(&guard.order().host(&spelled)), &first);
    }
    guard.check_calls(1);
}

#[test]
fn a_host_that_cannot_be_one_is_refused() {
    let guard = Guard::with(at_origin(true));
    guard.origin_always(Reply::json(200, "{}"));
    for host in ["a b", "a<b", "a%", "a:port", "[::1", "999.999.999.999"] {
        for call in [guard.order().host(host), Call::get(&guard.path("/x")).host(host)] {
            check_no_address(&guard.send(&call), host);
        }
    }
    guard.check_calls(0);
}

/// Some of them the runtime refuses by itself.
#[track_caller]
fn check_no_address(answer: &Answer, host: &str) {
    assert_eq!(answer.status, 400, "{host}: {}", answer.text());
    if answer.header("cache-status").is_some() {
        problem::check(answer, "address-invalid");
    }
}

/// What the origin wrote of the host that asked comes back to that host byte by byte.
#[test]
fn a_replay_on_the_same_host_says_what_the_first_answer_said() {
    const LOCATIONS: [&str; 8] = [
        "https://{}/orders/1",
        "HTTP://{}/orders/1",
        "http://{}",
        "//{}/orders/1",
        "http://user@{}/orders/1",
        "http://{host}/orders/1",
        "https://{host}:8443/orders/1",
        "http://{HOST}/orders/1",
    ];
    for location in LOCATIONS {
        let guard = Guard::under(&json!({ "realm": "shop" }));
        let host = format!("Shop-{}.example", guard.lane).to_lowercase();
        let asked = format!("{host}:{}", guard.runtime().address().port());
        let location = location.replace("{}", &asked).replace("{host}", &host);
        let location = location.replace("{HOST}", &host.to_uppercase());
        println!("{location}");
        let refresh = format!("5; url={location}");
        let reply = Reply::new(201).header("Location", &location).header("Refresh", &refresh);
        guard.origin_always(reply.header("Content-Location", &location));
        for _ in 0..2 {
            let answer = guard.send(&guard.order().host(&asked));
            assert_eq!(answer.header("location"), Some(location.as_str()));
            assert_eq!(answer.header("content-location"), Some(location.as_str()));
            assert_eq!(answer.header("refresh"), Some(refresh.as_str()));
        }
        guard.check_calls(1);
    }
}

/// An origin that goes by X-Forwarded-Host names the host that asked first; the answer is shown on another.
#[test]
fn a_replay_points_at_the_host_that_asks() {
    for own in [true, false] {
        println!("the origin names {}", if own { "itself" } else { "the host that asked" });
        let guard = Guard::under(&json!({ "realm": "shop" }));
        guard.origin(move |seen| {
            let host = if own { "host" } else { "x-forwarded-host" };
            let host = seen.headers.get(host).unwrap_or_default();
            Reply::new(201)
                .header("Location", &format!("http://{host}/orders/1"))
                .header("Content-Location", &format!("HTTP://{}/a?b#c", host.to_uppercase()))
                .header("Refresh", &format!("5; url=http://{host}/orders/1"))
                .header("X-Elsewhere", &format!("http://{host}/orders/1"))
        });
        let port = guard.runtime().address().port();
        for (number, host) in
            ["a.example", "b.example", "a.example", "b.example"].iter().enumerate()
        {
            let answer = guard.send(&guard.order().host(&format!("{host}:{port}")));
            assert_eq!(answer.replayed(), number > 0);
            let orders = format!("http://{host}:{port}/orders/1");
            assert_eq!(answer.header("location"), Some(orders.as_str()));
            assert_eq!(answer.header("refresh"), Some(format!("5; url={orders}").as_str()));
            // The asker's host in another spelling is the origin's own business.
            let beside = answer.header("content-location").unwrap_or_default();
            let named = if own { host } else { "a.example" };
            assert_eq!(beside.to_lowercase(), format!("http://{named}:{port}/a?b#c"));
            assert!(!answer.header("x-elsewhere").is_some_and(|value| value.contains("asker")));
        }
        guard.check_calls(1);
    }
}

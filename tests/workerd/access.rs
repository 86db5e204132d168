//! Operators whom Cloudflare Access names: who is let in, who may act, and what the log says of them.

mod team;

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::runtime::Setup;
use crate::script::Reply;
use crate::stamp::came;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use team::{Shown, Signer, Team, now, unsigned};

const TOKEN: &str = "operator-token-beside-access";
const CONFIG: &str = "tests/workerd/with-access.toml";
const ALICE: &str = "alice@acme.com";
const READER: &str = "bob@acme.com";

fn setup(team: &Team) -> Setup {
    at_origin(false).config(CONFIG).var("ACCESS_TEAM", &team.url)
}

/// A team that shows its first key, and the guard behind it. Access stands in the token's place.
fn guard() -> (&'static Team, Guard) {
    static TEAM: OnceLock<&'static Team> = OnceLock::new();
    let team = TEAM.get_or_init(|| Team::start(Shown::Keys(vec![Signer::first()])));
    (team, Guard::sharing(setup(team)))
}

fn assertion(team: &Team, email: &str) -> String {
    Signer::first().token(&team.claims(email, &json!({})))
}

fn call(method: &str, path: &str, assertion: &str) -> Call {
    Call::new(method, &format!("/.onlyonce/{path}")).header("Cf-Access-Jwt-Assertion", assertion)
}

#[track_caller]
fn told(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Who the guard says that one is.
#[track_caller]
fn who(guard: &Guard, assertion: &str) -> Value {
    told(&guard.send(&call("GET", "operator", assertion)), 200)
}

/// An operation that was carried out; its record's id.
#[track_caller]
fn done(guard: &Guard) -> String {
    guard.origin_always(Reply::json(201, r#"{"order":1}"#));
    came(&guard.send(&guard.order())).1
}

/// One that nobody knows of; its record's id and claim.
#[track_caller]
fn unknown(guard: &Guard, reader: &str) -> (String, Value) {
    guard.origin_always(Reply::no_answer());
    let answer = guard.send(&guard.keyless_order_to("/lost").key(&format!("{}-lost", guard.key())));
    problem::check(&answer, "outcome-unknown");
    let problem: Value = serde_json::from_slice(&answer.body).expect("a problem");
    let instance = problem["instance"].as_str().expect("an instance");
    let id = instance.strip_prefix("/.onlyonce/records/").expect("the record's path").to_owned();
    let claim = told(&guard.send(&call("GET", &format!("records/{id}"), reader)), 200);
    (id, claim["claim"].clone())
}

#[test]
fn whom_access_names_is_an_operator_without_a_token() {
    let (team, guard) = guard();
    for (email, role) in [
        (ALICE, "full"),
        ("Alice@Acme.com", "full"),
        ("carol@ops.acme.com", "full"),
        (READER, "read-only"),
        ("alice@acme.com.example", "read-only"),
    ] {
        let told = who(&guard, &assertion(team, email));
        assert_eq!(told, json!({"operator": email, "role": role}));
    }
    let service = json!({"email": null, "common_name": "e367826f.access", "aud": team::AUD});
    let service = Signer::first().token(&team.claims("", &service));
    assert_eq!(who(&guard, &service), json!({"operator": "e367826f.access", "role": "full"}));
    let page = guard.send(&call("GET", "unknown", &assertion(team, READER)));
    assert!(told(&page, 200)["unknown"].is_array());
    let id = done(&guard);
    let shown = guard.send(&call("GET", &format!("records/{id}?body=1"), &assertion(team, READER)));
    assert_eq!(told(&shown, 200)["state"], "done");
    // Who shows nothing is told what to show, whatever the cookie says.
    let cookie = format!("CF_Authorization={}", assertion(team, ALICE));
    let bare = Call::get("/.onlyonce/operator").header("Cookie", &cookie);
    assert_eq!(told(&guard.send(&bare), 401)["error"], "unidentified");
    let token = bare.authorization(&format!("Bearer {TOKEN}"));
    assert_eq!(told(&guard.send(&token), 401)["error"], "unidentified");
}

/// A token as HS256 makes it, with the team's public key as the secret that everybody knows.
fn by_public_key(claims: &Value) -> String {
    let unsigned = unsigned(&json!({"alg": "HS256", "kid": "key-1"}), claims);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, Signer::first().public().0.as_bytes());
    let tag = hmac::sign(&secret, unsigned.as_bytes());
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn what_access_did_not_sign_for_this_application_and_now_is_refused() {
    let (team, guard) = guard();
    let id = done(&guard);
    let signed = |changes: Value| Signer::first().token(&team.claims(ALICE, &changes));
    let good = assertion(team, ALICE);
    let claims = team.claims(ALICE, &json!({}));
    let [head, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let other_payload = unsigned(&json!({}), &team.claims("eve@ops.acme.com", &json!({})));
    let other_payload = other_payload.split_once('.').expect("two parts").1;
    let by_second =
        Signer::second().sign(&unsigned(&json!({"alg": "RS256", "kid": "key-1"}), &claims));
    for (token, says) in [
        (signed(json!({"aud": ["someone-elses"]})), "is for another application"),
        (signed(json!({"iss": "https://evil.cloudflareaccess.com"})), "is another team's"),
        (signed(json!({"exp": now() - 60})), "has expired"),
        (signed(json!({"nbf": now() + 300})), "is not valid yet"),
        (signed(json!({"email": "alice\u{7}@acme.com"})), "names nobody"),
        (unsigned(&json!({"alg": "none"}), &claims) + ".", "is not signed with RS256"),
        (by_public_key(&claims), "is not signed with RS256"),
        (Signer::second().token(&claims), "a key that the team does not show"),
        (by_second, "signature is wrong"),
        (format!("{head}.{other_payload}.{signature}"), "signature is wrong"),
        (format!("{head}.{payload}."), "signature is wrong"),
        (format!("{head}.{payload}.*{signature}"), "is no signed token"),
        (format!("{head}.{payload}"), "is no signed token"),
        ("undefined".into(), "is no signed token"),
        (String::new(), "is no signed token"),
    ] {
        for (method, path) in [("GET", "operator"), ("DELETE", &*format!("records/{id}"))] {
            let refused = told(&guard.send(&call(method, path, &token)), 401);
            assert_eq!(refused["error"], "assertion-invalid", "{refused}");
            let detail = refused["detail"].as_str().expect("a sentence");
            assert!(detail.contains(says) && detail.contains("; "), "{says}: {detail}");
        }
    }
    // Two of them, of which one is good.
    for other in [&good, "x"] {
        let twice = call("GET", "operator", &good).header("cf-access-jwt-assertion", other);
        assert_eq!(told(&guard.send(&twice), 401)["error"], "assertion-invalid");
    }
    let record = guard.send(&call("GET", &format!("records/{id}"), &good));
    assert_eq!(told(&record, 200)["state"], "done", "nobody has forgotten it");
}

#[test]
fn who_may_only_read_changes_nothing() {
    let (team, guard) = guard();
    let reader = assertion(team, READER);
    let id = done(&guard);
    let (lost, claim) = unknown(&guard, &reader);
    let resolution = json!({"claim": claim, "outcome": "not-processed"}).to_string();
    for (method, path, body) in [
        ("DELETE", format!("records/{id}"), ""),
        ("DELETE", format!("records/{lost}"), ""),
        ("POST", format!("records/{lost}/resolve"), &*resolution),
        ("POST", format!("records/{lost}/resolve"), "no JSON"),
    ] {
        let refused = told(&guard.send(&call(method, &path, &reader).json(body)), 403);
        assert_eq!(refused["error"], "read-only");
        let detail = refused["detail"].as_str().expect("a sentence");
        assert!(detail.starts_with("bob@acme.com may read and not act"), "{detail}");
    }
    let state = |id: &str| {
        let answer = guard.send(&call("GET", &format!("records/{id}"), &reader));
        told(&answer, 200)["state"].clone()
    };
    assert_eq!((state(&id), state(&lost)), (json!("done"), json!("unknown")));
    assert!(!guard.runtime().log().contains(&format!(r#""operator","record":"{}"#, &id[..16])));
}

#[test]
fn the_log_names_who_acted() {
    let (team, guard) = guard();
    let alice = assertion(team, ALICE);
    let id = done(&guard);
    let (lost, claim) = unknown(&guard, &alice);
    // What the request itself says of it is nobody's word.
    let forget = call("DELETE", &format!("records/{id}"), &alice);
    let forget = forget.header("Onlyonce-Operator", "mallory@acme.com");
    assert_eq!(told(&guard.send(&forget), 200)["state"], "forgotten");
    let resolution = json!({"claim": claim, "outcome": "answer", "status": 204}).to_string();
    let resolve = call("POST", &format!("records/{lost}/resolve"), &alice).json(&resolution);
    assert_eq!(told(&guard.send(&resolve), 200)["state"], "done");
    let claim = claim.as_str().expect("a claim");
    for line in [
        format!(
            r#"{{"outcome":"operator","code":"forgotten","record":"{}","operator":"alice@acme.com"}}"#,
            &id[..16]
        ),
        format!(
            r#"{{"outcome":"operator","code":"resolved","record":"{}","claim":"{}","operator":"alice@acme.com","status":204}}"#,
            &lost[..16],
            &claim[..8]
        ),
    ] {
        poll_until(&line, || guard.runtime().log().contains(&line));
    }
    assert!(!guard.runtime().log().contains("mallory"));
}

#[test]
fn a_foreign_page_cannot_make_an_operator_act() {
    let (team, guard) = guard();
    let alice = assertion(team, ALICE);
    let id = done(&guard);
    let forget = || call("DELETE", &format!("records/{id}"), &alice);
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        let refused = told(&guard.send(&forget().header(name, value)), 403);
        assert_eq!(refused["error"], "foreign-page", "{name}: {value}");
    }
    // Nor is it shown what it asks for.
    let read = call("GET", "operator", &alice).header("Origin", "https://evil.example");
    let read = guard.send(&read);
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
    let preflight = Call::new("OPTIONS", &format!("/.onlyonce/records/{id}"))
        .header("Origin", "https://evil.example")
        .header("Access-Control-Request-Method", "DELETE");
    let preflight = guard.send(&preflight);
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-methods")),
        (401, None),
        "{}",
        preflight.text()
    );
    let own = format!("http://{}", guard.runtime().address());
    assert_eq!(told(&guard.send(&forget().header("Origin", &own)), 200)["state"], "forgotten");
}

#[test]
fn beside_the_token_and_never_without_the_variables() {
    let (team, _) = guard();
    let alice = assertion(team, ALICE);
    let reader = assertion(team, READER);
    let beside = Guard::sharing(setup(team).var("ADMIN_TOKEN", TOKEN));
    let bearer = |call: Call, token: &str| call.authorization(&format!("Bearer {token}"));
    let bare = Call::get("/.onlyonce/operator");
    let told_as = |call: Call| told(&beside.send(&call), 200);
    assert_eq!(told_as(bearer(bare.clone(), TOKEN)), json!({"operator": "token", "role": "full"}));
    assert_eq!(who(&beside, &reader), json!({"operator": READER, "role": "read-only"}));
    let both = call("GET", "operator", &reader);
    assert_eq!(told_as(bearer(both, TOKEN)), json!({"operator": READER, "role": "full"}));
    // One that is wrong is not made good by the other.
    let wrong = bearer(call("GET", "operator", &alice), "wrong-operator-token");
    assert_eq!(told(&beside.send(&wrong), 401)["error"], "unauthorised");
    let expired = Signer::first().token(&team.claims(ALICE, &json!({"exp": 7})));
    let wrong = bearer(call("GET", "operator", &expired), TOKEN);
    assert_eq!(told(&beside.send(&wrong), 401)["error"], "assertion-invalid");
    let id = done(&beside);
    let forget = bearer(call("DELETE", &format!("records/{id}"), &reader), TOKEN);
    assert_eq!(told(&beside.send(&forget), 200)["state"], "forgotten");
    let line = format!(r#""record":"{}","operator":"bob@acme.com"}}"#, &id[..16]);
    poll_until(&line, || beside.runtime().log().contains(&line));
    // Without the variables the header is anybody's.
    assert_eq!(Guard::shared(true).send(&call("GET", "operator", &alice)).status, 404);
    let by_token = Guard::sharing(at_origin(true).var("ADMIN_TOKEN", TOKEN));
    let refused = by_token.send(&call("GET", "operator", &alice));
    assert_eq!(told(&refused, 401)["error"], "unauthorised");
    let id = done(&by_token);
    let forget = bearer(Call::new("DELETE", &format!("/.onlyonce/records/{id}")), TOKEN);
    told(&by_token.send(&forget), 200);
    let line = format!(r#""record":"{}","operator":"token"}}"#, &id[..16]);
    poll_until(&line, || by_token.runtime().log().contains(&line));
}

/// A minute: nobody can have the keys read with each request.
const BETWEEN_READS: Duration = Duration::from_secs(60);

#[test]
fn a_key_that_the_team_has_changed_is_found() {
    let team = Team::start(Shown::Keys(vec![Signer::first()]));
    let guard = Guard::with(setup(team));
    let started = Instant::now();
    who(&guard, &assertion(team, ALICE));
    team.show(Shown::Keys(vec![Signer::second()]));
    let by_second =
        call("GET", "operator", &Signer::second().token(&team.claims(ALICE, &json!({}))));
    let mut answer = guard.send(&by_second);
    while answer.status != 200 {
        assert_eq!(told(&answer, 401)["error"], "assertion-invalid");
        assert!(started.elapsed() < BETWEEN_READS + Duration::from_secs(20), "it is never read");
        thread::sleep(Duration::from_millis(500));
        answer = guard.send(&by_second);
    }
    assert!(started.elapsed() >= BETWEEN_READS, "read after {:?}", started.elapsed());
    assert_eq!(team.asked(), 2);
    // What the team has withdrawn is nobody's any more.
    let first = guard.send(&call("GET", "operator", &assertion(team, ALICE)));
    assert_eq!(told(&first, 401)["error"], "assertion-invalid");
}

#[test]
fn keys_that_cannot_be_read_let_nobody_in() {
    let large = json!({"keys": [], "more": "x".repeat(100_000)}).to_string();
    let to_itself = "Location: /cdn-cgi/access/certs\r\n";
    for shown in [
        Shown::Other(500, "", String::new()),
        Shown::Other(200, "", large),
        Shown::Other(200, "", "<html>".into()),
        Shown::Other(302, to_itself, String::new()),
        Shown::Silence,
    ] {
        let team = Team::start(shown);
        let guard = Guard::with(setup(team));
        let alice = assertion(team, ALICE);
        for _ in 0..2 {
            let refused = told(&guard.send(&call("GET", "operator", &alice)), 503);
            assert_eq!(refused["error"], "guard-unavailable");
        }
        assert_eq!(team.asked(), 1, "they are not asked for with each request");
        let line =
            format!("the signing keys at {}/cdn-cgi/access/certs could not be read", team.url);
        poll_until(&line, || guard.runtime().log().contains(&line));
        // The guard itself is there.
        guard.origin_always(Reply::new(201));
        assert_eq!(guard.send(&guard.order()).status, 201);
        team.show(Shown::Keys(vec![Signer::first()]));
        poll_until("the keys are read again", || {
            guard.send(&call("GET", "operator", &alice)).status == 200
        });
    }
}

#[test]
fn a_team_that_is_not_there_lets_nobody_in() {
    let team = Team::start(Shown::Silence);
    // A port that nobody listens on.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", gone.local_addr().expect("its address"));
    drop(gone);
    let guard = Guard::with(at_origin(false).config(CONFIG).var("ACCESS_TEAM", &url));
    let token = Signer::first().token(&team.claims(ALICE, &json!({"iss": url})));
    let refused = told(&guard.send(&call("GET", "operator", &token)), 503);
    assert_eq!(refused["error"], "guard-unavailable");
}

#[test]
fn a_half_of_it_is_a_mistake_of_the_deployment() {
    let guard =
        Guard::with(at_origin(false).var("ACCESS_TEAM", "http://acme.cloudflareaccess.com"));
    let answer = guard.send(&guard.order());
    problem::check(&answer, "misconfigured");
    assert!(answer.text().contains("ACCESS_AUD is not set"), "{}", answer.text());
    let other = at_origin(false).config(CONFIG).var("ACCESS_TEAM", "http://acme.example");
    let other = Guard::with(other);
    let refused = other.send(&Call::get("/.onlyonce/operator"));
    assert_eq!(refused.status, 500);
    assert!(refused.text().contains("is no team's address"), "{}", refused.text());
    guard.origin_always(Reply::new(200));
    assert_eq!(guard.send(&Call::get(&guard.path("/orders"))).status, 200);
}

//! The operator's console: who gets its files, with what beside them, and who does not.

use std::thread;

use serde_json::json;

use crate::guard::{Guard, at_origin};
use crate::http::{Answer, Call};
use crate::runtime::Setup;
use crate::script::Reply;

const TOKEN: &str = "operator-token-0123456789";
const PAGE: &str = "/.onlyonce/console";

fn guard() -> Guard {
    Guard::sharing(at_origin(true).var("ADMIN_TOKEN", TOKEN))
}

#[track_caller]
fn check_file(answer: &Answer, content_type: &str) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(content_type));
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    // What the assets say of a file is left out: it must not be kept, or asked for with conditions.
    for name in ["etag", "location", "access-control-allow-origin"] {
        assert_eq!(answer.header(name), None);
    }
}

#[track_caller]
fn check_nothing(answer: &Answer) {
    assert_eq!((answer.status, &*answer.text()), (404, "The guard has nothing here.\n"));
}

/// The page itself is no secret: what it asks for takes the token.
#[test]
fn the_page_and_its_files_are_served() {
    let guard = guard();
    for (below, content_type, begins) in [
        ("", "text/html; charset=utf-8", "<!doctype html>"),
        ("/", "text/html; charset=utf-8", "<!doctype html>"),
        ("/console.js", "text/javascript; charset=utf-8", "// The operator's console"),
        ("/console.css", "text/css; charset=utf-8", "/* "),
    ] {
        let path = format!("{PAGE}{below}");
        let answer = guard.send(&Call::get(&path));
        check_file(&answer, content_type);
        assert!(answer.text().starts_with(begins), "{path}: {}", answer.text());
        let head = guard.send(&Call::new("HEAD", &path));
        check_file(&head, content_type);
        assert_eq!(head.text(), "");
        let conditional = Call::get(&path)
            .header("If-None-Match", "*")
            .header("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")
            .header("Range", "bytes=0-1");
        let again = guard.send(&conditional);
        check_file(&again, content_type);
        assert_eq!(again.text(), answer.text());
    }
    guard.check_calls(0);
}

#[test]
fn every_file_that_the_page_names_is_there() {
    let guard = guard();
    let text = |path: &str| {
        let answer = guard.send(&Call::get(path));
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    };
    let page = text(PAGE);
    let named = page.split('"').filter(|text| text.starts_with("/.onlyonce/console/"));
    let mut paths: Vec<String> = named.map(str::to_owned).collect();
    assert_eq!(paths.len(), 2, "a style and a script");
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        next += 1;
        for import in text(&path).split("from \"./").skip(1) {
            let name = import.split('"').next().expect("an end");
            let path = format!("{PAGE}/{name}");
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    assert!(paths.len() > 8, "{paths:?}");
}

#[test]
fn it_is_read_and_nothing_else() {
    let guard = guard();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for path in [PAGE, "/.onlyonce/console/console.js"] {
            let answer = guard.send(&Call::new(method, path).json("{}"));
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
    for below in
        ["/index.html", "/nothing.js", "/../../index.html", "/console.js/", "/%63onsole.js"]
    {
        let answer = guard.send(&Call::get(&format!("{PAGE}{below}")));
        assert_ne!(answer.status, 200, "{below}");
    }
    check_nothing(&guard.send(&Call::get(&format!("{PAGE}/nothing.js"))));
    check_nothing(&guard.send(&Call::get(&format!("{PAGE}/index.html"))));
}

#[test]
fn where_there_is_no_operator_or_no_console_there_is_nothing() {
    check_nothing(&Guard::shared(true).send(&Call::get(PAGE)));
    check_nothing(&Guard::shared(true).send(&Call::new("POST", PAGE)));
    let without_binding = "tests/workerd/with-origin-service.toml";
    let setup = Setup::new(true).config(without_binding).origin_service();
    let guard = Guard::sharing(setup.var("ADMIN_TOKEN", TOKEN));
    check_nothing(&guard.send(&Call::get(PAGE)));
    check_nothing(&guard.send(&Call::get(&format!("{PAGE}/console.js"))));
}

/// The assets stand in nobody's way: whatever is not the console's is the origin's, or guarded, as ever.
#[test]
fn no_other_path_reaches_the_files() {
    let guard = guard();
    guard.origin_always(Reply::new(200).body("the origin's own"));
    let own = ["/index.html", "/console.js", "/console.css", "/", "", "/.onlyonce", "/dom.js"];
    for (number, path) in own.into_iter().enumerate() {
        let answer = guard.send(&Call::get(&guard.path(path)));
        assert_eq!((answer.status, &*answer.text()), (200, "the origin's own"), "{path}");
        guard.check_calls(number + 1);
    }
    // Under no lane's path, where the files' own names would be.
    for path in ["/index.html", "/page.js", "/console.js"] {
        let answer = guard.send(&Call::get(path));
        assert!(answer.header("content-security-policy").is_none(), "{path}: {}", answer.text());
        assert!(!answer.text().contains("Onlyonce console"), "{path}");
    }
    let post = guard.send(&guard.order_to("/console.js"));
    assert_eq!((post.status, &*post.text()), (200, "the origin's own"));
}

/// Counted from what the shards hold, by route and by what became of each.
#[test]
fn the_last_hours_outcomes_are_counted() {
    let policy =
        json!({ "shards": 4, "routes": [{ "path": "/*/orders" }, { "path": "/*/payments" }] });
    let guard = Guard::with(at_origin(true).var("ADMIN_TOKEN", TOKEN).policy(&policy));
    guard.origin(|seen| match seen.target.rsplit('=').next() {
        Some("422") => Reply::json(422, "{}"),
        Some("500") => Reply::json(500, "{}"),
        Some("429") => Reply::json(429, "{}"),
        _ => Reply::json(201, "{}"),
    });
    let mut keys = 0;
    let mut send = |path: &str, times: usize| {
        for _ in 0..times {
            keys += 1;
            let call = guard.keyless_order_to(path).key(&format!("{}-{keys}", guard.key()));
            guard.send(&call);
        }
    };
    assert_eq!(outcomes(&guard, "")["routes"], json!([]));
    send("/orders?answer=201", 12);
    send("/orders?answer=422", 2);
    send("/payments?answer=500", 3);
    // The key is free again, and nothing is kept.
    send("/payments?answer=429", 2);
    let page = outcomes(&guard, "");
    let mut routes = page["routes"].as_array().expect("a list").clone();
    routes.sort_by_key(|route| route["route"].to_string());
    assert_eq!(
        routes,
        [
            json!({ "route": "/*/orders", "2xx": 12, "4xx": 2 }),
            json!({ "route": "/*/payments", "unknown": 3 }),
        ]
    );
    assert_eq!((&page["records_read"], &page["complete"]), (&json!(17), &json!(true)));
    assert_eq!((page.get("next"), page.get("unreachable")), (None, None));
}

/// Looking costs no write, and a shard that does not answer is named while the others are counted.
#[test]
fn a_count_writes_nothing_and_goes_on_without_a_shard() {
    let setup = at_origin(false).var("ADMIN_TOKEN", TOKEN).policy(&json!({ "shards": 2 }));
    let setup = setup.around("tests/workerd/instrumented.js").var("DEAD_SHARD", "shard/1");
    let guard = Guard::with(setup);
    guard.origin_always(Reply::json(201, "{}"));
    for number in 0..16 {
        guard.send(&guard.keyless_order().key(&format!("{}-{number}", guard.key())));
    }
    let counted = || -> serde_json::Value {
        let answer = guard.send(&Call::get("/.counted"));
        serde_json::from_slice(&answer.body).expect("counts")
    };
    let before = counted();
    assert!(before["rows_written"].as_u64() > Some(1), "{before}");
    let page = outcomes(&guard, "");
    let read = page["records_read"].as_u64().expect("a number");
    assert!((1..16).contains(&read), "{page}");
    assert_eq!(page["routes"], json!([{ "route": "*", "2xx": read }]));
    assert_eq!(page["unreachable"], json!(["shard/1"]));
    assert_eq!(counted().get("rows_written"), None);
}

#[test]
fn duplicates_are_counted_as_the_shards_have_seen_them() {
    let policy = json!({ "shards": 1, "routes": [{ "path": "/*/orders" }] });
    let guard = Guard::with(at_origin(false).var("ADMIN_TOKEN", TOKEN).policy(&policy));
    let gate = crate::script::Gate::new();
    guard.origin_in_turn([Reply::json(500, "{}").held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order_to("/orders"));
        gate.wait_for(1);
        let page = outcomes(&guard, "");
        assert_eq!(page["routes"], json!([{ "route": "/*/orders", "in-flight": 1 }]));
        gate.open();
        first.join().expect("an answer");
    });
    for _ in 0..3 {
        assert!(guard.send(&guard.order_to("/orders")).replayed());
    }
    guard.send(&guard.order_to("/orders").json("{}"));
    let expected = json!([{ "route": "/*/orders", "unknown": 1, "replayed": 3, "refused": 1 }]);
    assert_eq!(outcomes(&guard, "")["routes"], expected);
    guard.check_calls(1);
}

#[test]
fn the_count_takes_the_token_and_a_place_alone() {
    let guard = guard();
    let ask = |method: &str, query: &str| {
        let call = Call::new(method, &format!("/.onlyonce/outcomes{query}"));
        guard.send(&call.authorization(&format!("Bearer {TOKEN}")))
    };
    assert_eq!(guard.send(&Call::get("/.onlyonce/outcomes")).status, 401);
    assert_eq!(ask("GET", "?route=/a").status, 400);
    assert_eq!(ask("POST", "").status, 405);
    // Behind the last shard there is nothing.
    assert_eq!(outcomes(&guard, "?after=256")["records_read"], json!(0));
    check_nothing(&Guard::shared(true).send(&Call::get("/.onlyonce/outcomes")));
}

#[track_caller]
fn outcomes(guard: &Guard, query: &str) -> serde_json::Value {
    let call = Call::get(&format!("/.onlyonce/outcomes{query}"));
    let answer = guard.send(&call.authorization(&format!("Bearer {TOKEN}")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("JSON")
}

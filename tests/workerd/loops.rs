//! Guards in a row, and a guard that leads back to itself.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::runtime::Setup;
use crate::script::Reply;

#[test]
fn two_guards_in_a_row_work() {
    let inner = Guard::shared(true);
    inner.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let url = format!("http://{}", inner.runtime().address());
    let outer = Guard::with(Setup::new(true).var("ORIGIN", &url));
    let first = outer.send(&inner.order());
    assert_eq!((first.status, first.text().as_str()), (201, r#"{"order":1}"#));
    let status = first.headers.all("cache-status").join(", ");
    assert_eq!(status.matches("onlyonce; fwd=miss; stored; key=").count(), 2, "{status}");
    let again = outer.send(&inner.order());
    assert_eq!((again.status, &again.body, again.replayed()), (201, &first.body, true));
    assert_eq!(outer.send(&Call::get(&inner.path("/orders"))).status, 599, "a GET passes both");
    inner.check_calls(2);
    let via = inner.seen()[0].headers.all("via").join(", ");
    assert_eq!(via.matches("1.1 onlyonce-").count(), 2, "each leaves its mark: {via}");
}

/// A port that hands every connection on to an address which is known only later.
fn relay() -> (SocketAddr, Arc<OnceLock<SocketAddr>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address");
    let target = Arc::new(OnceLock::<SocketAddr>::new());
    let known = target.clone();
    thread::spawn(move || {
        for from in listener.incoming().flatten() {
            if let Some(to) = known.get().and_then(|to| TcpStream::connect(to).ok()) {
                join(from, to);
            }
        }
    });
    (port, target)
}

/// Bytes go both ways until either side closes.
fn join(one: TcpStream, other: TcpStream) {
    let halves = [(one.try_clone(), other.try_clone()), (Ok(other), Ok(one))];
    for (from, to) in halves {
        if let (Ok(mut from), Ok(mut to)) = (from, to) {
            thread::spawn(move || {
                io::copy(&mut from, &mut to).and_then(|_| to.shutdown(std::net::Shutdown::Write))
            });
        }
    }
}

#[test]
fn a_guard_whose_origin_leads_back_to_it_says_so() {
    let (port, target) = relay();
    let guard = Guard::with(Setup::new(true).var("ORIGIN", &format!("http://{port}")));
    target.set(guard.runtime().address()).expect("set once");
    problem::check(&guard.send(&Call::get(&guard.path("/orders"))), "loop-detected");
    let answer = guard.send(&guard.order());
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("\"loop-detected\""), "{}", answer.text());
    assert!(answer.text().contains("ORIGIN"), "names the cure: {}", answer.text());
}

/// What passes without a policy would go round as well.
#[test]
fn a_guard_without_a_policy_sees_a_loop_too() {
    let (port, target) = relay();
    let setup = Setup::new(true).var("ORIGIN", &format!("http://{port}"));
    let guard = Guard::with(setup.policy(&serde_json::json!({ "wait": "soon" })));
    target.set(guard.runtime().address()).expect("set once");
    problem::check(&guard.send(&Call::get(&guard.path("/orders"))), "loop-detected");
}

//! An origin that costs as little as possible: it reads a request to its end and answers with a
//! body that lies ready.
//!
//! `/size/<bytes>` asks for a body of that size, `/slow/<ms>` for an answer after that time,
//! `/calls` for the number of POSTs so far. `/counted/<bytes>/<ms>` asks for both, in an answer that no
//! other call gets, and has its key counted: `/counts` tells the calls, the keys and how many of these
//! came more than once. `/keyed/…` and
//! `/formed/…` are the same. Whatever else gets a small JSON text.

use crate::http::{Head, Messages};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::Duration;

static POSTS: AtomicU64 = AtomicU64::new(0);

/// How often each key came.
static COUNTED: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

const SMALL: &str = r#"{"id":"ord_8f14e45fceea167a","status":"accepted","item":"tea","quantity":1,"price_cents":450}"#;

/// Answers until the input closes.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || converse(stream));
        }
    });
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// A connection that breaks ends its own thread, and nothing else.
fn converse(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut messages = Messages::new(stream);
    while let Some(head) = messages.next()? {
        writer.write_all(&answer(&head))?;
    }
    Ok(())
}

fn answer(head: &Head) -> Vec<u8> {
    let posted = head.word(0) == "POST";
    if posted {
        POSTS.fetch_add(1, Ordering::Relaxed);
    }
    let mut path = head.word(1).split('/').skip(1);
    let kind = path.next().unwrap_or_default();
    let mut number = || path.next().and_then(|value| value.parse().ok()).unwrap_or(0);
    let body = match kind {
        "size" => text(number()),
        "calls" => POSTS.load(Ordering::Relaxed).to_string(),
        "slow" => {
            thread::sleep(Duration::from_millis(number() as u64));
            SMALL.into()
        }
        "counted" | "keyed" | "formed" if posted => {
            let call = count(head);
            let text = text(number());
            thread::sleep(Duration::from_millis(number() as u64));
            format!("{{\"call\":{call},\"rows\":{text}}}")
        }
        "counts" => counts(),
        _ => SMALL.into(),
    };
    response(if posted { "201 Created" } else { "200 OK" }, &body)
}

/// Counts a call under its key, and gives its number.
fn count(head: &Head) -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let key = head.key.clone().unwrap_or_default();
    let mut counted = COUNTED.lock().expect("a lock that nobody dies with");
    *counted.entry(key).or_default() += 1;
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

fn counts() -> String {
    let counted = COUNTED.lock().expect("a lock that nobody dies with");
    let counts: Vec<u32> = counted.values().copied().collect();
    let calls: u32 = counts.iter().sum();
    let doubled = counts.iter().filter(|count| **count > 1).count();
    format!("{{\"calls\":{calls},\"keys\":{},\"doubled\":{doubled}}}", counts.len())
}

/// A JSON text of about this size.
pub fn text(bytes: usize) -> String {
    const ROW: &str = r#"{"sku":"A-1009","quantity":3,"note":"leave it at the door"}"#;
    let rows = (bytes / (ROW.len() + 1)).max(1);
    format!("[{}]", vec![ROW; rows].join(","))
}

fn response(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Date: Sun, 22 Nov 2026 21:46:18 GMT\r\nCache-Control: no-store\r\n\
         X-Request-Id: 8f14e45f-ceea-467f-a4d4-90ad2c1b2f8a\r\nVary: Accept\r\n\r\n{body}"
    )
    .into_bytes()
}

//! An origin that costs as little as possible: it reads a request to its end and answers with a
//! body that lies ready.
//!
//! `/size/<bytes>` asks for a body of that size, `/slow/<ms>` for an answer after that time,
//! `/calls` for the number of POSTs so far. Whatever else gets a small JSON text.

use crate::http::{Head, Messages};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

static POSTS: AtomicU64 = AtomicU64::new(0);

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
    let (kind, value) = (path.next().unwrap_or_default(), path.next());
    let number = || value.and_then(|value| value.parse().ok());
    let body = match kind {
        "size" => text(number().unwrap_or(0)),
        "calls" => POSTS.load(Ordering::Relaxed).to_string(),
        "slow" => {
            thread::sleep(Duration::from_millis(number().unwrap_or(0) as u64));
            SMALL.into()
        }
        _ => SMALL.into(),
    };
    response(if posted { "201 Created" } else { "200 OK" }, &body)
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

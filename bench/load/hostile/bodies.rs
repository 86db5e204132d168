//! Bodies as large as the guard takes them, and larger, told in advance and not.

use super::paced::Shape;
use super::settings::Settings;

const MOST: usize = 10 * 1024 * 1024;
const CHUNK: usize = 256 * 1024;

pub fn shapes(settings: &Settings) -> Vec<Shape<'_>> {
    let whole = |bytes: usize| {
        move |key: &str| {
            settings.post(
                "/counted/64/0",
                &format!("Idempotency-Key: {key}\r\n"),
                &vec![b' '; bytes],
            )
        }
    };
    let chunked = |bytes: usize| {
        move |key: &str| {
            let lines = format!("Idempotency-Key: {key}\r\nTransfer-Encoding: chunked\r\n");
            let mut request = settings.head("/counted/64/0", &lines).into_bytes();
            for chunk in vec![b' '; bytes].chunks(CHUNK) {
                request.extend(format!("{:x}\r\n", chunk.len()).bytes());
                request.extend(chunk);
                request.extend(b"\r\n");
            }
            request.extend(b"0\r\n\r\n");
            request
        }
    };
    vec![
        Shape::new("10 MiB", whole(MOST)),
        Shape::new("10 MiB and a byte", whole(MOST + 1)),
        Shape::new("10 MiB in chunks", chunked(MOST)),
        Shape::new("10 MiB and a byte in chunks", chunked(MOST + 1)),
    ]
}

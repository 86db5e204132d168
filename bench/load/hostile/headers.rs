//! Heads of many lines, and of long ones.

use super::paced::Shape;
use super::settings::Settings;

const LONG: usize = 30_000;

pub fn shapes(settings: &Settings) -> Vec<Shape<'_>> {
    let with = |name, lines: String| {
        Shape::new(name, move |key: &str| {
            let lines = format!("Idempotency-Key: {key}\r\n{lines}");
            settings.post("/counted/64/0", &lines, b"{}")
        })
    };
    let repeated =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    vec![
        with("500 lines", repeated(500, &|at| format!("X-Line-{at}: {at}\r\n"))),
        with("500 lines of one name", repeated(500, &|at| format!("X-Line: {at}\r\n"))),
        with("200 keys", repeated(200, &|at| format!("Idempotency-Key: {at}\r\n"))),
        with(
            "3,000 cookies",
            format!("Cookie: {}\r\n", repeated(3000, &|at| format!("c{at}=1; "))),
        ),
        with("credential of 30 KB", format!("Authorization: Bearer {}\r\n", "x".repeat(LONG))),
        with("key of 30 KB", format!("Idempotency-Key: {}\r\n", "x".repeat(LONG))),
        with("300 KB", repeated(10, &|at| format!("X-{at}: {}\r\n", "x".repeat(LONG)))),
    ]
}

//! JSON that is small to send and dear to read, once under a key in the header and once with the key in
//! it (`key_from = ["json:/idempotency_key"]` on `/keyed/**`).

use super::paced::Shape;
use super::settings::Settings;

pub fn shapes(settings: &Settings) -> Vec<Shape<'_>> {
    let bombs: [(&str, &str, String); 8] = [
        ("nested 100,000 deep", "nested 100,000 deep, key inside", nested(100_000)),
        ("nested 120 deep", "nested 120 deep, key inside", nested(120)),
        ("number of 1 MB", "number of 1 MB, key inside", "7".repeat(1_000_000)),
        ("200,000 members", "200,000 members, key inside", members(0..200_000)),
        (
            "100,000 members, last first",
            "100,000 members, last first, key inside",
            members((0..100_000).rev()),
        ),
        (
            "1,200,000 values",
            "1,200,000 values, key inside",
            format!("[{}0]", "0,".repeat(1_200_000)),
        ),
        (
            "one name 50,000 times",
            "one name 50,000 times, key inside",
            format!("{{{}\"a\":0}}", "\"a\":0,".repeat(50_000)),
        ),
        (
            "1 MB of escapes",
            "1 MB of escapes, key inside",
            format!("\"{}\"", "\\u00e9".repeat(170_000)),
        ),
    ];
    let shapes = bombs.into_iter().flat_map(|(outside, inside, bomb)| {
        let body = bomb.clone();
        let in_header = move |key: &str| {
            let lines = format!("Idempotency-Key: {key}\r\nContent-Type: application/json\r\n");
            settings.post("/counted/64/0", &lines, format!("{{\"bomb\":{body}}}").as_bytes())
        };
        let in_body = move |key: &str| {
            let body = format!("{{\"bomb\":{bomb},\"idempotency_key\":\"{key}\"}}");
            settings.post("/keyed/64/0", "Content-Type: application/json\r\n", body.as_bytes())
        };
        [Shape::new(outside, in_header), Shape::new(inside, in_body)]
    });
    shapes.collect()
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn members(numbers: impl Iterator<Item = u32>) -> String {
    let members: Vec<String> = numbers.map(|number| format!("\"m{number:06}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

//! Multipart forms that are small to send and dear to read, once under a key in the header and once with
//! the key in a field (`key_from = ["form:idempotency-key"]` on `/formed/**`).

use super::paced::Shape;
use super::settings::Settings;

const BOUNDARY: &str = "b0undary";

struct Bomb {
    name: &'static str,
    inside: &'static str,
    boundary: String,
    parts: String,
}

pub fn shapes(settings: &Settings) -> Vec<Shape<'_>> {
    bombs()
        .into_iter()
        .flat_map(|bomb| [in_header(settings, &bomb), in_field(settings, &bomb)])
        .collect()
}

fn in_header<'a>(settings: &'a Settings, Bomb { name, boundary, parts, .. }: &Bomb) -> Shape<'a> {
    let content_type = content_type(boundary);
    let body = parts.clone();
    Shape::new(name, move |key| {
        let lines = format!("Idempotency-Key: {key}\r\n{content_type}");
        settings.post("/counted/64/0", &lines, body.as_bytes())
    })
}

fn in_field<'a>(settings: &'a Settings, Bomb { inside, boundary, parts, .. }: &Bomb) -> Shape<'a> {
    let content_type = content_type(boundary);
    let (boundary, parts) = (boundary.clone(), parts.clone());
    Shape::new(inside, move |key| {
        let body = format!("{}{parts}", part(&boundary, "idempotency-key", key));
        settings.post("/formed/64/0", &content_type, body.as_bytes())
    })
}

fn content_type(boundary: &str) -> String {
    format!("Content-Type: multipart/form-data; boundary={boundary}\r\n")
}

fn part(boundary: &str, name: &str, value: &str) -> String {
    format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn bombs() -> [Bomb; 6] {
    let bomb =
        |name, inside, parts: String| Bomb { name, inside, boundary: BOUNDARY.into(), parts };
    let end = format!("--{BOUNDARY}--\r\n");
    let many: String = (0..20_000).map(|at| part(BOUNDARY, &format!("f{at}"), "")).collect();
    let lines: String = (0..100_000).map(|at| format!("X-{at}: 0\r\n")).collect();
    let long = "b".repeat(20_000);
    [
        bomb("20,000 parts", "20,000 parts, key inside", format!("{many}{end}")),
        bomb(
            "a part with 100,000 lines of headers",
            "a part with 100,000 lines of headers, key inside",
            format!("--{BOUNDARY}\r\n{lines}\r\n\r\n{end}"),
        ),
        bomb(
            "5 MB of almost boundaries",
            "5 MB of almost boundaries, key inside",
            format!("{}{end}", part(BOUNDARY, "x", &"\r\n--b0undar".repeat(450_000))),
        ),
        bomb("nested 50 deep", "nested 50 deep, key inside", nested(50)),
        bomb("no end", "no end, key inside", part(BOUNDARY, "x", &"x".repeat(5_000_000))),
        Bomb {
            name: "boundary of 20 KB",
            inside: "boundary of 20 KB, key inside",
            parts: format!("{}--{long}--\r\n", part(&long, "x", "0")),
            boundary: long,
        },
    ]
}

fn nested(depth: usize) -> String {
    let mut body = "innermost".to_owned();
    for level in (0..depth).rev() {
        let (outer, inner) = (name_of(level), name_of(level + 1));
        body = format!(
            "--{outer}\r\nContent-Disposition: form-data; name=\"n{level}\"\r\n\
             Content-Type: multipart/mixed; boundary={inner}\r\n\r\n{body}\r\n--{outer}--\r\n"
        );
    }
    body
}

fn name_of(level: usize) -> String {
    if level == 0 { BOUNDARY.into() } else { format!("{BOUNDARY}-{level}") }
}

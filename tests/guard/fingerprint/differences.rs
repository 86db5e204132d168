//! No two requests that differ in anything but what does not count are one, and no two that differ only
//! in that are two: random requests, each sent in random spellings, and each with one thing changed.

use super::{AUTO, BYTES, NONE, Sent, different, same};
use crate::fixtures::Request;
use crate::random::Random;
use onlyonce::guard::known_names::{FORM_FIELDS, request_headers};

/// What a request asks for.
#[derive(Clone)]
struct Meaning {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    /// Headers that make another request, each at most once.
    headers: Vec<(&'static str, String)>,
    kind: Kind,
    /// Names and values, no name twice.
    fields: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Json,
    Form,
    Multipart,
    /// A multipart body within another one.
    Nested,
    Text,
    /// JSON that is said to be compressed.
    Coded,
}

const METHODS: [&str; 3] = ["POST", "PATCH", "PUT"];
const PATHS: [&str; 4] = ["/orders", "/orders/", "/Orders", "/%6Frders"];
const QUERIES: [&str; 4] = ["", "a=1", "a=2", "a=1&a=2"];
const KINDS: [Kind; 6] =
    [Kind::Json, Kind::Form, Kind::Multipart, Kind::Nested, Kind::Text, Kind::Coded];
const VALUES: [&str; 5] = ["", "1", "tea", "--b", "a%3Db"];

fn meaning(random: &mut Random) -> Meaning {
    let mut names: Vec<&str> = request_headers().collect();
    random.shuffle(&mut names);
    names.truncate(random.below(3));
    let count = 1 + random.below(4);
    let fields = (0..count).map(|at| (format!("f{at}"), random.pick(&VALUES).into())).collect();
    Meaning {
        method: random.pick(&METHODS),
        path: random.pick(&PATHS),
        query: random.pick(&QUERIES),
        fields,
        headers: names.into_iter().map(|name| (name, random.pick(&VALUES).into())).collect(),
        kind: random.pick(&KINDS),
    }
}

fn another<T: Copy + PartialEq>(random: &mut Random, from: &[T], than: T) -> T {
    let others: Vec<T> = from.iter().copied().filter(|one| *one != than).collect();
    random.pick(&others)
}

impl Meaning {
    /// One thing is another.
    fn altered(&self, random: &mut Random) -> Self {
        let mut other = self.clone();
        let at = random.below(other.fields.len());
        match random.below(8) {
            0 => other.method = another(random, &METHODS, self.method),
            1 => other.path = another(random, &PATHS, self.path),
            2 => other.query = another(random, &QUERIES, self.query),
            3 => other.kind = another(random, &KINDS, self.kind),
            4 => other.fields[at].0.push('x'),
            5 => other.fields[at].1.push('x'),
            6 => drop(other.fields.remove(at)),
            _ => match other.headers.pop() {
                Some((name, value)) if random.below(2) == 0 => {
                    other.headers.push((name, value + "x"));
                }
                Some(_) => {}
                None => other.headers.push(("soapaction", "x".into())),
            },
        }
        other
    }

    fn sent(&self, random: &mut Random) -> Sent {
        let boundary = format!("b{:08}", random.below(100_000_000));
        let (content_type, body) = self.body(&boundary, random);
        let mut head = Request::new(self.method, self.path).query(self.query);
        head = head.with("content-type", &spelled(&content_type, random));
        if self.kind == Kind::Coded {
            head = head.with("content-encoding", "gzip");
        }
        let mut headers: Vec<(&str, String)> = self.headers.clone();
        for name in ["user-agent", "traceparent", "cookie", "authorization", "x-request-id"] {
            headers.push((name, random.below(1_000).to_string()));
        }
        random.shuffle(&mut headers);
        Sent(headers.iter().fold(head, |head, (name, value)| head.with(name, value)), body)
    }

    fn body(&self, boundary: &str, random: &mut Random) -> (String, Vec<u8>) {
        let body = match self.kind {
            Kind::Json => self.json(random),
            Kind::Form => self.form(random),
            Kind::Multipart => self.multipart(boundary, random),
            Kind::Nested => {
                let inner = format!("{boundary}i");
                let kind = format!("multipart/form-data; boundary={inner}");
                let parts = self.multipart(&inner, random);
                format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n{parts}\r\n--{boundary}--")
            }
            Kind::Text | Kind::Coded => self.text(","),
        };
        let kind = match self.kind {
            Kind::Json | Kind::Coded => "application/json".into(),
            Kind::Form => "application/x-www-form-urlencoded".into(),
            Kind::Multipart => format!("multipart/form-data; boundary={boundary}"),
            Kind::Nested => format!("multipart/mixed; boundary={boundary}"),
            Kind::Text => "text/plain".into(),
        };
        (kind, body.into_bytes())
    }

    fn text(&self, separator: &str) -> String {
        let member = |(name, value): &(String, String)| format!("\"{name}\":\"{value}\"");
        self.fields.iter().map(member).collect::<Vec<_>>().join(separator)
    }

    fn json(&self, random: &mut Random) -> String {
        let mut shuffled = self.clone();
        random.shuffle(&mut shuffled.fields);
        format!("{{{}}}", shuffled.text(random.pick(&[",", " , ", ",\n"])))
    }

    /// The fields, and here and there one that does not count.
    fn with_tokens(&self, random: &mut Random) -> Vec<(String, String)> {
        let names: Vec<&str> = FORM_FIELDS.iter().flat_map(|group| group.names).copied().collect();
        let mut fields = self.fields.clone();
        for _ in 0..random.below(3) {
            let token = (random.pick(&names).to_owned(), random.below(1_000).to_string());
            fields.insert(random.below(fields.len() + 1), token);
        }
        fields
    }

    fn form(&self, random: &mut Random) -> String {
        let fields = self.with_tokens(random);
        let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    fn multipart(&self, boundary: &str, random: &mut Random) -> String {
        let part = |(name, value): &(String, String)| {
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        self.with_tokens(random).iter().map(part).collect::<String>() + &format!("--{boundary}--")
    }
}

/// In another case now and then, and with the charset that it has anyway.
fn spelled(kind: &str, random: &mut Random) -> String {
    let more = random.pick(&["", "; charset=utf-8", " ;Charset=\"UTF-8\""]);
    kind.replacen("form-data", random.pick(&["form-data", "Form-Data"]), 1) + more
}

#[test]
fn whatever_is_asked_for() {
    for seed in 0..5_000 {
        let mut random = Random::seeded(seed);
        let meaning = meaning(&mut random);
        let other = meaning.altered(&mut random);
        let [first, again] = [0, 1].map(|_| meaning.sent(&mut random));
        same(&AUTO, &first, &again);
        different(&AUTO, &first, &other.sent(&mut random));
        if first.1 != again.1 {
            different(&BYTES, &first, &again);
        }
        let target = |meaning: &Meaning| (meaning.method, meaning.path, meaning.headers.clone());
        match target(&meaning) == target(&other) {
            true => same(&NONE, &first, &other.sent(&mut random)),
            false => different(&NONE, &first, &other.sent(&mut random)),
        }
    }
}

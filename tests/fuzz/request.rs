//! Requests as values: two are equal where they ask for the same, however they are sent.

use onlyonce::guard::request_head::RequestHead;

use crate::choices::Choices;
use crate::random::Random;
use crate::tree::{Tree, tree};

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    content_type: Option<&'static str>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Json(Tree),
    Form { parts: Vec<Vec<u8>>, before: &'static str, after: &'static str },
    Bytes(Vec<u8>),
}

/// A request as it is sent.
pub struct Sent {
    request: Request,
    content_type: Option<String>,
    pub body: Vec<u8>,
}

const METHODS: [&str; 3] = ["POST", "PATCH", "post"];
const PATHS: [&str; 4] = ["/orders", "/orders/", "/Orders", "/%6frders"];
const QUERIES: [&str; 4] = ["", "a=1", "a=1&", "b=2&a=1"];

impl Request {
    pub fn new(choices: &mut Choices) -> Self {
        let mut request = Self {
            method: METHODS[0],
            path: PATHS[0],
            query: QUERIES[0],
            content_type: None,
            body: Body::Bytes(Vec::new()),
        };
        request.set_head(choices);
        request.set_body(choices);
        request
    }

    fn set_head(&mut self, choices: &mut Choices) {
        self.method = choices.pick(&METHODS);
        self.path = choices.pick(&PATHS);
        self.query = choices.pick(&QUERIES);
    }

    fn set_body(&mut self, choices: &mut Choices) {
        (self.content_type, self.body) = match choices.below(4) {
            0 | 1 => {
                let kind = choices.pick(&["application/json", "application/problem+json"]);
                (Some(kind), Body::Json(tree(choices, 0)))
            }
            2 => {
                let kind = choices.pick(&["multipart/form-data", "multipart/mixed"]);
                let parts = choices.list(3, |choices| choices.bytes().to_vec());
                let before = choices.pick(&["", "for old readers\r\n", "\r\n"]);
                let after = choices.pick(&["\r\n", "", "\r\nthe end"]);
                (Some(kind), Body::Form { parts, before, after })
            }
            _ => {
                let kinds = [None, Some(""), Some("text/plain"), Some("application/jsonl")];
                (choices.pick(&kinds), Body::Bytes(choices.bytes().to_vec()))
            }
        };
    }

    /// Another request; by chance it is the same.
    pub fn alter(&mut self, choices: &mut Choices) {
        match (choices.below(8), &mut self.body) {
            (0, _) => self.set_head(choices),
            (1, _) => self.set_body(choices),
            (_, Body::Json(tree)) => tree.alter(choices),
            (_, Body::Form { parts, .. }) => match parts.last_mut() {
                Some(part) if choices.flag() => alter_bytes(part, choices),
                Some(_) => drop(parts.pop()),
                None => parts.push(choices.bytes().to_vec()),
            },
            (_, Body::Bytes(bytes)) => alter_bytes(bytes, choices),
        }
    }

    /// Sends it in one of its spellings.
    pub fn send(&self, random: &mut Random) -> Sent {
        let boundary = format!("--fuzz{:010}", random.below(10_000_000_000));
        let body = self.body.write(&boundary, random);
        let content_type = self.content_type.map(|kind| match &self.body {
            Body::Form { .. } => format!("{}; Boundary=\"{boundary}\"", spelled(kind, random)),
            _ => spelled(kind, random),
        });
        Sent { request: self.clone(), content_type, body }
    }
}

/// In another case now and then, and with the charset that it has anyway.
fn spelled(kind: &str, random: &mut Random) -> String {
    let kind = if random.below(2) == 0 { kind.to_owned() } else { kind.to_ascii_uppercase() };
    let more =
        if kind.is_empty() { "" } else { random.pick(&["", " ; charset=utf-8", ";Charset=UTF8"]) };
    kind + more
}

fn alter_bytes(bytes: &mut Vec<u8>, choices: &mut Choices) {
    let at = choices.below(bytes.len() + 1);
    match bytes.get_mut(at) {
        Some(byte) => *byte = byte.wrapping_add(choices.byte()),
        None => bytes.push(choices.byte()),
    }
}

impl Body {
    fn write(&self, boundary: &str, random: &mut Random) -> Vec<u8> {
        match self {
            Self::Json(tree) => {
                let mut text = String::new();
                tree.write(random, &mut text);
                text.into_bytes()
            }
            Self::Form { parts, before, after } => {
                let mut body = before.as_bytes().to_vec();
                for part in parts {
                    body.extend(format!("--{boundary}\r\n\r\n").bytes());
                    body.extend(part);
                    body.extend(b"\r\n");
                }
                body.extend(format!("--{boundary}--{after}").bytes());
                body
            }
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

impl Sent {
    /// Whether all but the body is the same.
    pub fn has_head_of(&self, other: &Sent) -> bool {
        let head = |sent: &Sent| {
            let Request { method, path, query, content_type, .. } = sent.request;
            (method, path, query, content_type)
        };
        head(self) == head(other)
    }
}

impl RequestHead for Sent {
    fn method(&self) -> &str {
        self.request.method
    }

    fn path(&self) -> &str {
        self.request.path
    }

    fn query(&self) -> &str {
        self.request.query
    }

    fn header(&self, name: &str) -> Option<String> {
        self.content_type.clone().filter(|_| name == "content-type")
    }
}

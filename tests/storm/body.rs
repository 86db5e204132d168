//! The bodies of requests: each operation has two, and each can be written in more than one way.
//!
//! The second is another request under the same key. However a body is written, it is the same request:
//! JSON in another order of members, a form with another boundary.

use crate::random::Random;

/// Which of the two bodies of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    One,
    Other,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Json,
    Form,
    Empty,
    Bytes(usize),
}

pub fn kind(random: &mut Random) -> Kind {
    let small = random.below(4000) + 1;
    random.pick(&[
        Kind::Json,
        Kind::Json,
        Kind::Json,
        Kind::Form,
        Kind::Empty,
        Kind::Bytes(small),
        Kind::Bytes(small),
        Kind::Bytes(100_000),
    ])
}

/// Content type and bytes, written afresh.
pub fn write(kind: Kind, variant: Variant, random: &mut Random) -> (String, Vec<u8>) {
    let amount = if variant == Variant::One { 450 } else { 451 };
    match kind {
        Kind::Json => ("application/json".to_owned(), json(amount, random)),
        Kind::Form => form(amount, random),
        Kind::Empty if variant == Variant::One => ("text/plain".to_owned(), Vec::new()),
        Kind::Empty => ("text/plain".to_owned(), vec![0]),
        Kind::Bytes(length) => ("application/octet-stream".to_owned(), bytes(length, variant)),
    }
}

fn json(amount: u32, random: &mut Random) -> Vec<u8> {
    let price = format!("\"price\":{amount}");
    let mut members = [price.as_str(), r#""item":"tea""#, r#""to":{"city":"Gda\u0144sk"}"#];
    random.shuffle(&mut members);
    let comma = random.pick(&[",", ", ", "\n ,"]);
    format!("{{{}}}", members.join(comma)).into_bytes()
}

fn form(amount: u32, random: &mut Random) -> (String, Vec<u8>) {
    let boundary = format!("----{:08}", random.below(100_000_000));
    let part = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let parts = part("item", "tea") + &part("price", &amount.to_string());
    let body = format!("{parts}--{boundary}--\r\n");
    (format!("multipart/form-data; boundary={boundary}"), body.into_bytes())
}

/// Every byte there is; the other body differs in its last one alone.
fn bytes(length: usize, variant: Variant) -> Vec<u8> {
    let mut bytes: Vec<_> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
    if variant == Variant::Other
        && let Some(last) = bytes.last_mut()
    {
        *last ^= 1;
    }
    bytes
}

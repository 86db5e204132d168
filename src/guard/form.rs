//! A form (`application/x-www-form-urlencoded`), or a query, which is written like one: without the fields
//! that do not count, and the values of one field.
//!
//! What counts stays as it was sent: order, repetition and encoding.

use super::known_names::is_ignored_field;
use memchr::memchr;
use percent_encoding::percent_decode;
use std::borrow::Cow;

/// The fields that do not count: those of the list, and those that a policy names.
#[derive(Clone, Copy)]
pub struct IgnoredFields<'a>(pub &'a [String]);

impl IgnoredFields<'_> {
    pub fn has(&self, name: &[u8]) -> bool {
        is_ignored_field(name) || self.0.iter().any(|ignored| ignored.as_bytes() == name)
    }
}

/// The fields that count, in their order.
pub fn counted_fields<'a>(body: &'a [u8], ignored: IgnoredFields) -> Cow<'a, [u8]> {
    without_fields(body, &|name| ignored.has(name))
}

/// The fields whose decoded name is none of these, in their order.
pub fn without_fields<'a>(body: &'a [u8], is_left_out: &dyn Fn(&[u8]) -> bool) -> Cow<'a, [u8]> {
    let fields = || body.split(|byte| *byte == b'&');
    if !fields().any(|field| is_ignored(field, is_left_out)) {
        return body.into();
    }
    let mut counted = Vec::with_capacity(body.len());
    for (at, field) in fields().filter(|field| !is_ignored(field, is_left_out)).enumerate() {
        counted.extend_from_slice(if at == 0 { b"" } else { b"&" });
        counted.extend_from_slice(field);
    }
    counted.into()
}

/// The values of a field, as servers read them.
pub fn values<'a>(body: &'a [u8], name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    body.split(|byte| *byte == b'&').filter_map(move |field| {
        let end = memchr(b'=', field).unwrap_or(field.len());
        let (written, value) = field.split_at_checked(end)?;
        let is_it = match is_encoded(written) {
            true => decoded(written) == name.as_bytes(),
            false => written == name.as_bytes(),
        };
        is_it.then(|| decoded(value.get(1..).unwrap_or_default()))
    })
}

fn is_ignored(field: &[u8], is_left_out: &dyn Fn(&[u8]) -> bool) -> bool {
    let name = field.split(|byte| *byte == b'=').next().unwrap_or_default();
    let is_it = match is_encoded(name) {
        true => is_left_out(&decoded(name)),
        false => is_left_out(name),
    };
    // Some servers read a semicolon as an ampersand: what stands behind it is another field.
    is_it && !field.contains(&b';')
}

fn is_encoded(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'%' | b'+'))
}

/// A name or a value as servers read it.
fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

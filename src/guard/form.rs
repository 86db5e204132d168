//! A form (`application/x-www-form-urlencoded`) without the fields that do not count.
//!
//! Everything else stays as it was sent: order, repetition and encoding.

use super::known_names::is_ignored_field;
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
    let fields = || body.split(|byte| *byte == b'&');
    if !fields().any(|field| is_ignored(field, ignored)) {
        return body.into();
    }
    let mut counted = Vec::with_capacity(body.len());
    for (at, field) in fields().filter(|field| !is_ignored(field, ignored)).enumerate() {
        counted.extend_from_slice(if at == 0 { b"" } else { b"&" });
        counted.extend_from_slice(field);
    }
    counted.into()
}

fn is_ignored(field: &[u8], ignored: IgnoredFields) -> bool {
    let name = field.split(|byte| *byte == b'=').next().unwrap_or_default();
    let is_it = match name.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        true => ignored.has(&decoded(name)),
        false => ignored.has(name),
    };
    // Some servers read a semicolon as an ampersand: what stands behind it is another field.
    is_it && !field.contains(&b';')
}

/// A name as servers read it.
fn decoded(name: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        name.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

//! Members of an answer that are shown once and never kept, such as a secret.
//!
//! 1. They are named by JSON pointers, in which a star stands for every member or element. In what is kept each is `null`, whatever it was, and each time where
//!    its name stands twice; all other bytes are the origin's.
//! 2. What is no JSON cannot be looked into.

use super::json_pointer::{Pointer, Stars, values_at, written};

/// A body without the members that are not to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    pub body: Vec<u8>,
    /// The pointers to those that it had.
    pub members: Vec<String>,
}

/// Returns `None` if the body cannot be looked into.
pub fn redact(body: &[u8], pointers: &[Pointer]) -> Option<Redacted> {
    let pointers: Vec<&[String]> = pointers.iter().map(Vec::as_slice).collect();
    let found = values_at(body, &pointers, Stars::Every)?;
    let mut redacted = Redacted { body: Vec::with_capacity(body.len()), members: Vec::new() };
    let mut rest = body;
    // A member that is not there is not left out either.
    for found in found.values.iter().filter(|found| found.value.get() != NULL) {
        let value = found.value.get().as_bytes();
        // It is a part of the body, behind those before it.
        let at = value.as_ptr().addr().checked_sub(rest.as_ptr().addr())?;
        redacted.body.extend(rest.get(..at)?);
        redacted.body.extend(NULL.as_bytes());
        rest = rest.get(at.checked_add(value.len())?..)?;
        let member = written(found.pointer);
        if !redacted.members.contains(&member) {
            redacted.members.push(member);
        }
    }
    redacted.body.extend(rest);
    Some(redacted)
}

const NULL: &str = "null";

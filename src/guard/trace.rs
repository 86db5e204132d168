//! What joins a line of the log with the lines of others: the platform's id of a request, and the trace that
//! its caller began (W3C Trace Context, "traceparent Header").
//!
//! Both are the caller's words where the platform did not write them, so that only what has their form is
//! written down. The headers themselves go to the origin untouched.

use super::request_head::RequestHead;

/// The trace's id: 32 hex digits, not all of them 0. Returns `None` if there is no trace.
pub fn trace_id(head: &impl RequestHead) -> Option<String> {
    let header = head.header("traceparent")?;
    let mut fields = header.trim().split('-');
    let (version, trace) = (fields.next()?, fields.next()?);
    // Later versions add fields behind these; ff is none.
    let is_version = is_hex(version, 2) && version != "ff";
    let parent = fields.next().is_some_and(|parent| is_hex(parent, 16));
    let is_trace = is_hex(trace, 32) && trace.bytes().any(|digit| digit != b'0');
    (is_version && parent && is_trace).then(|| trace.to_owned())
}

/// The platform's id of the request, with the place that took it: `8e0393e2bb7d0a1c-FRA`.
pub fn ray(head: &impl RequestHead) -> Option<String> {
    let ray = head.header("cf-ray")?;
    let (id, place) = ray.split_once('-').unwrap_or((&ray, ""));
    let is_place = place.len() <= 8 && place.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_hex(id, 16) && is_place).then_some(ray)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

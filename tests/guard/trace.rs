//! What joins the log's lines with those of others.

use crate::fixtures::Request;
use onlyonce::guard::trace::{ray, trace_id};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_trace_is_known_by_its_id() {
    let id = |header: &str| trace_id(&Request::post("/").with("traceparent", header));
    let known = Some(TRACE.to_owned());
    assert_eq!(id(&format!("00-{TRACE}-00f067aa0ba902b7-01")), known);
    // A later version has more.
    assert_eq!(id(&format!(" cc-{TRACE}-00f067aa0ba902b7-01-more ")), known);
    let zeros = "0".repeat(32);
    for none in [
        "",
        TRACE,
        &format!("00-{TRACE}"),
        &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        &format!("00-{zeros}-00f067aa0ba902b7-01"),
        &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
        &format!("00-{TRACE}0-00f067aa0ba902b7-01"),
        &format!("00-{TRACE}-secret-01"),
        "00-order-17-of-somebody-01",
    ] {
        assert_eq!(id(none), None, "{none}");
    }
    assert_eq!(trace_id(&Request::post("/")), None);
}

#[test]
fn the_platforms_id_is_taken_only_in_its_form() {
    let id = |header: &str| ray(&Request::post("/").with("cf-ray", header));
    for known in ["8e0393e2bb7d0a1c-FRA", "8e0393e2bb7d0a1c"] {
        assert_eq!(id(known).as_deref(), Some(known));
    }
    for none in [
        "",
        "FRA",
        "8e0393e2bb7d0a1c-a secret",
        "8e0393e2bb7d0a1c-ABCDEFGHI",
        "8E0393E2BB7D0A1C-FRA",
    ] {
        assert_eq!(id(none), None, "{none}");
    }
}

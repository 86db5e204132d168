//! What the fields that say how much of an answer is kept demand of others.

use super::one;

const SETTLE: &str = r#"{"path": "/orders?key={key}", "found": "/data/0", "absent_after": "10m"}"#;

#[test]
fn a_sealed_answer_has_no_key_beside_it() {
    one(
        &format!(r#"{{"seal": true, "settle": {SETTLE}}}"#),
        r#"seal true does not go with settle: write settle = "off", or seal = false: to ask the origin about a key the guard has to store it, and whoever reads that can read the answer"#,
    );
    one(
        r#"{"seal": true, "fingerprint": "bytes", "unknown": "resend"}"#,
        r#"seal true does not go with unknown = "resend": write unknown = "hold", or seal = false: to send a request again under its first key the guard has to store that, and whoever reads it can read the answer"#,
    );
}

#[test]
fn members_are_those_of_a_body_that_is_kept() {
    for store in ["head", "none"] {
        one(
            &format!(r#"{{"store": "{store}", "redact": ["/secret"]}}"#),
            r#"redact […] names members of a body that store does not keep: write store = "full", or redact = []"#,
        );
    }
}

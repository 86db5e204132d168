//! Who asks, and what they may do.

use super::ID;
use super::access::{NOW, access, shows, token};
use crate::fixtures::Request;
use onlyonce::guard::operator::{
    AdminError, AdminRequest, AssertionError, Credentials, Operator, Role,
};
use serde_json::json;

const BASE: &str = "https://api.example.com";

fn operator(name: &str, role: Role, is_ambient: bool) -> Operator {
    Operator { name: name.into(), role, is_ambient }
}

#[track_caller]
fn who(
    head: &Request,
    token: Option<&str>,
    operators: Option<&str>,
) -> Result<Operator, AdminError> {
    let access = operators.map(access);
    Credentials::of(head, token, access.as_ref(), NOW).map(|shown| shown.operator(access.as_ref()))
}

#[test]
fn a_token_an_assertion_or_both() {
    let bare = || Request::new("GET", "/.onlyonce/unknown");
    let bearer =
        |head: Request, token: &str| head.with("authorization", &format!("Bearer {token}"));
    let alice = || shows(&token(&json!({})));
    let full = |name: &str, is_ambient| Ok(operator(name, Role::Full, is_ambient));
    let read_only = Ok(operator("alice@acme.com", Role::ReadOnly, true));
    let list = Some("alice@acme.com");
    // The token alone, as ever.
    assert_eq!(who(&bearer(bare(), "sesame"), Some("sesame"), None), full("token", false));
    assert_eq!(who(&bearer(bare(), "sesame"), Some("sesame"), list), full("token", false));
    assert_eq!(who(&bare(), Some("sesame"), None), Err(AdminError::Unauthorized));
    assert_eq!(who(&bearer(bare(), "wrong"), Some("sesame"), list), Err(AdminError::Unauthorized));
    // Nobody has said whom to believe, so the header is anybody's.
    assert_eq!(who(&alice(), Some("sesame"), None), Err(AdminError::Unauthorized));
    assert_eq!(who(&bearer(alice(), "sesame"), Some("sesame"), None), full("token", false));
    // Access beside the token, or in its place.
    for token in [None, Some("sesame")] {
        assert_eq!(who(&alice(), token, list), full("alice@acme.com", true));
        assert_eq!(who(&alice(), token, Some("")), read_only);
        assert_eq!(who(&bare(), token, list), Err(AdminError::Unidentified));
    }
    // Both: the one names, the other allows; and a wrong one is not made good by the other.
    let both = bearer(alice(), "sesame");
    assert_eq!(who(&both, Some("sesame"), Some("")), full("alice@acme.com", false));
    assert_eq!(who(&bearer(alice(), "wrong"), Some("sesame"), list), Err(AdminError::Unauthorized));
    let expired = bearer(shows(&token(&json!({"exp": 1}))), "sesame");
    assert_eq!(who(&expired, Some("sesame"), list), Err(AssertionError::Expired.into()));
    // Where the team's keys cannot be read, the token stands alone, and an assertion does not.
    let shown = |head: &Request, token: Option<&str>| {
        let access = access("");
        let shown = Credentials::of(head, token, Some(&access), NOW).expect("credentials");
        shown.without_assertion().map(|left| left.operator(Some(&access)))
    };
    assert_eq!(shown(&both, Some("sesame")), Some(operator("token", Role::Full, false)));
    assert_eq!(shown(&alice(), Some("sesame")), None);
    // An application's own password, which a browser adds by itself, is no operator's token.
    let basic = alice().with("authorization", "Basic YTpi");
    assert_eq!(who(&basic, Some("sesame"), list), full("alice@acme.com", true));
    assert_eq!(who(&bearer(bare(), ""), None, list), Err(AdminError::Unidentified));
}

/// All that can be asked, and whether it acts.
fn requests() -> Vec<(Request, bool)> {
    let leak = |text: String| &*text.leak();
    let record = leak(format!("/.onlyonce/records/{ID}"));
    vec![
        (Request::post("/.onlyonce/find"), false),
        (Request::new("GET", "/.onlyonce/unknown"), false),
        (Request::new("GET", "/.onlyonce/outcomes"), false),
        (Request::new("GET", "/.onlyonce/operator"), false),
        (Request::new("GET", record), false),
        (Request::new("GET", record).query("body=1"), false),
        (Request::post(leak(format!("{record}/open"))), false),
        (Request::new("DELETE", record), true),
        (Request::post(leak(format!("{record}/resolve"))), true),
    ]
}

#[track_caller]
fn asked(head: &Request) -> AdminRequest {
    use onlyonce::guard::request_head::RequestHead as _;
    AdminRequest::parse(head.method(), head.path(), head.query()).expect("a request")
}

#[test]
fn who_may_only_read_is_refused_every_act() {
    for (head, acts) in requests() {
        let request = asked(&head);
        assert_eq!(request.acts(), acts, "{request:?}");
        let reader = operator("bob@acme.com", Role::ReadOnly, true);
        let refused = Err(AdminError::ReadOnly("bob@acme.com".into()));
        let expected = if acts { refused } else { Ok(()) };
        assert_eq!(reader.check(&request, &head, BASE), expected, "{request:?}");
        let full = operator("alice@acme.com", Role::Full, true);
        assert_eq!(full.check(&request, &head, BASE), Ok(()), "{request:?}");
    }
}

#[test]
fn a_foreign_page_cannot_act_by_what_a_browser_shows_by_itself() {
    let alice = operator("alice@acme.com", Role::Full, true);
    let by_token = operator("token", Role::Full, false);
    for (name, value, is_own) in [
        ("sec-fetch-site", "same-origin", true),
        ("sec-fetch-site", "same-site", false),
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "none", false),
        ("sec-fetch-site", "", false),
        ("origin", BASE, true),
        ("origin", "http://api.example.com", false),
        ("origin", "https://evil.example", false),
        ("origin", "null", false),
    ] {
        for (head, acts) in requests() {
            let head = head.with(name, value);
            let request = asked(&head);
            let is_refused = acts && !is_own;
            let expected = if is_refused { Err(AdminError::ForeignPage) } else { Ok(()) };
            assert_eq!(alice.check(&request, &head, BASE), expected, "{name}: {value}");
            assert_eq!(by_token.check(&request, &head, BASE), Ok(()), "no page knows the token");
        }
    }
    let forged = Request::new("DELETE", "/").with("origin", BASE);
    let forged = forged.with("sec-fetch-site", "cross-site");
    let forget = requests().into_iter().find(|(_, acts)| *acts).map(|(head, _)| asked(&head));
    let checked = alice.check(&forget.expect("an act"), &forged, BASE);
    assert_eq!(checked, Err(AdminError::ForeignPage));
}

#[test]
fn who_one_is() {
    let told = operator("a\"@acme.com", Role::ReadOnly, true).to_json();
    assert_eq!(told, r#"{"operator":"a\"@acme.com","role":"read-only"}"#);
    let told = operator("token", Role::Full, false).to_json();
    assert_eq!(told, r#"{"operator":"token","role":"full"}"#);
}

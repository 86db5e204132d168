//! Forms: a token that is drawn anew for each attempt does not count, everything else does.

use super::{AUTO, BYTES, Sent, different, order, same};
use onlyonce::guard::fingerprint::{Ignore, Method};
use onlyonce::guard::known_names::FORM_FIELDS;

fn form(body: &str) -> Sent {
    order(Some("application/x-www-form-urlencoded"), body.as_bytes())
}

/// A field for each pair, and a boundary of the body's own.
fn multipart(boundary: &str, fields: &[(&str, &str)]) -> Sent {
    let part = |(disposition, value): &(&str, &str)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    };
    let body = fields.iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n");
    order(Some(&format!("multipart/form-data; boundary={boundary}")), body.as_bytes())
}

fn ignoring(field: &str) -> Method {
    Method { ignore: Ignore { fields: vec![field.into()], ..Ignore::default() }, ..AUTO }
}

#[test]
fn tokens_do_not_count() {
    for name in FORM_FIELDS.iter().flat_map(|group| group.names) {
        let first = form(&format!("{name}=A&item=tea"));
        same(&AUTO, &first, &form(&format!("{name}=B&item=tea")));
        same(&AUTO, &first, &form(&format!("item=tea&{name}=")));
        same(&AUTO, &first, &form("item=tea"));
        different(&AUTO, &first, &form(&format!("{name}=A&item=coffee")));
        different(&BYTES, &first, &form(&format!("{name}=B&item=tea")));

        let quoted = format!("name=\"{name}\"");
        let [tea, coffee] = [("name=\"item\"", "tea"), ("name=\"item\"", "coffee")];
        let first = multipart("a", &[(&quoted, "A"), tea]);
        same(&AUTO, &first, &multipart("b", &[(&quoted, "B"), tea]));
        same(&AUTO, &first, &multipart("b", &[tea]));
        different(&AUTO, &first, &multipart("b", &[(&quoted, "A"), coffee]));
    }
}

/// Symfony and Laminas name a form's members `order[…]`.
#[test]
fn a_token_in_brackets_is_one_by_its_last_part() {
    for name in ["order[_token]", "order[shipping][csrf]", "order%5B_token%5D"] {
        let first = form(&format!("{name}=A&item=tea"));
        same(&AUTO, &first, &form(&format!("{name}=B&item=tea")));
        different(&AUTO, &first, &form(&format!("{name}=A&item=coffee")));
    }
    let order = |token| multipart("a", &[("name=\"order[_token]\"", token), ("name=item", "tea")]);
    same(&AUTO, &order("A"), &order("B"));
    for name in ["csrf[item]", "order[_token][]", "order[token]", "order[my_csrf]", "[]", "]", "["]
    {
        different(&AUTO, &form(&format!("{name}=A")), &form(&format!("{name}=B")));
    }
}

#[test]
fn a_policy_names_more() {
    let method = ignoring("sent at");
    let first = form("sent+at=1&item=tea");
    same(&method, &first, &form("sent%20at=2&item=tea"));
    different(&AUTO, &first, &form("sent+at=2&item=tea"));
    different(&method, &first, &form("sent+at=1&item=coffee"));
    let sent_at = |at| multipart("a", &[("name=\"sent at\"", at), ("name=item", "tea")]);
    same(&method, &sent_at("1"), &sent_at("2"));
    different(&AUTO, &sent_at("1"), &sent_at("2"));
    // A pointer is for JSON alone.
    let pointers = vec![vec!["sent at".to_owned()]];
    let method = Method { ignore: Ignore { pointers, ..Ignore::default() }, ..AUTO };
    different(&method, &first, &form("sent+at=2&item=tea"));
}

/// Order, repetition and spelling may mean something to the origin.
#[test]
fn everything_else_of_a_form_counts() {
    let first = form("a=1&b=2&_csrf=x");
    for other in [
        "b=2&a=1",
        "a=1&b=2&",
        "a=1&&b=2",
        "a=1&b=2&b=2",
        "a=1&b=%32",
        "a=1&b=2;_csrf=x",
        "a=1&b=2&_CSRF=x",
        "a=1&b=2&_csrf2=x",
        "a=1&b=2&x_csrf=x",
        "a=1&b=2&_csrf[]=x",
        "a=1&b=2&__viewstate=x",
        "a=1&b=2&__VIEWSTATE2=x",
        "a=1&b=2&my.faces.ViewState=x",
        "",
    ] {
        different(&AUTO, &first, &form(other));
    }
    same(&AUTO, &first, &form("a=1&_csrf=y&b=2"));
    same(&AUTO, &first, &form("a=1&%5Fcsrf=y&b=2"));
    same(&AUTO, &form("_csrf=x"), &form(""));
}

/// Where a server reads a semicolon as an ampersand, another field hides behind the token.
#[test]
fn nothing_hides_in_a_token() {
    different(&AUTO, &form("_csrf=A;item=tea"), &form("_csrf=A;item=coffee"));
    let file = |content| multipart("a", &[("name=\"_csrf\"; filename=\"a.txt\"", content)]);
    different(&AUTO, &file("one"), &file("two"));
    let twice = |name| format!("name=\"_csrf\"; name=\"{name}\"");
    different(
        &AUTO,
        &multipart("a", &[(&twice("item"), "tea")]),
        &multipart("a", &[(&twice("item"), "coffee")]),
    );
}

#[test]
fn only_a_form_is_read_as_one() {
    let text = |body: &str| order(Some("text/plain"), body.as_bytes());
    different(&AUTO, &text("_csrf=A"), &text("_csrf=B"));
    different(&AUTO, &text("a=1"), &form("a=1"));
    let json =
        |token| order(Some("application/json"), format!(r#"{{"_csrf":"{token}"}}"#).as_bytes());
    different(&AUTO, &json("A"), &json("B"));
    let mixed = |token| {
        let body =
            format!("--a\r\nContent-Disposition: inline; name=\"_csrf\"\r\n\r\n{token}\r\n--a--");
        order(Some("multipart/mixed; boundary=a"), body.as_bytes())
    };
    different(&AUTO, &mixed("A"), &mixed("B"));
}

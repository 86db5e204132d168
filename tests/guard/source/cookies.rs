//! A Cookie header: whose names and values count, and which of them tell nobody apart.

use super::{order, read};
use crate::fixtures::Request;
use crate::random::Random;
use onlyonce::guard::known_names::{COOKIES, is_ignored_cookie};

fn with_cookie(header: &str) -> Request {
    order().with("cookie", header)
}

#[test]
fn a_cookie_is_read_as_servers_read_it() {
    for (header, expected) in [
        ("sid=alice", Some("alice")),
        ("a=b; sid=alice", Some("alice")),
        ("a=b;sid=alice;c=d", Some("alice")),
        ("sid =alice", Some("alice")),
        (" sid\t=alice", Some("alice")),
        ("s%69d=alice", Some("alice")),
        ("sid=x; sid=alice", Some("x;alice")),
        ("sid=x; sid =alice", Some("x;alice")),
        ("sid=\"alice\"", Some("\"alice\"")),
        ("sid=a=b", Some("a=b")),
        // Two lines of one header arrive joined by a comma.
        ("a=b, sid=alice", Some("alice")),
        ("a, b, sid=alice, c=d", Some("alice, c=d")),
        ("sid=x, sid=alice", Some("x, sid=alice")),
        ("sid=", Some("")),
        ("sid", None),
        ("Sid=alice", None),
        ("xsid=alice", None),
        ("a=sid=alice", None),
        ("", None),
    ] {
        assert_eq!(read("cookie:sid", &with_cookie(header)).as_deref(), expected, "{header}");
    }
}

/// The credential of everything that a cookie can say: whatever differs there differs here.
#[test]
fn no_two_cookies_are_taken_for_one() {
    let headers = [
        "sid=alice",
        "sid=bob",
        "sid=x; sid=alice",
        "sid=x; sid=bob",
        "sid=alice; sid=x",
        "a=b, sid=carol",
        "sid=x, sid=alice",
        "sid=\"alice\"",
        "sid=",
        "b=alice",
    ];
    for from in ["cookie:sid", "cookies"] {
        for (at, one) in headers.iter().enumerate() {
            for other in &headers[at + 1..] {
                let [first, second] = [one, other].map(|header| read(from, &with_cookie(header)));
                assert_ne!(first, second, "{from}: {one} and {other}");
            }
        }
    }
}

#[track_caller]
fn tells(header: &str, expected: Option<&str>) {
    assert_eq!(read("cookies", &with_cookie(header)).as_deref(), expected, "{header}");
}

#[test]
fn cookies_that_tell_nobody_apart_are_left_out() {
    tells("sid=1; _ga=1", Some("sid=1"));
    tells("_ga_ABC123=1; sid=1; AWSALB=x; __cf_bm=y; OptanonConsent=z", Some("sid=1"));
    tells("_ga=1; _gid=2", None);
    tells("", None);
    tells(" ; ;", None);
    // Their names are told apart by case, and not by their beginning.
    tells("_GA=1", Some("_GA=1"));
    tells("_gaming=1", Some("_gaming=1"));
    tells("x_ga=1", Some("x_ga=1"));
    tells("sid=_ga=1", Some("sid=_ga=1"));
}

#[test]
fn the_order_of_names_does_not_count() {
    tells("b=2; a=1", Some("a=1; b=2"));
    tells("a=1; b=2", Some("a=1; b=2"));
    tells("a =1;b=2", Some("a=1; b=2"));
    // Of one name the first counts somewhere and the last elsewhere.
    tells("a=2; a=1", Some("a=2; a=1"));
    tells("a=1; a=2", Some("a=1; a=2"));
    tells("alice; a=1", Some("a=1; alice"));
    tells("=alice; a=1", Some("=alice; a=1"));
}

/// The second of two lines hides behind the last cookie of the first.
#[test]
fn what_stands_behind_a_cookie_that_is_left_out_counts() {
    tells("_ga=1, sid=alice", Some("sid=alice"));
    tells("_ga=1, _gid=2, sid=alice; b=c", Some("b=c; sid=alice"));
    tells("_ga=1, _gid=2", None);
    tells("CookieConsent=a,b,c; sid=1", Some("sid=1"));
}

/// Beside what says who somebody is, a cookie says nothing more.
#[test]
fn cookies_count_where_the_authorization_header_does_not_say_who() {
    let beside = |authorization: &str| {
        read("cookies", &with_cookie("sid=1").with("authorization", authorization))
    };
    for authorization in
        ["Bearer abc", "bearer abc", "Digest username=\"u\"", "Token abc", "0123456789abcdef"]
    {
        assert_eq!(beside(authorization), None, "{authorization}");
    }
    for authorization in [
        "Basic dXNlcjpwYXNz",
        "BASIC dXNlcjpwYXNz",
        "Basic",
        "Bearer",
        "Bearer undefined",
        "Bearer null",
        "Token",
        "",
    ] {
        assert_eq!(beside(authorization).as_deref(), Some("sid=1"), "{authorization}");
    }
    // An application's key says which application.
    let keyed = with_cookie("sid=1").with("x-api-key", "k");
    assert_eq!(read("cookies", &keyed).as_deref(), Some("sid=1"));
}

/// No two headers that differ in a cookie that counts are one, and no two that differ in nothing else
/// are two.
#[test]
fn whatever_else_there_is() {
    let measured: Vec<String> =
        COOKIES.iter().flat_map(|group| group.names).map(|name| name.replace('*', "x1")).collect();
    for seed in 0..5_000 {
        let mut random = Random::seeded(seed);
        let names = ["sid", "SID", "a", "b", "session", "__Host-id"];
        let mut counted: Vec<String> = (0..1 + random.below(4))
            .map(|at| format!("{}{at}={}", random.pick(&names), random.below(3)))
            .collect();
        let first = shuffled(&counted, &measured, &mut random);
        let again = shuffled(&counted, &measured, &mut random);
        assert_eq!(
            read("cookies", &with_cookie(&first)),
            read("cookies", &with_cookie(&again)),
            "{first} and {again}"
        );
        let at = random.below(counted.len());
        counted[at].push('x');
        let other = shuffled(&counted, &measured, &mut random);
        assert_ne!(
            read("cookies", &with_cookie(&first)),
            read("cookies", &with_cookie(&other)),
            "{first} and {other}"
        );
    }
}

fn shuffled(counted: &[String], measured: &[String], random: &mut Random) -> String {
    let mut all = counted.to_vec();
    for _ in 0..random.below(4) {
        all.push(format!("{}={}", measured[random.below(measured.len())], random.below(100)));
    }
    random.shuffle(&mut all);
    all.join(random.pick(&["; ", ";", " ;  "]))
}

/// What an application may call its own is on no list.
#[test]
fn names_of_sessions_count() {
    for name in [
        "sid",
        "session",
        "sessionid",
        "SESSION",
        "JSESSIONID",
        "PHPSESSID",
        "ASP.NET_SessionId",
        "connect.sid",
        "laravel_session",
        "_session_id",
        "auth",
        "token",
        "access_token",
        "jwt",
        "user",
        "uid",
        "remember_token",
        "__Host-session",
        "__Secure-next-auth.session-token",
        "wordpress_logged_in_x",
        // A session of Citrix's gateway, beside its load balancer's NSC_ and any letters.
        "NSC_AAAC",
        "NSC_TMAS",
        // Boomerang's timings, or an application's refresh token.
        "RT",
        "dt",
        "TS",
        "s_session",
        "_shopify_essential",
        "_shop_app_session",
        "cart",
        "mp",
        "mp_session",
        "ph",
        "ai",
        "bm_session",
        "AMP_SESSION",
        "route",
        "SERVERID",
        "",
    ] {
        assert!(!is_ignored_cookie(name), "{name}");
    }
}

#[test]
fn names_that_tools_write_do_not_count() {
    for name in [
        "dtCookie",
        "dtPC",
        "rxVisitor",
        "rxvt",
        "utag_main",
        "utag_main_v_id",
        "utag_main__sn",
        "TS01a2b3c4",
        "mbox",
        "s_nr",
        "s_ppv",
        "gpv_pn",
        "cto_bundle",
        "FPID",
        "FPLC",
        "_hp2_id.318805607",
        "_hp2_ses_props.318805607",
        "_shopify_sa_t",
        "_shopify_sa_p",
        "_tracking_consent",
        "sbjs_session",
        "ttcsid",
        "ttcsid_C70N19O394AQ13GK2OV0",
        "_dc_gtm_UA-61915057-6",
        "XSRF-TOKEN",
        "csrftoken",
        "__RequestVerificationToken",
        "__RequestVerificationToken_Lw__",
        "_csrf",
    ] {
        assert!(is_ignored_cookie(name), "{name}");
    }
}

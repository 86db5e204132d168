//! What people are told of a policy before it is deployed.

use onlyonce::report::Deployment;
use serde_json::{Value, json};

#[track_caller]
fn read(variables: &Value) -> Deployment {
    Deployment::read(&variables.to_string())
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.join("\n")))
}

/// The mistakes, a sentence each.
#[track_caller]
fn mistakes(variables: &str) -> Vec<String> {
    Deployment::read(variables).err().unwrap_or_else(|| panic!("nothing is wrong with {variables}"))
}

#[test]
fn it_tells_what_holds_for_every_path() {
    let text = read(&json!({
        "ORIGIN": "https://origin.example/",
        "POLICY": {"realm": "shop", "shards": 512, "shards_before": 256, "jurisdiction": "eu", "wait": "5s", "routes": [
            {"path": "/pay/**", "key": "required", "release": [429]},
            {"path": "/free", "key": "off"},
        ]},
    }))
    .settings();
    for line in [
        "origin           https://origin.example",
        "realm            shop",
        "shards           512",
        "shards_before    256",
        "calls_per_shard  6",
        "location         none",
        "jurisdiction     eu",
        "                     [vars.POLICY]              routes[0] /pay/**          routes[1] /free",
        "key                    optional                 * required                 * off",
        "wait                 * 5s                       * 5s                         -",
        "deadline               125s                       125s                       -",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("Set PEPPER before the first key comes"), "{text}");
    assert!(text.contains("as in scope = [\"cookie:sid\"]"), "{text}");
    let named = read(&json!({"POLICY": {"scope": ["cookie:sid"]}})).settings();
    assert!(!named.contains("cookie alone") && named.contains("Set PEPPER"), "{named}");
}

#[test]
fn it_tells_what_holds_for_one_request() {
    let deployment = read(&json!({"POLICY": {"routes": [
        {"path": "/pay/**", "key": "required"},
        {"path": "/*/later", "key": "off"},
    ]}}));
    let text = deployment.request("POST", "/pay/later");
    assert!(text.starts_with(
        "POST /pay/later: routes[0] /pay/** decides; guarded with a key; without one, refused (key-missing)\n\
         routes[1] /*/later is for this path, too, and stands below: it is not asked.\n"
    ), "{text}");
    assert!(deployment.request("GET", "/else").starts_with(
        "GET /else: [vars.POLICY] decides; not guarded, since methods is POST, PATCH\n"
    ));
}

#[test]
fn it_tells_the_contract_that_the_deployed_guard_would() {
    let contract =
        read(&json!({"POLICY": {"routes": [{"path": "/free", "key": "off"}]}})).contract();
    let contract: Value = serde_json::from_str(&contract).expect("JSON");
    assert_eq!(contract["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(contract["routes"][0], json!({"path": "/free", "key": "off"}));
}

#[test]
fn it_tells_every_mistake() {
    let variables = json!({"ORIGIN": "origin.example", "POLICY": {"wait": "5", "key": 1}});
    assert_eq!(
        mistakes(&variables.to_string()),
        [
            "ORIGIN \"origin.example\" does not start with https:// or http://; set it to a base URL such as https://origin.example.com",
            "key 1 is a number: write \"required\", \"optional\", \"derive\", \"generate\" or \"off\"",
            "wait \"5\" has no unit: write \"5s\"",
        ]
    );
}

#[test]
fn it_knows_the_bindings() {
    let variables = json!({"POLICY": {"jurisdiction": "eu"}, "RESPONSES": "RESPONSES"});
    let told = mistakes(&variables.to_string());
    assert!(
        told[0].starts_with("jurisdiction \"eu\" does not go with a bound RESPONSES"),
        "{told:?}"
    );
    let by_service = read(&json!({"ORIGIN_SERVICE": "shop"})).settings();
    assert!(by_service.starts_with("origin           ORIGIN_SERVICE, a service binding\n"));
}

#[test]
fn it_reads_a_policy_from_text_and_does_without_one() {
    for variables in [json!({}), json!({"POLICY": null}), json!({"POLICY": "{\"wait\": \"9s\"}"})] {
        assert!(read(&variables).settings().starts_with("origin           not set here"));
    }
    for variables in ["", "[", r#"{"POLICY": "wait = 9"}"#, r#"{"POLICY": []}"#, r#"{"ORIGIN": 7}"#]
    {
        mistakes(variables);
    }
}

#[test]
fn it_warns_of_a_policy_that_the_platform_would_not_take() {
    let warning = "the platform takes 5 KB for one variable";
    for (origins, expected) in [(1, false), (60, true)] {
        let origins: Vec<String> =
            (0..origins).map(|at| format!("https://{at}.{}.example", "a".repeat(90))).collect();
        let text = read(&json!({"POLICY": {"cors": {"origins": origins}}})).settings();
        assert_eq!(text.contains(warning), expected);
    }
}

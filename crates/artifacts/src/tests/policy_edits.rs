//! Edits of policy files keep whatever they are not about.

use lazaret_policy::{Rule, Verdict};
use serde_json::json;

use crate::{Error, add_rule, new_policy, parse_source, remove_rules, replace_rule};

fn rule(pattern: &str, verdict: Verdict) -> Rule {
    serde_json::from_value(json!({"match": pattern, "verdict": verdict})).unwrap()
}

fn allow(pattern: &str) -> Rule {
    rule(pattern, Verdict::Allow)
}

fn check_add(text: &str, rule: &Rule, expected: &str) {
    let added = add_rule(text, rule).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(added, expected);
}

#[test]
fn a_rule_is_added_behind_the_others_and_comments_stay() {
    check_add(
        "# ours\nnetwork:\n  # rules\n  rules:\n    - match: a.test # a\n      verdict: allow\n    # end\nintegrations: [x] # y\n",
        &allow("b.test"),
        "# ours\nnetwork:\n  # rules\n  rules:\n    - match: a.test # a\n      verdict: allow\n    - match: b.test\n      verdict: allow\n    # end\nintegrations: [x] # y\n",
    );
    check_add(
        "network:\n  rules:\n  - {match: a.test, verdict: allow}",
        &allow("*.b.test"),
        "network:\n  rules:\n  - {match: a.test, verdict: allow}\n  - match: \"*.b.test\"\n    verdict: allow\n",
    );
    let full: Rule = serde_json::from_value(json!({
        "match": "b.test", "verdict": "ask", "ports": [443, "1-2"], "methods": ["GET"],
        "paths": ["/x/**"], "description": "a \"b\": c",
    }))
    .unwrap();
    check_add(
        "network:\n  rules: []\n  default: ask\n",
        &full,
        "network:\n  rules: [{\"match\": \"b.test\", \"verdict\": \"ask\", \"ports\": [443,\"1-2\"], \"methods\": [\"GET\"], \"paths\": [\"/x/**\"], \"description\": \"a \\\"b\\\": c\"}]\n  default: ask\n",
    );
    check_add(
        "network:\n  default: ask # asks\n",
        &full,
        "network:\n  rules:\n    - match: b.test\n      verdict: ask\n      ports: [443,\"1-2\"]\n      methods: [\"GET\"]\n      paths: [\"/x/**\"]\n      description: \"a \\\"b\\\": c\"\n  default: ask # asks\n",
    );
    check_add(
        "integrations: []\n",
        &allow("10.0.0.0/8"),
        "integrations: []\nnetwork:\n  rules:\n    - match: \"10.0.0.0/8\"\n      verdict: allow\n",
    );
    check_add(
        "network: {}\n",
        &allow("a.test"),
        "network: {\"rules\": [{\"match\": \"a.test\", \"verdict\": \"allow\"}]}\n",
    );
    let envelope = "apiVersion: lens.dev/v1alpha1\nkind: Policy\nmetadata: {name: p}\nspec:\n  network:\n    default: deny\n";
    let added = add_rule(envelope, &allow("a.test")).unwrap();
    assert_eq!(
        added,
        envelope.replace(
            "    default",
            "    rules:\n      - match: a.test\n        verdict: allow\n    default"
        )
    );
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"network\": {\n    \"rules\": [\n      {\"match\": \"a.test\", \"verdict\": \"deny\", \"paths\": [\"/a,]\"]}\n    ]\n  }\n}\n";
    let added = add_rule(text, &allow("b.test")).unwrap();
    let line = ",\n      {\"match\": \"b.test\", \"verdict\": \"allow\"}\n    ]\n";
    assert_eq!(added, text.replace("\n    ]\n", line));
    let (removed, count) = remove_rules(&added, "a.test").unwrap();
    assert_eq!(count, 1);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&removed).unwrap(),
        json!({"network": {"rules": [{"match": "b.test", "verdict": "allow"}]}})
    );
    let (back, _) = remove_rules(&added, "b.test").unwrap();
    assert_eq!(back, text);
    let added = add_rule("{}", &allow("a.test")).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&added).is_ok(),
        "{added}"
    );
}

#[test]
fn all_rules_of_a_host_are_removed() {
    let text = "network:\n  rules:\n    # a\n    - match: a.test\n      verdict: allow\n    - match: b.test # b\n      verdict: deny\n    - match: a.test\n      verdict: deny\n# end\n";
    let (removed, count) = remove_rules(text, "a.test").unwrap();
    assert_eq!(count, 2);
    assert_eq!(
        removed,
        "network:\n  rules:\n    # a\n    - match: b.test # b\n      verdict: deny\n# end\n"
    );
    let (empty, count) = remove_rules(&removed, "b.test").unwrap();
    assert_eq!(
        (empty.as_str(), count),
        ("network:\n  rules: []\n    # a\n# end\n", 1)
    );
    assert_eq!(remove_rules(text, "c.test").unwrap(), (text.to_owned(), 0));
}

#[test]
fn a_route_goes_where_it_decides() {
    let text = "network:\n  egress:\n    http:\n      # first\n      - match: a.test\n        verdict: allow\n      - match: \"*\"\n        verdict: deny\n";
    check_add(
        text,
        &allow("b.test"),
        "network:\n  egress:\n    http:\n      # first\n      - match: b.test\n        verdict: allow\n      - match: a.test\n        verdict: allow\n      - match: \"*\"\n        verdict: deny\n",
    );
    let with_port: Rule = serde_json::from_value(json!({
        "match": "fd00::1", "verdict": "allow", "ports": [443], "methods": ["GET"], "paths": ["/a"],
    }))
    .unwrap();
    let text = "network:\n  allowedRoutes: []\n  defaultVerdict: deny\n";
    let added = parse_source(&add_rule(text, &with_port).unwrap()).unwrap();
    assert_eq!(
        added["network"]["allowedRoutes"],
        json!([{"match": "[fd00::1]:443", "verdict": "allow", "rules": [{"method": "GET", "path": "/a"}]}])
    );
    let mixin =
        "apiVersion: lns.run/v1\nkind: mixin\nname: decisions\nspec:\n  egress:\n    http: []\n";
    let added = parse_source(&add_rule(mixin, &allow("a.test")).unwrap()).unwrap();
    assert_eq!(added["spec"]["egress"]["http"][0]["match"], "a.test");
    let ports: Rule =
        serde_json::from_value(json!({"match": "a.test", "verdict": "allow", "ports": [1, 2]}))
            .unwrap();
    assert!(matches!(
        add_rule(mixin, &ports),
        Err(Error::Invalid { .. })
    ));
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let anchor = "rules: &r\n  - match: a.test\n    verdict: allow\nnetwork:\n  rules: *r\n";
    for text in [
        anchor,
        "network:\n  rules:\n    -\n      match: a.test\n      verdict: allow\n",
    ] {
        assert!(add_rule(text, &allow("b.test")).is_err(), "{text}");
    }
    assert!(matches!(
        add_rule("network: {rules: [}", &allow("a.test")),
        Err(Error::Source { .. })
    ));
    let invalid = rule("a b", Verdict::Allow);
    assert!(matches!(
        add_rule("network: {rules: []}", &invalid),
        Err(Error::Invalid { .. })
    ));
}

#[test]
fn a_new_file_says_what_it_is() {
    let text = new_policy(&allow("a.test"));
    assert!(text.starts_with("# "), "{text}");
    assert_eq!(
        parse_source(&text).unwrap(),
        json!({"network": {"default": "deny", "rules": [{"match": "a.test", "verdict": "allow"}]}})
    );
}

#[test]
fn a_rule_takes_the_place_of_another() {
    let text = "network:\n  rules:\n    - match: a.test\n      verdict: ask\n    # then\n    - match: b.test\n      verdict: deny\n";
    assert_eq!(
        replace_rule(text, 1, &allow("a.test")).unwrap(),
        text.replacen("ask", "allow", 1)
    );
    let flow =
        "{network: {rules: [{match: a.test, verdict: ask}, {match: b.test, verdict: deny}]}}";
    let replaced = replace_rule(flow, 2, &allow("b.test")).unwrap();
    assert_eq!(
        parse_source(&replaced).unwrap(),
        json!({"network": {"rules": [{"match": "a.test", "verdict": "ask"}, {"match": "b.test", "verdict": "allow"}]}})
    );
    for number in [0, 3] {
        assert!(matches!(
            replace_rule(text, number, &allow("c.test")),
            Err(Error::NotEdited)
        ));
    }
}

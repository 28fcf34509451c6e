use proptest::prelude::*;

use super::{Challenge, Scopes};

fn shown(text: &str) -> Vec<String> {
    Challenge::parse(text)
        .iter()
        .map(|challenge| {
            let parameters: Vec<String> = challenge
                .parameters
                .iter()
                .map(|(name, value)| format!("{name}=<{value}>"))
                .collect();
            format!("{} {}", challenge.scheme, parameters.join(" "))
        })
        .collect()
}

#[test]
fn challenges_of_real_registries_are_read() {
    let check = |text: &str, expected: &[&str]| assert_eq!(shown(text), expected, "{text}");
    check(
        r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
        &[
            "bearer realm=<https://auth.docker.io/token> service=<registry.docker.io> scope=<repository:a/b:pull,push>",
        ],
    );
    check(
        r#"Basic realm="Registry Realm""#,
        &["basic realm=<Registry Realm>"],
    );
    check("BASIC realm=plain", &["basic realm=<plain>"]);
    check(
        r#"Basic realm="a, b=\"c\"", charset=UTF-8, Bearer realm = "https://x/t" , error="invalid_token""#,
        &[
            r#"basic realm=<a, b="c"> charset=<UTF-8>"#,
            "bearer realm=<https://x/t> error=<invalid_token>",
        ],
    );
    check(
        "Negotiate, Basic realm=x",
        &["negotiate ", "basic realm=<x>"],
    );
    check(
        "NTLM TlRMTVNTUAAC==, Basic realm=x",
        &["ntlm ", "tlrmtvntuaac ", "basic realm=<x>"],
    );
    check("Bearer realm=a, realm=b", &["bearer realm=<a>"]);
    check(
        "Bearer realm=https://x/token,service=y",
        &["bearer realm=<https://x/token> service=<y>"],
    );
}

#[test]
fn scopes_merge_in_one_order() {
    let pull = Scopes::pull(&"a/b".parse().unwrap());
    let push = Scopes::push(&"a/b".parse().unwrap());
    assert_eq!(pull.to_string(), "repository:a/b:pull");
    assert_eq!(push.to_string(), "repository:a/b:pull,push");
    assert_eq!(pull.and(&push), push);
    let parsed = Scopes::parse(
        "repository:a/b:push,pull  repository:a/b:delete registry:catalog:* junk :: ",
    );
    assert_eq!(
        parsed.to_string(),
        "registry:catalog:* repository:a/b:delete,pull,push"
    );
    assert_eq!(Scopes::parse(&"x:y:z ".repeat(1000)), Scopes::none());
}

proptest! {
    #[test]
    fn any_header_is_parsed_within_bounds(text in "[ -~\t]{0,400}") {
        let found = Challenge::parse(&text);
        prop_assert!(found.len() <= 16);
        for challenge in found {
            prop_assert!(!challenge.scheme.is_empty());
            prop_assert!(challenge.parameters.len() <= 16);
        }
    }

    #[test]
    fn headers_made_of_awkward_pieces_are_parsed(pieces in proptest::collection::vec(
        prop_oneof!["Bearer", "Basic", "realm", "=", "\"", "\\\\", ",", " ", "\u{e9}", "x"], 0..60)) {
        let _ = Challenge::parse(&pieces.concat());
    }

    #[test]
    fn a_quoted_value_comes_back(realm in "[ -~]{0,60}", service in "[a-z0-9.]{1,20}") {
        let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
        let text = format!("Bearer realm=\"{quoted}\", service={service}");
        let found = Challenge::parse(&text);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].get("realm"), Some(realm.as_str()));
        prop_assert_eq!(found[0].get("service"), Some(service.as_str()));
    }
}

use std::time::Duration;

use proptest::prelude::*;

use super::answer::Answer;
use super::pattern::ImagePattern;
use super::span::parse_span;
use crate::Credential;

#[test]
fn patterns_stand_for_images_as_kubelet_has_it() {
    let check = |pattern: &str, image: &str, expected: bool| {
        let parsed = ImagePattern::parse(pattern).unwrap();
        assert_eq!(parsed.matches(image), expected, "{pattern} {image}");
    };
    for (pattern, image) in [
        ("gcr.io", "gcr.io"),
        ("gcr.io", "gcr.io/a/b"),
        ("*.azurecr.io", "ex.azurecr.io/a"),
        ("*.AzureCR.io", "ex.azurecr.io/a"),
        ("k8s.*.io", "k8s.gcr.io/a"),
        ("app*.k8s.io", "app1.k8s.io/a"),
        (
            "*.dkr.ecr.*.amazonaws.com",
            "1.dkr.ecr.us-east-1.amazonaws.com/a",
        ),
        ("*.*.registry.io", "a.b.registry.io"),
        ("foo.registry.io:8080/path", "foo.registry.io:8080/path/a"),
        ("reg.io/team/", "reg.io/team/app"),
        ("reg.io/team", "reg.io/teams/app"),
        ("a?c.io", "abc.io/x"),
        ("*", "localhost/x"),
        ("*.io", ".io/x"),
    ] {
        check(pattern, image, true);
    }
    for (pattern, image) in [
        ("*.io", "k8s.gcr.io/a"),
        ("*.azurecr.io", "azurecr.io/a"),
        ("*.azurecr.io", "ex.azurecr.io.evil.test/a"),
        ("*.azurecr.io", "evil.test/ex.azurecr.io"),
        ("*", "a.b/x"),
        ("gcr.io", "gcr.io:443/a"),
        ("gcr.io:443", "gcr.io/a"),
        ("gcr.io:443", "gcr.io:4430/a"),
        ("reg.io/team/", "reg.io/team"),
        ("reg.io/team", "reg.io"),
        ("reg.io/Team", "reg.io/team"),
        ("a?c.io", "ac.io"),
    ] {
        check(pattern, image, false);
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    let long = "a".repeat(2000);
    for pattern in [
        "",
        "/a",
        ":80",
        "a b",
        "[a-z].io",
        "a\\.io",
        "reg.io:*",
        "reg.io:",
        "reg.io/*",
        "https://a",
        "user@reg.io",
        "münchen.test",
        &long,
    ] {
        assert!(ImagePattern::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn spans_are_those_of_go() {
    for (text, milliseconds) in [
        ("0", 0),
        ("0s", 0),
        ("5m", 300_000),
        ("12h0m0s", 43_200_000),
        ("1h30m", 5_400_000),
        ("1.5s", 1500),
        ("300ms", 300),
        ("+2us", 0),
        ("2000\u{b5}s", 2),
        ("-5m", 0),
        ("-0", 0),
    ] {
        let found = parse_span(text).map(|span| span.as_millis());
        assert_eq!(found, Ok(milliseconds), "{text}");
    }
    for text in [
        "", "5", "m", "5 m", "1d", "1h30", ".", "1..5s", "--1s", "s5", "1e3s", "5m ",
    ] {
        assert_eq!(parse_span(text), Err(()), "{text}");
    }
    assert_eq!(parse_span(&format!("{}h", "9".repeat(400))), Err(()));
    assert_eq!(parse_span("8760h"), Ok(Duration::from_secs(8760 * 3600)));
}

fn answer(auth: &str) -> Answer {
    let text = format!(
        r#"{{"apiVersion":"credentialprovider.kubelet.k8s.io/v1",
            "kind":"CredentialProviderResponse","cacheKeyType":"Image","auth":{auth}}}"#
    );
    Answer::parse(text.as_bytes()).ok().unwrap()
}

#[test]
fn the_most_specific_pattern_of_an_answer_counts() {
    let answer = answer(
        r#"{"*.io":{"username":"star"},"reg.io":{"username":"host"},
            "reg.io/team":{"username":"team"},"reg.io/team/app":{"username":"app"},
            "https://old.io/v2/":{"username":"old"},"http://older.io/":{"username":"older"},
            "[bad":{"username":"bad"}}"#,
    );
    for (image, user) in [
        ("reg.io/team/app", "app"),
        ("reg.io/team/other", "team"),
        ("reg.io/x", "host"),
        ("other.io/x", "star"),
        ("old.io/x", "old"),
        ("older.io/x", "older"),
    ] {
        let found = answer.credential(&[image.to_owned()]);
        let is_user = |found: &Credential| matches!(found, Credential::Basic { username, .. } if username == user);
        assert!(found.as_ref().is_some_and(is_user), "{image}: {found:?}");
    }
    assert_eq!(answer.credential(&["a.test/x".to_owned()]), None);
}

proptest! {
    #[test]
    fn no_text_does_harm(pattern in "\\PC{0,40}", image in "\\PC{0,40}", out in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(pattern) = ImagePattern::parse(&pattern) {
            pattern.matches(&image);
        }
        let _ = parse_span(&image);
        let _ = Answer::parse(&out);
    }
}

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

#[track_caller]
fn check(text: &str, matching: &[&str], other: &[&str]) {
    let pattern = pattern(text);
    for name in matching {
        assert!(pattern.matches(name), "{text} should match {name}");
    }
    for name in other {
        assert!(!pattern.matches(name), "{text} should not match {name}");
    }
}

#[test]
fn stars_stay_within_a_segment_unless_they_are_one() {
    check(
        "acme/app",
        &["acme/app"],
        &["acme/apps", "acme", "x/acme/app"],
    );
    check("acme/*", &["acme/app"], &["acme", "acme/a/b", "acmes/app"]);
    check(
        "acme/**",
        &["acme", "acme/app", "acme/a/b"],
        &["acmes", "x/acme"],
    );
    check("**", &["a", "a/b/c"], &[]);
    check("**/app", &["app", "a/app", "a/b/app"], &["a/apps", "app/a"]);
    check("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/b", "az"]);
    check("*/public/*", &["a/public/b"], &["public/b", "a/public"]);
    check("v*.?", &["v1.2", "v.x", "v1.2.3"], &["v1", "1.2"]);
    check("a*b*c", &["abc", "aXbYc", "abbcc"], &["ab", "acb"]);
    check("te?m/**", &["team", "team/app"], &["tem/app", "teaam/app"]);
    check("gr?ße", &["grüße"], &["grße", "gruessee"]);
}

#[test]
fn unclear_patterns_are_refused() {
    for text in ["", "a**", "a/**b/c", "a/***", &"a".repeat(513)] {
        let error = text.parse::<Pattern>().unwrap_err();
        assert!(matches!(error, Error::Pattern { .. }), "{text}: {error}");
    }
    assert_eq!(pattern("a/**").to_string(), "a/**");
}

#[test]
fn a_users_name_adds_neither_wildcards_nor_segments() {
    let home = pattern("home/${user}/**");
    assert!(home.has_user() && !pattern("home/$user").has_user());
    assert!(home.matches_for("home/alice/app", Some("alice")));
    assert!(!home.matches_for("home/bob/app", Some("alice")));
    assert!(!home.matches_for("home/bob/app", None));
    assert!(!home.matches("home/${user}/app"));
    for user in ["*", "**", "b*", "b?b", "bob/..", "bob/app", "", "${user}"] {
        assert!(!home.matches_for("home/bob/app", Some(user)), "{user:?}");
        assert!(!home.matches_for("home//app", Some(user)), "{user:?}");
    }
    let part = pattern("team-${user}*");
    assert!(part.matches_for("team-alice", Some("alice")));
    assert!(part.matches_for("team-alice2", Some("alice")));
    assert!(!part.matches_for("team-alic", Some("alice")));
}

#[test]
fn long_names_take_no_longer_than_their_product() {
    let pattern = pattern(&"a*".repeat(255));
    assert!(!pattern.matches(&"a".repeat(100_000).replace("aaaaaaaaaa", "aaaaaaaaab/")));
}

/// Reference implementation of matching, by recursion.
fn slow(pattern: &[&str], name: &[&str]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            slow(rest, name) || !name.is_empty() && slow(pattern, &name[1..])
        }
        (Some((p, rest)), Some((n, after))) => {
            slow_segment(p.as_bytes(), n.as_bytes()) && slow(rest, after)
        }
        _ => false,
    }
}

fn slow_segment(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|taken| slow_segment(rest, &text[taken..])),
        (Some((p, rest)), Some((t, left))) => (*p == b'?' || p == t) && slow_segment(rest, left),
        _ => false,
    }
}

proptest! {
    #[test]
    fn matching_means_what_its_definition_says(
        parts in prop::collection::vec(prop_oneof!["[ab*?]{1,6}", Just("**".to_owned())], 1..5),
        names in prop::collection::vec("[ab]{0,6}", 1..5),
    ) {
        prop_assume!(parts.iter().all(|part| part == "**" || !part.contains("**")));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        prop_assert_eq!(
            pattern(&parts.join("/")).matches(&names.join("/")),
            slow(&parts, &names)
        );
    }

    #[test]
    fn no_text_upsets_it(text in "\\PC{0,40}|[a*?/${user}]{0,40}", name in "\\PC{0,40}") {
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string(), text);
            let _ = pattern.matches_for(&name, Some(&name));
        }
    }
}

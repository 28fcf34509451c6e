//! Tests of patterns, subjects and rules.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use lazaret_oci::Repository;
use proptest::prelude::*;

use super::{Effect, Policy, RepositoryPattern, Rule, Subject};
use crate::identity::Origin;
use crate::{Action, Identity, Method};

fn identity(user: Option<&str>, groups: &[&str]) -> Identity {
    let origin = Origin {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        base: None,
    };
    let mut identity = Identity::known(user.map(str::to_owned), Method::Password, origin);
    identity.groups = groups.iter().map(|group| (*group).to_owned()).collect();
    identity
}

fn rule(repositories: &[&str], subjects: &[&str], actions: &[Action], effect: Effect) -> Rule {
    Rule {
        repositories: repositories.iter().map(|p| p.parse().unwrap()).collect(),
        subjects: subjects.iter().map(|s| s.parse().unwrap()).collect(),
        actions: actions.to_vec(),
        effect,
    }
}

fn policy(rules: Vec<Rule>) -> Policy {
    let groups = BTreeMap::from([("ci".to_owned(), vec!["robot".to_owned()])]);
    Policy::new(Some(rules), groups, true)
}

fn may(policy: &Policy, identity: &Identity, action: Action, repository: &str) -> bool {
    let repository: Repository = repository.parse().unwrap();
    policy.allows(identity, action, Some(&repository))
}

#[test]
fn patterns_describe_names() {
    let table = [
        ("**", "a", true),
        ("**", "a/b/c", true),
        ("acme/**", "acme/app", true),
        ("acme/**", "acme/team/app", true),
        ("acme/**", "acme", true),
        ("acme/**", "acmex/app", false),
        ("acme/*", "acme/app", true),
        ("acme/*", "acme/team/app", false),
        ("*/public/*", "acme/public/app", true),
        ("*/public/*", "public/app", false),
        ("**/public", "public", true),
        ("a/**/z", "a/z", true),
        ("a/**/z", "a/b/c/z", true),
        ("a/**/z", "a/b/c/zz", false),
        ("acme/app-*-x", "acme/app-1-x", true),
        ("acme/app-*-x", "acme/app-1-y", false),
        ("acme/app", "acme/app", true),
        ("acme/app", "acme/app2", false),
        ("te?m/**", "team/app", true),
        ("te?m/**", "tem/app", false),
    ];
    for (pattern, name, expected) in table {
        let parsed: RepositoryPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(name, None), expected, "{pattern} on {name}");
    }
    for wrong in [
        "", "/a", "a//b", "a/", "Acme", "a**", "a/***", "$user", "${group}", "a b",
    ] {
        assert!(wrong.parse::<RepositoryPattern>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_users_name_adds_neither_wildcards_nor_segments() {
    let pattern: RepositoryPattern = "home/${user}/**".parse().unwrap();
    assert!(pattern.matches("home/alice/app", Some("alice")));
    assert!(!pattern.matches("home/bob/app", Some("alice")));
    assert!(!pattern.matches("home/bob/app", None));
    for user in [
        "*", "**", "b*", "bob/..", "../bob", "", "bob/app", "${user}", "Bob", ".",
    ] {
        assert!(!pattern.matches("home/bob/app", Some(user)), "{user:?}");
    }
    let part: RepositoryPattern = "team-${user}".parse().unwrap();
    assert!(part.matches("team-alice", Some("alice")));
    assert!(!part.matches("team-alicex", Some("alice")));
}

#[test]
fn nothing_is_allowed_without_a_rule_and_denials_win() {
    use Action::{Administer, Delete, List, Pull, Push};
    let policy = policy(vec![
        rule(&["public/**"], &["everyone"], &[Pull], Effect::Allow),
        rule(&["**"], &["group:ci"], &[Pull, Push], Effect::Allow),
        rule(&["**/frozen"], &["everyone"], &[Push, Delete], Effect::Deny),
        rule(
            &["${user}/**"],
            &["authenticated"],
            &[Pull, Push, Delete],
            Effect::Allow,
        ),
        rule(
            &["none"],
            &["user:root"],
            &[Administer, List],
            Effect::Allow,
        ),
    ]);
    let (nobody, alice) = (identity(None, &[]), identity(Some("alice"), &[]));
    let robot = identity(Some("robot"), &[]);
    let foreign = identity(Some("github:x"), &["ci"]);
    assert!(may(&policy, &nobody, Pull, "public/app"));
    assert!(!may(&policy, &nobody, Push, "public/app"));
    assert!(!may(&policy, &nobody, Pull, "acme/app"));
    assert!(may(&policy, &alice, Delete, "alice/app"));
    assert!(!may(&policy, &alice, Pull, "bob/app"));
    assert!(!may(&policy, &alice, Push, "alice/frozen"));
    assert!(
        may(&policy, &robot, Push, "acme/app"),
        "a group of the settings"
    );
    assert!(
        may(&policy, &foreign, Push, "acme/app"),
        "a group of the token"
    );
    assert!(!may(&policy, &robot, Delete, "acme/app"));
    let root = identity(Some("root"), &[]);
    assert!(
        policy.allows(&root, Administer, None),
        "no repository, no pattern"
    );
    assert!(policy.allows(&root, List, None));
    assert!(!policy.allows(&robot, List, None));
}

#[test]
fn without_rules_known_users_may_all_but_administer() {
    let policy = |authenticates| Policy::new(None, BTreeMap::new(), authenticates);
    let (nobody, alice) = (identity(None, &[]), identity(Some("alice"), &[]));
    assert!(may(&policy(true), &alice, Action::Delete, "a"));
    assert!(!policy(true).allows(&alice, Action::Administer, None));
    assert!(!may(&policy(true), &nobody, Action::Pull, "a"));
    assert!(may(&policy(false), &nobody, Action::Delete, "a"));
    assert!(policy(false).is_open() && !policy(true).is_open());
}

#[test]
fn keys_can_be_held_to_less_than_their_user() {
    let policy = policy(vec![
        rule(
            &["**"],
            &["user:alice"],
            &[Action::Pull, Action::Push],
            Effect::Allow,
        ),
        rule(&["**"], &["key:00ff"], &[Action::Push], Effect::Deny),
    ]);
    let mut alice = identity(Some("alice"), &[]);
    assert!(may(&policy, &alice, Action::Push, "a"));
    alice.key = Some("00ff".to_owned());
    assert!(!may(&policy, &alice, Action::Push, "a"));
    assert!(may(&policy, &alice, Action::Pull, "a"));
}

#[test]
fn subjects_are_read_and_written() {
    for text in [
        "everyone",
        "anonymous",
        "authenticated",
        "user:a:b",
        "group:ci-*",
        "key:00",
    ] {
        assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
    }
    for wrong in ["", "user", "user:", "role:x", "Everyone", "user:a\nb"] {
        assert!(wrong.parse::<Subject>().is_err(), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn a_further_denial_never_gives_anything(
        user in prop::option::of("[ab]"),
        repositories in prop::collection::vec("(\\*\\*|[ab]|\\$\\{user\\})", 1..3),
        name in "[ab]",
        effects in prop::collection::vec(any::<bool>(), 0..4),
    ) {
        let names: Vec<&str> = repositories.iter().map(String::as_str).collect();
        let make = |allow: bool| rule(
            &names,
            &["everyone"],
            &[Action::Pull],
            if allow { Effect::Allow } else { Effect::Deny },
        );
        let mut rules: Vec<Rule> = effects.into_iter().map(make).collect();
        let who = identity(user.as_deref(), &[]);
        let before = may(&policy(rules.clone()), &who, Action::Pull, &name);
        rules.insert(0, make(false));
        let after = may(&policy(rules), &who, Action::Pull, &name);
        prop_assert!(before || !after);
    }
}

//! Policy files as people use them: checked, changed, imported.

use serde_json::{Value, json};

use crate::support::World;

const FILE: &str = "lazaret-policy.yaml";

#[test]
fn a_projects_policy_is_made_found_upwards_and_decides() {
    let world = World::new();
    let lazaret = world.lazaret();
    lazaret
        .run(["policy", "list"])
        .fails(2, &["no policy file", "--policy"]);
    let made = lazaret.run(["policy", "allow", "a.test", "--description", "why"]);
    assert_eq!(made.success().stdout, format!("allow a.test in {FILE}\n"));
    let again = lazaret.run(["policy", "allow", "a.test", "--description", "why"]);
    assert!(again.success().stderr.contains("already"));
    let narrow = "policy ask b.test --port 8000-8100 --port 443 --method GET --path /x/**";
    lazaret.run(narrow.split(' ')).success();
    std::fs::create_dir_all(world.path("deep/below")).unwrap();
    let mut below = lazaret.command(["policy", "list", "--format", "json"]);
    below.current_dir(world.path("deep/below"));
    let listed = lazaret_testing::program::finish(below).success().json();
    assert_eq!(listed[0]["match"], "a.test");
    assert_eq!(listed[1]["ports"], json!(["8000-8100", 443]));
    assert_eq!(listed[2]["verdict"], "deny");

    for (arguments, status, verdict, rule) in [
        ("a.test", 0, "allow", "#1"),
        ("https://a.test/x?y", 0, "allow", "#1"),
        ("b.test:8050 --path /x/y", 11, "ask", "#2"),
        ("b.test --method POST", 10, "deny", "#default"),
        ("b.test:80", 10, "deny", "#default"),
        ("[fd00::1]:443", 10, "deny", "#default"),
        ("a..b", 10, "deny", "builtin:no-host"),
    ] {
        let words = ["policy", "check", "--format", "json"];
        let checked = lazaret.run(words.into_iter().chain(arguments.split(' ')));
        let report = checked.status(status).json();
        assert_eq!(report["verdict"], verdict, "{arguments}: {report}");
        assert!(report["rule"].as_str().unwrap().ends_with(rule), "{report}");
    }
    for target in ["ftp://a.test", "a.test/x", "a.test:0", "u@a.test"] {
        lazaret.run(["policy", "check", target]).status(2);
    }
}

#[test]
fn comments_stay_and_what_is_denied_is_told() {
    let world = World::new();
    let lazaret = world.lazaret();
    let text = "# ours\nnetwork:\n  rules:\n    # never\n    - match: \"*.test\" # all\n      verdict: deny\n";
    world.write("other.yaml", text);
    let added = lazaret.run("policy allow a.test --policy other.yaml".split(' '));
    let told = "rule 1 of other.yaml denies all of it: deny *.test";
    assert!(added.success().stderr.contains(told));
    let written = std::fs::read_to_string(world.path("other.yaml")).unwrap();
    assert_eq!(
        written,
        format!("{text}    - match: a.test\n      verdict: allow\n")
    );
    lazaret
        .run("policy remove a.test --policy other.yaml".split(' '))
        .success();
    assert_eq!(
        std::fs::read_to_string(world.path("other.yaml")).unwrap(),
        text
    );
    lazaret
        .run("policy remove a.test --policy other.yaml".split(' '))
        .fails(2, &["no rule about 'a.test'"]);
    // A rule that is none changes nothing, and makes no file.
    lazaret
        .run("policy deny a.test --port 0 --policy other.yaml".split(' '))
        .fails(5, &["/network/rules/1/ports/0"]);
    lazaret
        .run(["policy", "deny", "a b", "--policy", "new.yaml"])
        .status(5);
    assert_eq!(
        std::fs::read_to_string(world.path("other.yaml")).unwrap(),
        text
    );
    assert!(!world.path("new.yaml").exists());
    // All faults are told.
    world.write(
        FILE,
        "network: {rules: [{match: a.test, verdict: no}, {match: 7, verdict: deny}]}\n",
    );
    lazaret.run(["policy", "show"]).fails(
        5,
        &[
            "/network/rules/0/verdict",
            "/network/rules/1/match",
            "2 faults",
        ],
    );
}

#[test]
fn policies_of_others_are_translated_or_named() {
    let world = World::new();
    let lazaret = world.lazaret();
    let mixin = "apiVersion: lns.run/v1\nkind: mixin\nname: decisions\nspec:\n  egress:\n    http:\n      - match: a.test\n        verdict: allow\n";
    world.write("lns-policy.yaml", mixin);
    lazaret.run(["policy", "allow", "b.test"]).success();
    lazaret.run(["policy", "check", "b.test"]).success();
    lazaret.run(["policy", "check", "c.test"]).status(11);
    let shown = lazaret
        .run(["policy", "show", "--format", "json"])
        .success()
        .json();
    assert_eq!(shown["network"]["default"], "ask");
    // What denies goes to the front, as the first that matches decides there.
    lazaret.run(["policy", "deny", "*.b.test"]).success();
    lazaret.run(["policy", "check", "b.test"]).status(10);
    let ordered = mixin.replace(
        "- match: a.test",
        "- {match: a.test, verdict: allow}\n      - match: \"*.test\"",
    );
    world.write(
        "ordered.yaml",
        ordered.replace("        verdict: allow", "        verdict: deny"),
    );
    lazaret
        .run("policy show --policy ordered.yaml".split(' '))
        .fails(
            5,
            &[
                "/spec/egress/http/1",
                "'deny *.test' would come before 'allow a.test'",
            ],
        );

    world.write(
        "kit.yaml",
        "schemaVersion: \"1\"\nnetwork: {allowedDomains: [a.test]}\ninitFiles: []\n",
    );
    let imported = lazaret
        .run(["policy", "import", "kit.yaml", "--from", "docker"])
        .success();
    assert!(
        imported.stderr.contains("left out: initFiles"),
        "{}",
        imported.stderr
    );
    world.write("imported.yaml", &imported.stdout);
    let listed = lazaret.run("policy list --policy imported.yaml --format json".split(' '));
    let listed: Value = listed.success().json();
    assert_eq!(listed[0]["match"], "a.test");
    lazaret
        .run(["policy", "import", "kit.yaml", "--from", "other"])
        .fails(2, &["openshell"]);
    world.write("none.yaml", "services: {}\n");
    lazaret
        .run(["policy", "import", "none.yaml"])
        .fails(5, &["no policy of docker"]);
}

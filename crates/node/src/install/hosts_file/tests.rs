use std::path::Path;

use super::super::error::Error;
use super::super::origin::{MirrorUrl, Origin};
use super::{Beside, Hosts, Outcome};

fn plain() -> MirrorUrl {
    MirrorUrl::new("http://localhost:8578".parse().unwrap())
}

fn tls() -> MirrorUrl {
    let origin = "https://mirror.example".parse().unwrap();
    MirrorUrl::with_certificates(origin, Path::new("/etc/pki/ca.pem")).unwrap()
}

fn hosts<'a>(mirror: &'a MirrorUrl, server: Option<&'a Origin>, fallback: bool) -> Hosts<'a> {
    let beside = Beside::default();
    Hosts {
        mirror,
        server,
        fallback,
        beside,
    }
}

fn text(hosts: &Hosts<'_>, before: Option<&str>) -> Outcome {
    hosts.text(Path::new("/hosts.toml"), before).unwrap()
}

#[test]
fn a_new_file() {
    let server = "https://registry-1.docker.io".parse().unwrap();
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.
server = "https://registry-1.docker.io"

[host."http://localhost:8578"]
capabilities = ["pull", "resolve"]
"#;
    for before in [None, Some(""), Some("\n")] {
        assert_eq!(
            text(&hosts(&plain(), Some(&server), true), before).text,
            expected
        );
    }
}

#[test]
fn without_a_fallback_the_mirror_is_the_server() {
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.
server = "https://mirror.example"
capabilities = ["pull", "resolve"]
ca = "/etc/pki/ca.pem"

[host."https://mirror.example"]
capabilities = ["pull", "resolve"]
ca = "/etc/pki/ca.pem"
"#;
    let server = "https://registry-1.docker.io".parse().unwrap();
    let strict = tls();
    let strict = hosts(&strict, Some(&server), false);
    assert_eq!(text(&strict, None).text, expected);
    // Headers for somebody else are not sent to the mirror.
    let theirs = "[header]\nauthorization = \"Basic eA==\"\n[host.\"https://other.example\"]\n";
    let outcome = text(&strict, Some(theirs));
    assert_eq!(outcome.text, expected);
    assert!(outcome.notice.unwrap().contains("put aside"));
}

#[test]
fn an_ipv6_address_is_no_section() {
    let mirror = MirrorUrl::new("http://[::1]:8578".parse().unwrap());
    let hosts = hosts(&mirror, None, true);
    assert_eq!(
        text(&hosts, None).text,
        r#"# Written for a Lazaret mirror. The next installation replaces the whole file.

[host]
"http://[::1]:8578" = { capabilities = ["pull", "resolve"] }
"#
    );
    match hosts.text(Path::new("/h"), Some("server = \"https://a\"\n")) {
        Err(Error::Merge { add, .. }) => assert!(add.contains("[host]\n\"http://[::1]:8578\"")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn certificates_beside_a_new_file_still_count() {
    let mirror = plain();
    let mut hosts = hosts(&mirror, None, true);
    hosts.beside = Beside {
        authorities: vec!["a.crt".into(), "b\"c.crt".into()],
        pairs: vec![("me.cert".into(), "me.key".into())],
    };
    let expected = "ca = [\"a.crt\", 'b\"c.crt']\nclient = [[\"me.cert\", \"me.key\"]]\n\n[host.";
    let outcome = text(&hosts, None);
    assert!(outcome.text.contains(expected), "{}", outcome.text);
    hosts.fallback = false;
    assert!(!text(&hosts, None).text.contains("crt"));
}

const THEIRS: &str = r#"# mine
server = "https://a.example" # why

[header]
  x-a = "b"

# second
[host."https://other.example"]
  capabilities = ["pull"]
  [host."https://other.example".header]
    x-c = "d"
[host."https://third.example"]
"#;

#[test]
fn the_mirror_comes_first_in_a_file_of_theirs() {
    let expected = r#"# mine
server = "https://a.example" # why

[header]
  x-a = "b"

# The Lazaret mirror.
[host."http://localhost:8578"]
capabilities = ["pull", "resolve"]

# second
[host."https://other.example"]
  capabilities = ["pull"]
  [host."https://other.example".header]
    x-c = "d"
[host."https://third.example"]
"#;
    let mirror = plain();
    let outcome = text(&hosts(&mirror, None, true), Some(THEIRS));
    assert_eq!(outcome.text, expected);
    assert_eq!(outcome.notice, None);
    assert_eq!(
        text(&hosts(&mirror, None, true), Some(expected)).text,
        expected
    );
    // Their server stays.
    let server = "https://registry-1.docker.io".parse().unwrap();
    let outcome = text(&hosts(&mirror, Some(&server), true), Some(THEIRS));
    assert_eq!(outcome.text, expected);
    assert!(outcome.notice.unwrap().contains("server of its own"));
    // Another mirror takes the place of the first one.
    let other = tls();
    let moved = text(&hosts(&other, None, true), Some(expected)).text;
    assert_eq!(
        moved,
        expected
            .replace("http://localhost:8578", "https://mirror.example")
            .replace("\"resolve\"]\n", "\"resolve\"]\nca = \"/etc/pki/ca.pem\"\n")
    );
}

#[test]
fn a_mirror_that_they_had_already_is_put_right() {
    let theirs = r#"[host."https://other.example"]
[host."http://localhost:8578"]
  capabilities = ["push"] # odd
  dial_timeout = "1s"
"#;
    let mirror = plain();
    let changed = text(&hosts(&mirror, None, true), Some(theirs)).text;
    let expected = r#"
# The Lazaret mirror.
[host."http://localhost:8578"]
  capabilities = ["pull", "resolve"] # odd
  dial_timeout = "1s"
[host."https://other.example"]
"#;
    assert_eq!(changed, expected);
    // Whatever the form, nothing is planned for what is in place.
    for same in [
        "[host.\"http://localhost:8578\"]\ncapabilities = [\"resolve\", \"pull\", \"push\"]\n[host.\"https://a\"]\n",
        "[host]\n\"http://localhost:8578\" = {capabilities = [\"pull\", \"resolve\"]}\n",
    ] {
        assert_eq!(text(&hosts(&mirror, None, true), Some(same)).text, same);
    }
}

#[test]
fn a_server_is_added_to_a_file_of_theirs() {
    let server = "https://registry-1.docker.io".parse().unwrap();
    let mirror = plain();
    let changed = text(
        &hosts(&mirror, Some(&server), true),
        Some("skip_verify = false\n"),
    )
    .text;
    let expected = r#"skip_verify = false
server = "https://registry-1.docker.io"

# The Lazaret mirror.
[host."http://localhost:8578"]
capabilities = ["pull", "resolve"]
"#;
    assert_eq!(changed, expected);
}

#[test]
fn forms_without_sections_are_refused() {
    let mirror = plain();
    for theirs in [
        "host = 1\n",
        "host = {\"https://a\" = {}}\n",
        "[host]\n\"https://a\" = {capabilities = [\"pull\"]}\n",
        "server = 1\n",
        "[host.\"http://localhost:8578\"]\ncapabilities = \"pull\"\n",
        "[[host.\"http://localhost:8578\"]]\n",
    ] {
        let server = "https://b".parse().unwrap();
        let hosts = hosts(&mirror, Some(&server), true);
        let error = hosts.text(Path::new("/h"), Some(theirs)).expect_err(theirs);
        assert!(matches!(error, Error::Shape { .. }), "{error}");
    }
}

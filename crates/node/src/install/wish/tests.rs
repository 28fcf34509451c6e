use super::{Name, Namespace};

#[test]
fn names_stand_for_one_registry_or_for_all() {
    for text in ["_default", "*"] {
        assert_eq!(text.parse::<Name>().unwrap(), Name::Default);
    }
    for text in ["Docker.io", "../etc", "", "a/b", "_other"] {
        text.parse::<Name>().expect_err(text);
    }
}

#[test]
fn folders_are_those_that_containerd_looks_for() {
    for (text, folders, new) in [
        ("docker.io", vec!["docker.io"], "docker.io"),
        (
            "localhost:5000",
            vec!["localhost_5000_", "localhost:5000"],
            "localhost_5000_",
        ),
        (
            "[::1]:5000",
            vec!["[::1]_5000_", "[::1]:5000"],
            "[::1]_5000_",
        ),
        // containerd takes what follows the last colon for a port.
        ("[::1]", vec!["[:_1]_", "[::1]"], "[::1]"),
    ] {
        let Name::Host(host) = text.parse().unwrap() else {
            panic!("{text}");
        };
        assert_eq!(
            (host.folders(), host.new_folder().as_str()),
            (folders.iter().map(ToString::to_string).collect(), new)
        );
    }
}

#[test]
fn the_server_that_engines_know_is_no_other() {
    for (name, server, expected) in [
        ("docker.io", "https://registry-1.docker.io", false),
        ("docker.io", "http://registry-1.docker.io", true),
        ("quay.io", "https://quay.io", false),
        ("quay.io", "https://other.example", true),
    ] {
        let namespace = Namespace {
            name: name.parse().unwrap(),
            server: Some(server.parse().unwrap()),
        };
        assert_eq!(
            namespace.other_server().is_some(),
            expected,
            "{name} {server}"
        );
    }
}

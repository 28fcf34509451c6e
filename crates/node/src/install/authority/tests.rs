use super::Authority;

#[test]
fn hosts_with_ports() {
    for (text, host, port) in [
        ("docker.io", "docker.io", None),
        ("localhost:5000", "localhost", Some(5000)),
        ("127.0.0.1:65535", "127.0.0.1", Some(65535)),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("[::1]", "[::1]", None),
        ("[2001:db8::2]:443", "[2001:db8::2]", Some(443)),
    ] {
        let parsed = Authority::parse(text).unwrap();
        assert_eq!((parsed.host(), parsed.port()), (host, port));
        assert_eq!(parsed.to_string(), text);
    }
}

#[test]
fn what_is_no_host_is_refused() {
    let long = "a".repeat(254);
    for text in [
        "",
        ":5000",
        "a:",
        "a:0",
        "a:05",
        "a:65536",
        "a:+1",
        "a:1:2",
        "Docker.io",
        "bücher.example",
        "a..b",
        ".",
        "..",
        "-a.example",
        "a-.example",
        "a/b",
        "a b",
        "a\"]\n[x",
        "a_b",
        "[::1",
        "[::1]x",
        "[]",
        "[fe80::1%eth0]",
        "[a]",
        "::1",
        "*.example",
        "\0",
        &long,
    ] {
        Authority::parse(text).expect_err(text);
    }
}

#[test]
fn only_this_machine_is_loopback() {
    for (text, expected) in [
        ("localhost:1", true),
        ("127.9.0.1", true),
        ("[::1]:1", false),
        ("localhost.example", false),
        ("10.0.0.1", false),
    ] {
        assert_eq!(
            Authority::parse(text).unwrap().is_loopback(),
            expected,
            "{text}"
        );
    }
}

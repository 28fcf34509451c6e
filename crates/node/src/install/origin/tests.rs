use std::path::Path;

use super::super::error::Error;
use super::{MirrorUrl, Origin, is_inside};

#[test]
fn addresses_have_a_scheme_and_no_path() {
    for (text, shown) in [
        ("http://localhost:8578", "http://localhost:8578"),
        ("https://mirror.example/", "https://mirror.example"),
        ("http://[::1]:1", "http://[::1]:1"),
    ] {
        assert_eq!(text.parse::<Origin>().unwrap().to_string(), shown);
    }
    for text in [
        "localhost:8578",
        "ftp://a",
        "HTTP://a",
        "http:/a",
        "http://",
        "http://a/v2",
        "http://a//",
        "https://a?x",
        "https://a#x",
        "https://user:secret@a",
        "https://A.example",
        " http://a",
    ] {
        let error = text.parse::<Origin>().expect_err(text);
        assert!(matches!(error, Error::Address { .. }), "{error}");
    }
}

#[test]
fn certificates_belong_to_tls_and_to_a_path_of_the_node() {
    let tls: Origin = "https://a".parse().unwrap();
    let mirror = MirrorUrl::with_certificates(tls.clone(), Path::new("/etc/ca.pem")).unwrap();
    assert_eq!(mirror.certificates(), Some(Path::new("/etc/ca.pem")));
    for path in ["ca.pem", "/etc/../../ca.pem", "/", "/a\nb"] {
        MirrorUrl::with_certificates(tls.clone(), Path::new(path)).expect_err(path);
    }
    let plain: Origin = "http://a".parse().unwrap();
    MirrorUrl::with_certificates(plain, Path::new("/etc/ca.pem")).unwrap_err();
}

#[test]
fn paths_of_a_node_stay_in_it() {
    for (path, expected) in [
        ("/a/b", true),
        ("/a/../b", false),
        ("a", false),
        ("/", false),
        ("", false),
    ] {
        assert_eq!(is_inside(Path::new(path)), expected, "{path}");
    }
}

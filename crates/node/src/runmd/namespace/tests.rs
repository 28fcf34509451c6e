use std::path::Path;

use super::{is_host, namespace_of_folder};

#[test]
fn folders() {
    for (folder, namespace) in [
        (".world/azurecr.io/example", Some("example.azurecr.io")),
        (
            "/srv/x/.world/azurecr.io/example/",
            Some("example.azurecr.io"),
        ),
        ("./.world/./azurecr.io", Some("azurecr.io")),
        (".world/a/.world/azurecr.io", Some("azurecr.io")),
        (".world", None),
        (".world/azurecr.io/example/more", None),
        (".world/azurecr.io/../x", None),
        (".world/azure cr.io/x", None),
        ("world/azurecr.io/example", None),
        ("", None),
    ] {
        let found = namespace_of_folder(Path::new(folder));
        assert_eq!(found.as_deref(), namespace, "{folder}");
    }
}

#[test]
fn hosts() {
    for host in [
        "example.azurecr.io",
        "localhost:5000",
        "10.0.0.1",
        "[::1]:5000",
        "a-b.c",
    ] {
        assert!(is_host(host), "{host}");
    }
    for text in [
        "",
        "_default",
        "https://a.b",
        "a/b",
        "a b",
        ".a",
        "-a",
        "a\"",
        "é.io",
        &"a".repeat(256),
    ] {
        assert!(!is_host(text), "{text}");
    }
}

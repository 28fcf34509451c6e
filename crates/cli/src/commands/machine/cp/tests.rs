use super::*;

fn side(text: &str) -> Option<Side> {
    Side::of(OsStr::new(text)).ok()
}

#[test]
fn a_side_is_a_machine_a_path_or_a_stream() {
    let machine = |name: &str, path: &str| {
        Some(Side::Machine {
            name: name.to_owned(),
            path: path.to_owned(),
        })
    };
    let host = |path: &str| Some(Side::Host(path.into()));
    assert_eq!(side("web:/etc"), machine("web", "/etc"));
    assert_eq!(side("web:a:b"), machine("web", "a:b"));
    assert_eq!(side("-"), Some(Side::Stream));
    for path in ["a", "/a:b", "./a:b", "../a:b", ".", ":a", "./-"] {
        assert_eq!(side(path), host(path), "{path}");
    }
    assert_eq!(side(""), None);
    assert_eq!(side("web:"), None);
    assert!(Side::of(OsStr::from_bytes(b"web:\xff")).is_err());
}

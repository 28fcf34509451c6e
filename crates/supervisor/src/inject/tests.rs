use super::*;

fn file(source: &str, target: &str, mode: Option<u16>) -> Injection {
    Injection::File {
        source: source.into(),
        target: target.into(),
        mode,
    }
}

#[test]
fn what_to_inject_is_read_from_text() {
    for (text, expected) in [
        ("agent", Injection::Agent),
        ("key:/root/.ssh/k", file("key", "/root/.ssh/k", None)),
        ("/a/b:/c:0600", file("/a/b", "/c", Some(0o600))),
        ("a:b:/c:4755", file("a:b", "/c", Some(0o4755))),
    ] {
        assert_eq!(text.parse::<Injection>().unwrap(), expected, "{text}");
    }
    for text in [
        "",
        "agents",
        "file",
        ":/x",
        "a:b",
        "a:/",
        "a:/b:9",
        "a:/b:10000",
        "a:/b:",
    ] {
        text.parse::<Injection>().unwrap_err();
    }
}

#[test]
fn what_is_not_there_is_refused_before_anything_is_built() {
    let config = ImageConfig::default();
    let missing = file("/nowhere/agent", "/x", None);
    assert!(matches!(missing.check(&config), Err(Error::Io { .. })));
    let folder = file("/", "/x", None);
    assert!(matches!(folder.check(&config), Err(Error::Setting { .. })));
    let foreign = ImageConfig {
        os: "linux".into(),
        architecture: "s390x".into(),
        ..config
    };
    let error = Injection::Agent.check(&foreign).unwrap_err().to_string();
    assert!(error.contains("linux/s390x"), "{error}");
}

use super::*;

#[test]
fn a_path_is_told_by_its_content_and_a_name_by_its_absence() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).display().to_string();
    for name in ["layout/oci-layout", "layout/index.json", "root/etc/passwd"] {
        std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        std::fs::write(at(name), "{}").unwrap();
    }
    std::fs::write(at("agent.yaml"), "kind: agent").unwrap();
    std::fs::write(at("a:v1"), "kind: agent").unwrap();
    let mut tar = tar::Builder::new(std::fs::File::create(at("a.tar")).unwrap());
    tar.append_path_with_name(at("agent.yaml"), "agent.yaml")
        .unwrap();
    tar.into_inner().unwrap();

    let images = |name: &str, tag: Option<&str>| SourceName::Images {
        path: at(name),
        tag: tag.map(str::to_owned),
    };
    for (name, expected) in [
        ("layout", images("layout", None)),
        ("layout:v1", images("layout", Some("v1"))),
        ("a.tar", images("a.tar", None)),
        ("a.tar:host/a:v1", images("a.tar", Some("host/a:v1"))),
        ("a.tar:@1", images("a.tar", Some("@1"))),
        ("a.tar:sha256:00", images("a.tar", Some("sha256:00"))),
        ("a.tar@sha256:00", images("a.tar", Some("sha256:00"))),
        ("a.tar:v1", images("a.tar", Some("v1"))),
        ("root", SourceName::Folder(at("root"))),
        ("agent.yaml", SourceName::File(at("agent.yaml"))),
        ("a:v1", SourceName::File(at("a:v1"))),
        // It can only be a path: that it is missing is reported when it is opened.
        ("absent:v1", images("absent:v1", None)),
    ] {
        let found = SourceName::parse(&text(name)).unwrap();
        assert_eq!(found, expected, "{name}");
    }
    let prefixed =
        |prefix: &str, name: &str| SourceName::parse(&(prefix.to_owned() + &text(name))).unwrap();
    assert_eq!(prefixed("oci:", "layout:v1"), images("layout", Some("v1")));
    let archive = prefixed("docker-archive:", "a.tar");
    assert_eq!(archive, images("a.tar", None));
    // A missing path is reported when it is opened.
    assert_eq!(prefixed("oci:", "absent"), images("absent", None));
    let name = SourceName::Name("registry.example/a:v1".to_owned());
    assert_eq!(SourceName::parse("registry.example/a:v1").unwrap(), name);
    // Beside a folder `src`, this is a name.
    let beside = SourceName::Name("src:v1".to_owned());
    assert_eq!(SourceName::parse("src:v1").unwrap(), beside);
    assert!(SourceName::parse("./src").unwrap().is_path());
}

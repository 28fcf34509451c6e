use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Reference, Error> {
    text.parse()
}

#[test]
fn references_fall_into_their_parts() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let check = |text: &str, registry: &str, repository: &str, tag: Option<&str>, pinned: bool| {
        let reference = parse(text).unwrap();
        assert_eq!(reference.registry.as_str(), registry, "{text}");
        assert_eq!(reference.repository.as_str(), repository, "{text}");
        assert_eq!(reference.tag.as_ref().map(Tag::as_str), tag, "{text}");
        assert_eq!(reference.digest.is_some(), pinned, "{text}");
        assert_eq!(parse(&reference.to_string()).unwrap(), reference);
    };
    check("localhost/a", "localhost", "a", None, false);
    check(
        "localhost:5000/a/b:v1",
        "localhost:5000",
        "a/b",
        Some("v1"),
        false,
    );
    check(
        "ghcr.io/acme/agents/x-y__z.w:1.0",
        "ghcr.io",
        "acme/agents/x-y__z.w",
        Some("1.0"),
        false,
    );
    check("[::1]:5000/a:t", "[::1]:5000", "a", Some("t"), false);
    check("[2001:db8::1]/a", "[2001:db8::1]", "a", None, false);
    check(
        &format!("127.0.0.1:1/a:t@{digest}"),
        "127.0.0.1:1",
        "a",
        Some("t"),
        true,
    );
    check(
        &format!("reg.example/a@{digest}"),
        "reg.example",
        "a",
        None,
        true,
    );
    check("host:80/a", "host:80", "a", None, false);
}

#[test]
fn references_that_break_the_grammar_are_refused() {
    for text in [
        "",
        "alpine",
        "library/alpine:3",
        "localhost:5000",
        "localhost:5000/",
        "localhost/A",
        "localhost//a",
        "localhost/a/",
        "localhost/-a",
        "localhost/a..b",
        "localhost/a___b",
        "localhost/a:",
        "localhost/a:.t",
        "localhost/a@sha256:abc",
        "localhost/a@md5:abc",
        "https://localhost/a",
        "[::1/a",
        "[zz]:1/a",
        "host:0/a",
        "host:99999/a",
        "host:x/a",
        "-h.example/a",
        "localhost/a:t:u",
        "localhost/../a",
        "localhost/a b",
        "lo\u{301}.x/a",
    ] {
        assert!(parse(text).is_err(), "{text} was accepted");
    }
    assert!(parse(&format!("localhost/{}", "a".repeat(256))).is_err());
    assert!(parse(&format!("localhost/a:{}", "t".repeat(129))).is_err());
}

#[test]
fn a_bare_name_never_means_a_public_registry() {
    let error = parse("alpine:3").unwrap_err();
    assert_eq!(
        error,
        Error::MissingRegistry {
            text: "alpine:3".into()
        }
    );
    let host: Registry = "reg.example:5000".parse().unwrap();
    let reference = Reference::parse_in("acme/models/m:v1", &host).unwrap();
    assert_eq!(reference.to_string(), "reg.example:5000/acme/models/m:v1");
    let other = Reference::parse_in("other.example/a", &host).unwrap();
    assert_eq!(other.registry.as_str(), "other.example");
}

#[test]
fn loopback_is_an_exact_match() {
    for text in [
        "localhost",
        "localhost:1",
        "127.0.0.1",
        "127.9.9.9:5",
        "[::1]:5",
    ] {
        assert!(text.parse::<Registry>().unwrap().is_loopback(), "{text}");
    }
    for text in [
        "localhost.evil",
        "evil.localhost",
        "128.0.0.1",
        "[::2]",
        "127.0.0.1.nip.io",
    ] {
        assert!(!text.parse::<Registry>().unwrap().is_loopback(), "{text}");
    }
}

#[test]
fn digests_of_known_content() {
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest::of(b"").to_string(), empty);
    let sha512 = Digest::with(Algorithm::Sha512, b"");
    assert!(sha512.hex().starts_with("cf83e1357eefb8bd"));
    assert_eq!(sha512.to_string().parse::<Digest>().unwrap(), sha512);
    for bad in [
        "sha256:",
        "sha256:E3",
        &empty.to_uppercase(),
        &empty[..70],
        "sha384:00",
    ] {
        assert!(bad.parse::<Digest>().is_err(), "{bad}");
    }
}

fn manifest_json() -> serde_json::Value {
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::empty(),
        "layers": [Descriptor::empty()],
        "x-unknown": {"kept": true},
    })
}

#[test]
fn a_manifest_keeps_its_bytes() {
    let raw = serde_json::to_vec_pretty(&manifest_json()).unwrap();
    let document = ManifestDocument::parse(raw.clone(), Some(media_type::MANIFEST)).unwrap();
    assert_eq!(document.raw(), raw);
    assert_eq!(*document.digest(), Digest::of(&raw));
    assert_eq!(document.manifest().unwrap().blobs().count(), 2);
}

#[test]
fn ambiguous_manifests_are_refused() {
    let mut both = manifest_json();
    both["manifests"] = serde_json::json!([]);
    let mut version = manifest_json();
    version["schemaVersion"] = 1.into();
    let mut size = manifest_json();
    size["config"]["size"] = (-1).into();
    for (name, value) in [("both", both), ("version", version), ("size", size)] {
        let raw = serde_json::to_vec(&value).unwrap();
        assert!(ManifestDocument::parse(raw, None).is_err(), "{name}");
    }
    let raw = serde_json::to_vec(&manifest_json()).unwrap();
    assert!(ManifestDocument::parse(raw, Some(media_type::INDEX)).is_err());
    let large = vec![b' '; MAX_MANIFEST_BYTES + 1];
    assert!(matches!(
        ManifestDocument::parse(large, None),
        Err(Error::ManifestTooLarge { .. })
    ));
}

#[test]
fn an_index_selects_by_platform_and_skips_attestations() {
    let entry = |os: &str, architecture: &str| {
        let mut descriptor = Descriptor::of(media_type::MANIFEST, architecture.as_bytes());
        descriptor.platform = Some(Platform {
            os: os.into(),
            architecture: architecture.into(),
            variant: None,
        });
        descriptor
    };
    let index = Index {
        schema_version: 2,
        media_type: None,
        artifact_type: None,
        manifests: vec![
            entry("unknown", "unknown"),
            entry("linux", "arm64"),
            entry("linux", "amd64"),
        ],
        subject: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let amd64: Platform = "linux/amd64".parse().unwrap();
    assert_eq!(index.select(&amd64).unwrap().digest, Digest::of(b"amd64"));
    assert!(index.select(&"linux/riscv64".parse().unwrap()).is_none());
    assert_eq!(index.platforms(), ["linux/arm64", "linux/amd64"]);
}

#[test]
fn image_configurations_of_docker_have_nulls() {
    let config = ImageConfig::parse(
        br#"{"architecture":"amd64","os":"linux","config":{"Env":null,"Cmd":["sh"],"User":"1000:2000"},
            "rootfs":{"type":"layers","diff_ids":[]}}"#,
    )
    .unwrap();
    assert_eq!(config.config.cmd, ["sh"]);
    assert!(config.config.env.is_empty());
}

proptest! {
    #[test]
    fn reference_parsing_never_panics_and_round_trips(text in "[a-zA-Z0-9:/@.\\[\\]_\\-]{0,80}") {
        if let Ok(reference) = parse(&text) {
            prop_assert_eq!(parse(&reference.to_string()).unwrap(), reference);
        }
    }

    #[test]
    fn valid_references_are_accepted(
        host in "[a-z][a-z0-9]{0,8}(\\.[a-z0-9]{1,8}){1,3}",
        port in proptest::option::of(1u16..),
        path in "[a-z0-9]{1,6}([._-][a-z0-9]{1,6}){0,2}(/[a-z0-9]{1,6}){0,3}",
        tag in proptest::option::of("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}"),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let suffix = tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let reference = parse(&format!("{host}{port}/{path}{suffix}")).unwrap();
        prop_assert_eq!(reference.registry.as_str(), format!("{host}{port}"));
        prop_assert_eq!(reference.repository.as_str(), path);
        prop_assert_eq!(reference.tag.map(|tag| tag.to_string()), tag);
    }

    #[test]
    fn hostile_manifests_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = ManifestDocument::parse(bytes, None);
    }
}

#[test]
fn null_is_an_empty_list_or_map() {
    let config = Descriptor::of(media_type::IMAGE_CONFIG, b"{}");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "config": config, "layers": null, "annotations": null,
    });
    let raw = serde_json::to_vec(&manifest).unwrap();
    let document = ManifestDocument::parse(raw.clone(), Some(media_type::MANIFEST)).unwrap();
    assert_eq!(document.raw(), raw);
    assert!(document.manifest().unwrap().layers.is_empty());
    let index = br#"{"schemaVersion": 2, "manifests": null}"#.to_vec();
    ManifestDocument::parse(index, Some(media_type::INDEX)).unwrap();
}

#[test]
fn architectures_have_other_names_elsewhere() {
    for (text, expected) in [
        ("linux/x86_64", "linux/amd64"),
        ("Linux/AArch64", "linux/arm64"),
        ("linux/aarch64/v8", "linux/arm64/v8"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/i686", "linux/386"),
        ("linux/riscv64", "linux/riscv64"),
    ] {
        let platform: Platform = text.parse().unwrap();
        assert_eq!(platform.to_string(), expected);
    }
}

//! References, layouts, tags, transfers and indexes.

use lazaret_oci::{Descriptor, Digest, Platform};

use crate::*;

pub(super) fn selector(text: &str) -> Selector {
    let parts: Vec<&str> = text.split('/').collect();
    Selector {
        architecture: parts[0].parse().unwrap(),
        substrate: parts[1].parse().unwrap(),
        protection_mode: parts[2].parse().unwrap(),
    }
}

pub(super) fn reference() -> ArtifactReference {
    ArtifactReference::new("demo-fs", "port/demo-kernel", "v1").unwrap()
}

#[test]
fn the_layouts_are_those_of_port() {
    let standard = selector("x86-64/firecracker/standard");
    let path = StorePath::new(&reference(), standard, "vmlinux").unwrap();
    assert_eq!(
        path.as_str(),
        "demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/vmlinux"
    );
    assert_eq!(
        path.sibling(INITRD).unwrap().as_str(),
        "demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/initrd.cpio.gz"
    );
    assert_eq!(
        reference().remote(selector("aarch64/cloud-hypervisor/standard")),
        "demo-fs/port/demo-kernel:v1-aarch64-cloud-hypervisor-standard"
    );
    assert_eq!(hosted_root("demo"), ".port/hosted/demo/artifacts");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let refuse = |registry: &str, repository: &str, version: &str| {
        ArtifactReference::new(registry, repository, version)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refuse("..", "a", "v"),
        "the registry '..' leads to a folder"
    );
    assert_eq!(
        refuse("/etc", "a", "v"),
        "the registry '/etc' has a separator of paths"
    );
    assert_eq!(
        refuse("r", "/etc", "v"),
        "the repository '/etc' is absolute"
    );
    assert_eq!(
        refuse("r", "a/../b", "v"),
        "the repository 'a/../b' has a part that leads elsewhere"
    );
    assert_eq!(
        refuse("r", "a//b", "v"),
        "the repository 'a//b' has an empty part"
    );
    assert_eq!(
        refuse("r", "a/", "v"),
        "the repository 'a/' has an empty part"
    );
    assert_eq!(refuse("r", "a", ""), "the version '' is empty");
    assert_eq!(
        refuse("r", "a", "v\u{1b}[2J"),
        "the version 'v\\u{1b}[2J' has characters that cannot be seen"
    );
    assert_eq!(
        refuse("r", "a\0", "v"),
        "the repository 'a\\0' has characters that cannot be seen"
    );
    assert!(StorePath::new(&reference(), selector("x86_64/qemu/standard"), "../x").is_err());
}

#[test]
fn transfers_are_those_of_port() {
    let plain = selector("x86_64/firecracker/standard");
    let transfer = Transfer::new("demo", "demo-kernel", &reference(), plain, "vmlinux").unwrap();
    let json = transfer.to_json();
    assert_eq!(
        json,
        concat!(
            r#"{"artifact_name":"demo-kernel","reference":{"registry":"demo-fs","repository":"port/demo-kernel","version":"v1"},"#,
            r#""selector":{"architecture":"x86_64","substrate":"firecracker","protection_mode":"standard"},"filename":"vmlinux","#,
            r#""store_path":".port/hosted/demo/artifacts/demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/vmlinux"}"#
        )
    );
    assert_eq!(Transfer::parse(json.as_bytes(), "demo").unwrap(), transfer);
    let answer = TransferAnswer {
        route: Route::of("demo"),
        result: transfer.result(7),
    };
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        concat!(
            r#"{"route":{"control_plane":"demo","candidate_nodes":[],"host_groups":[]},"result":{"artifact_name":"demo-kernel","#,
            r#""reference":{"registry":"demo-fs","repository":"port/demo-kernel","version":"v1"},"#,
            r#""selector":{"architecture":"x86_64","substrate":"firecracker","protection_mode":"standard"},"#,
            r#""store_path":".port/hosted/demo/artifacts/demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/vmlinux","bytes_copied":7}}"#
        )
    );
}

#[test]
fn hostile_transfers_are_refused() {
    let plain = selector("x86_64/firecracker/standard");
    let sound = Transfer::new("demo", "k", &reference(), plain, "vmlinux").unwrap();
    let sound = sound.to_json();
    let refuse = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        let hostile = sound.replace(from, to);
        let error = Transfer::parse(hostile.as_bytes(), "demo").unwrap_err();
        error.to_string()
    };
    assert!(refuse("\"demo-fs\"", "\"..\"").contains("leads to a folder"));
    assert!(refuse("\"demo-fs\"", "\"/etc\"").contains("separator"));
    assert!(refuse("port/demo-kernel\"", "../x\"").contains("leads elsewhere"));
    assert!(refuse("\"filename\":\"vmlinux\"", "\"filename\":\"../../x\"").contains("separator"));
    assert!(refuse("\"filename\":\"vmlinux\"", "\"filename\":\"\"").contains("is empty"));
    assert!(refuse("\"filename\":\"vmlinux\"", "\"filename\":\"other\"").contains("is not"));
    assert!(refuse("artifacts/demo-fs", "artifacts/../demo-fs").contains("is not"));
    assert!(refuse("hosted/demo/", "hosted/other/").contains("is not"));
    assert!(refuse("x86_64\",\"sub", "native\",\"sub").contains("native"));
    assert!(refuse("x86_64\",\"sub", "mips\",\"sub").contains("mips"));
    assert!(refuse("\"artifact_name\":\"k\"", "\"artifact_name\":\"a/b\"").contains("separator"));
    assert!(refuse("\"artifact_name\":\"k\",", "").contains("missing field"));
    for text in ["", "null", "[]", "{", "\u{0}", "{\"artifact_name\":1}"] {
        assert!(Transfer::parse(text.as_bytes(), "demo").is_err(), "{text}");
    }
}

#[test]
fn a_header_is_ascii() {
    let reference = ArtifactReference::new("r", "häfen/𝄞", "v").unwrap();
    let plain = selector("x86_64/firecracker/standard");
    let transfer = Transfer::new("demo", "k", &reference, plain, "ü").unwrap();
    let json = transfer.to_json();
    assert!(json.is_ascii());
    assert_eq!(Transfer::parse(json.as_bytes(), "demo").unwrap(), transfer);
}

#[test]
fn tags_name_variants() {
    let of_tag = |tag: &str| variant_of_tag(&reference(), tag);
    let all = Architecture::ALL.iter().skip(1);
    for architecture in all {
        for substrate in Substrate::ALL {
            for mode in ProtectionMode::ALL {
                let selector = Selector {
                    architecture: *architecture,
                    substrate: *substrate,
                    protection_mode: *mode,
                };
                assert_eq!(of_tag(&reference().variant_tag(selector)), Some(selector));
            }
        }
    }
    for other in [
        "v1",
        "v1-",
        "v1-native-firecracker-standard",
        "v1-x86-64-firecracker-standard",
        "v1-x86_64-firecracker",
        "v1-x86_64-firecracker-standard-2",
        "v2-x86_64-firecracker-standard",
        "latest",
    ] {
        assert_eq!(of_tag(other), None, "{other}");
    }
}

#[test]
fn the_index_has_the_default_variant_first() {
    let tagged = |text: &str| TaggedVariant {
        selector: selector(text),
        manifest: Descriptor::new("m", Digest::of(text.as_bytes()), 3),
    };
    let mut variants = vec![
        tagged("x86_64/firecracker/pvm"),
        tagged("x86_64/cloud-hypervisor/standard"),
        tagged("aarch64/firecracker/standard"),
        tagged("x86_64/firecracker/standard"),
    ];
    let index = variant_index(ArtifactKind::Kernel, variants.clone());
    variants.reverse();
    assert_eq!(index, variant_index(ArtifactKind::Kernel, variants));
    let json = serde_json::to_value(&index).unwrap();
    assert_eq!(json["artifactType"], "application/vnd.lazaret.kernel.v1");
    let first = &json["manifests"][0];
    assert_eq!(first["platform"]["architecture"], "amd64");
    assert_eq!(first["annotations"]["dev.lazaret.substrate"], "firecracker");
    assert_eq!(
        first["annotations"]["dev.lazaret.protection-mode"],
        "standard"
    );
    assert_eq!(
        json["manifests"][3]["annotations"]["dev.lazaret.protection-mode"],
        "pvm"
    );
    let arm: Platform = "linux/arm64".parse().unwrap();
    let chosen = index.select(&arm).unwrap();
    assert_eq!(chosen.digest, Digest::of(b"aarch64/firecracker/standard"));
}

#[test]
fn endpoints_are_urls_of_servers() {
    let url: Endpoint = "https://port.example.org:7040/a/".parse().unwrap();
    assert_eq!(url.as_str(), "https://port.example.org:7040/a");
    assert_eq!(url.host().as_str(), "port.example.org:7040");
    for text in [
        "",
        "port.example.org",
        "ftp://h",
        "http://",
        "http:///x",
        "http://user@h",
        "http://h?x=1",
        "http://h#x",
        "http://h h",
        "http://h\r\nx: y",
        "http://h:99999",
    ] {
        assert!(text.parse::<Endpoint>().is_err(), "{text}");
    }
}

use serde_json::{Value, json};

use super::{minimal, set};
use crate::{
    Family, Port, SandboxSpec, Volume, parse_cpus, parse_memory, parse_memory_flag, validate,
};

#[test]
fn processors() {
    let cases: [(Value, Option<u32>); 22] = [
        (json!(1), Some(1)),
        (json!(2.0), Some(2)),
        (json!(1.5), Some(2)),
        (json!(0.25), Some(1)),
        (json!("2"), Some(2)),
        (json!("1.5"), Some(2)),
        (json!("0.1"), Some(1)),
        (json!("500m"), Some(1)),
        (json!("1000m"), Some(1)),
        (json!("1001m"), Some(2)),
        (json!("2500m"), Some(3)),
        (json!(0), None),
        (json!("0"), None),
        (json!("0m"), None),
        (json!(-1), None),
        (json!("-1"), None),
        (json!("two"), None),
        (json!("1e3"), None),
        (json!(""), None),
        (json!("m"), None),
        (json!(1_000_000), None),
        (json!(null), None),
    ];
    for (value, expected) in cases {
        assert_eq!(parse_cpus(&value).ok(), expected, "{value}");
        agrees_with_schema("/spec/resources/cpu", value, expected.is_some());
    }
}

#[test]
fn memory() {
    let cases: [(Value, Option<u64>); 24] = [
        (json!(512), Some(512)),
        (json!(512.0), Some(512)),
        (json!(0.5), Some(1)),
        (json!("512"), Some(512)),
        (json!("256Mi"), Some(256)),
        (json!("1Gi"), Some(1024)),
        (json!("2Ti"), Some(2 * 1024 * 1024)),
        (json!("1Ki"), Some(1)),
        (json!("1025Ki"), Some(2)),
        (json!("512M"), Some(489)),
        (json!("1G"), Some(954)),
        (json!("1K"), Some(1)),
        (json!("1T"), Some(953_675)),
        (json!(0), None),
        (json!("0"), None),
        (json!("0Mi"), None),
        (json!("512m"), None),
        (json!("1g"), None),
        (json!("1 Gi"), None),
        (json!("1GiB"), None),
        (json!("-1Gi"), None),
        (json!("Gi"), None),
        (json!(true), None),
        (json!(4_000_000_000_u64), None),
    ];
    for (value, expected) in cases {
        assert_eq!(parse_memory(&value).ok(), expected, "{value}");
        agrees_with_schema("/spec/resources/memory", value, expected.is_some());
    }
    let error = parse_memory(&json!("512m")).unwrap_err();
    assert!(error.to_string().contains("capitals"), "{error}");
}

#[test]
fn flags_take_every_size() {
    let cases: [(&str, Option<u64>); 10] = [
        ("512", Some(512)),
        ("0.5", Some(1)),
        ("256Mi", Some(256)),
        ("1GiB", Some(1024)),
        ("1 GiB", Some(1024)),
        ("512MB", Some(489)),
        ("1.5G", Some(1431)),
        ("0MiB", None),
        ("512m", None),
        ("4000000TiB", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_memory_flag(text).ok(), expected, "{text}");
    }
}

fn agrees_with_schema(pointer: &str, value: Value, accepted: bool) {
    let mut sandbox = minimal(Family::Sandbox);
    set(&mut sandbox, "/spec/resources", json!({}));
    set(&mut sandbox, pointer, value.clone());
    let faults = validate(Family::Sandbox, &sandbox);
    assert_eq!(faults.is_empty(), accepted, "{value}: {faults:?}");
}

#[test]
fn a_sandbox_is_read() {
    let config = super::config(
        Family::Sandbox,
        json!({"isolation": "microvm", "resources": {"cpu": "1500m", "memory": "1Gi"}}),
    );
    let sandbox = SandboxSpec::of(&config).unwrap();
    assert_eq!(sandbox.resources.cpus, Some(2));
    assert_eq!(sandbox.resources.memory_mib, Some(1024));
    assert_eq!(sandbox.base_image, None);
}

#[test]
fn ports() {
    let cases = [
        ("8080", Some("127.0.0.1:8080:8080")),
        ("8080:80", Some("127.0.0.1:8080:80")),
        ("127.0.0.1:8080:80", Some("127.0.0.1:8080:80")),
        ("localhost:8080:80", Some("127.0.0.1:8080:80")),
        ("[::1]:8080:80", Some("[::1]:8080:80")),
        ("0.0.0.0:8080:80", Some("0.0.0.0:8080:80")),
        ("127.0.0.1::80", Some("127.0.0.1::80")),
        (":80", Some("127.0.0.1::80")),
        ("0", None),
        ("65536", None),
        ("80:", None),
        ("", None),
        ("+80", None),
        ("80/udp", None),
        ("example.com:80:80", None),
        ("1:2:3:4", None),
        ("[::1:8080:80", None),
    ];
    for (text, expected) in cases {
        let port = text.parse::<Port>().ok().map(|port| port.to_string());
        assert_eq!(port.as_deref(), expected, "{text}");
    }
}

#[test]
fn volumes() {
    let cases = [
        ("data:/var/lib/data", Some("data:/var/lib/data")),
        ("data:/var/lib/data:ro", Some("data:/var/lib/data:ro")),
        ("data:/var/lib/data/:rw", Some("data:/var/lib/data")),
        ("/home/me:/work:ro", Some("/home/me:/work:ro")),
        ("data", None),
        ("data:relative", None),
        ("data:/a/../b", None),
        ("data:/", None),
        ("data:/proc/x", None),
        ("data:/a:rx", None),
        ("./here:/work", None),
        (":/work", None),
        ("da ta:/work", None),
    ];
    for (text, expected) in cases {
        let volume = text.parse::<Volume>();
        let written = volume.as_ref().ok().map(Volume::to_string);
        assert_eq!(written.as_deref(), expected, "{text}");
        if let Ok(volume) = volume {
            assert_eq!(volume.is_host_path(), text.starts_with('/'));
        }
    }
}

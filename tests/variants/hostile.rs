//! Hostile descriptions, titles and links: nothing outside the folders is read or written.

use std::os::unix::fs::symlink;

use lazaret_testing::http::Request;

use super::control::{description, pull, push};
use super::port::{Port, STANDARD, Store, TOKEN};

#[test]
fn hostile_descriptions_are_refused() {
    let port = Port::new(Store::Hosted);
    let address = port.address.unwrap();
    port.world.write("secret", "secret");
    let sound = description();
    let with = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replace(from, to)
    };
    let cases = [
        with("demo-fs", ".."),
        with("demo-fs", "../../../../../.."),
        with("\"demo-fs\"", "\"/etc\""),
        with("port/demo-kernel", "port/../../../../../../x"),
        with("port/demo-kernel", "/etc"),
        with("port/demo-kernel", "port//x"),
        with("\"version\":\"v1\"", "\"version\":\"..\""),
        with("vmlinux", "../../../../../../../../../../secret"),
        with("vmlinux", "/etc/passwd"),
        with("vmlinux", ""),
        with("vmlinux", "."),
        with("vmlinux", "a\\u0000b"),
        with("vmlinux", "a\\nb"),
        with("hosted/demo", "hosted/../demo"),
        with("\"x86_64\"", "\"native\""),
        with("\"store_path\":\".port", "\"store_path\":\"/.port"),
        "{}".to_owned(),
        "[".to_owned(),
        "[".repeat(10_000),
    ];
    for case in cases {
        let pushed = push(address, TOKEN, &case, b"evil");
        assert!(
            matches!(pushed.status, 400 | 431),
            "{} {case}",
            pushed.status
        );
        let pulled = pull(address, TOKEN, &case);
        assert_eq!(pulled.status, 400, "{case}");
        let message = pulled.json()["message"].as_str().unwrap().to_owned();
        assert!(!message.contains('\n') && message.len() < 2000, "{message}");
    }
    assert!(!port.world.path(".port/hosted").exists());
    assert_eq!(std::fs::read(port.world.path("secret")).unwrap(), b"secret");
    // Nothing of it ended the server.
    assert_eq!(push(address, TOKEN, &sound, b"fine").status, 200);
}

/// Links in the folder of a control plane, a store and a cache are not followed.
#[test]
fn links_in_stores_and_caches_lead_nowhere() {
    for store in [Store::Folder, Store::Hosted] {
        let port = Port::new(store);
        port.world.write("outside/vmlinux", "theirs");
        port.write_local("kernel", "standard", b"ours");
        let stored = port.stored("kernel", "standard", "vmlinux").unwrap();
        let cached = port.cache("kernel", "standard", "vmlinux");
        for (target, is_folder) in [
            (&stored, true),
            (&stored, false),
            (&cached, true),
            (&cached, false),
        ] {
            let folder = target.parent().unwrap();
            let _ = std::fs::remove_dir_all(folder);
            if is_folder {
                std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
                symlink(port.world.path("outside"), folder).unwrap();
            } else {
                std::fs::create_dir_all(folder).unwrap();
                symlink(port.world.path("outside/vmlinux"), target).unwrap();
            }
            for verb in ["push", "pull"] {
                let output = port.artifacts(verb, "demo-kernel", &STANDARD);
                assert_ne!(
                    output.status,
                    Some(0),
                    "{store:?} {verb} {}",
                    target.display()
                );
            }
            let theirs = std::fs::read(port.world.path("outside/vmlinux")).unwrap();
            assert_eq!(theirs, b"theirs", "{store:?}");
            let inside = std::fs::read_dir(port.world.path("outside")).unwrap();
            assert_eq!(inside.count(), 1);
            match is_folder {
                true => std::fs::remove_file(folder).unwrap(),
                false => std::fs::remove_file(target).unwrap(),
            }
        }
        port.artifacts("push", "demo-kernel", &STANDARD).success();
    }
}

/// At the user's path, only a regular file is replaced.
#[test]
fn a_link_at_the_path_is_not_replaced() {
    for store in super::port::ALL {
        let port = Port::new(store);
        port.write_local("kernel", "standard", b"a kernel");
        port.artifacts("push", "demo-kernel", &STANDARD).success();
        let local = port.local("kernel", "standard");
        std::fs::remove_file(&local).unwrap();
        port.world.write("precious", "precious");
        symlink(port.world.path("precious"), &local).unwrap();
        port.artifacts("pull", "demo-kernel", &STANDARD)
            .fails(9, &["symbolic link"]);
        std::fs::remove_file(&local).unwrap();
        std::fs::create_dir(&local).unwrap();
        port.artifacts("pull", "demo-kernel", &STANDARD)
            .fails(9, &["it is a folder"]);
        assert_eq!(
            std::fs::read(port.world.path("precious")).unwrap(),
            b"precious"
        );
    }
}

/// A registry whose layers have titles that lead elsewhere, or whose content is not what it says.
#[test]
fn titles_of_a_registry_decide_nothing() {
    let port = Port::new(Store::Registry);
    port.write_local("kernel", "standard", b"a kernel");
    port.artifacts("push", "demo-kernel", &STANDARD).success();
    let address = port.address.unwrap();
    let path = "/v2/port/demo-kernel/manifests/v1-x86_64-firecracker-standard";
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = Request::new("GET", path)
        .header("Accept", kind)
        .send(address);
    let manifest = manifest.unwrap().json();
    for title in ["../../../evil", "/tmp/evil-of-lazaret", "a\u{1b}[2Jb", ""] {
        let mut hostile = manifest.clone();
        hostile["layers"][0]["annotations"]["org.opencontainers.image.title"] = title.into();
        let put = Request::new("PUT", path)
            .header("Content-Type", kind)
            .body(hostile.to_string().as_bytes())
            .send(address)
            .unwrap();
        assert_eq!(put.status, 201);
        std::fs::remove_file(port.local("kernel", "standard")).unwrap();
        port.artifacts("pull", "demo-kernel", &STANDARD).success();
        let bytes = std::fs::read(port.local("kernel", "standard")).unwrap();
        assert_eq!(bytes, b"a kernel");
        assert!(!port.world.path("evil").exists());
        assert!(!std::path::Path::new("/tmp/evil-of-lazaret").exists());
    }
    let mut two = manifest;
    let layer = two["layers"][0].clone();
    two["layers"] = serde_json::json!([layer.clone(), layer]);
    let put = Request::new("PUT", path)
        .header("Content-Type", kind)
        .body(two.to_string().as_bytes())
        .send(address);
    assert_eq!(put.unwrap().status, 201);
    port.artifacts("pull", "demo-kernel", &STANDARD).success();
}

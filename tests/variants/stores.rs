//! The commands of Port's own documents for push and pull, on each kind of store.

use super::port::{ALL, PROTECTED, Port, STANDARD, Store};

/// Push, remove, pull: the file comes back from the store, and every path is the one of Port.
#[test]
fn variants_go_to_every_store_and_come_back() {
    for store in ALL {
        let port = Port::new(store);
        for (mode, selector) in [("standard", &STANDARD[..]), ("pvm", &PROTECTED[..])] {
            let bytes = format!("a {mode} kernel");
            port.write_local("kernel", mode, bytes.as_bytes());
            let pushed = port.artifacts("push", "demo-kernel", selector).success();
            let reference = format!("{}/port/demo-kernel:v1", port.registry());
            let first = format!(
                "pushed kernel artifact 'demo-kernel' as {reference} for x86_64/firecracker/{mode}"
            );
            let mut lines = pushed.stdout.lines();
            assert_eq!(lines.next(), Some(&first[..]), "{store:?}");
            let backend = match store {
                Store::Folder => "backend: filesystem artifact-store/demo-fs".to_owned(),
                Store::Registry => "backend: oci-registry plain-http anonymous".to_owned(),
                Store::Hosted => {
                    let address = port.address.unwrap();
                    format!("backend: hosted-api http://{address} (control-plane demo)")
                }
            };
            assert_eq!(lines.next(), Some(&backend[..]));
            let count = format!("bytes: {}", bytes.len());
            assert!(pushed.stdout.contains(&count), "{}", pushed.stdout);
            let cache = port.cache("kernel", mode, "vmlinux");
            assert_eq!(std::fs::read(&cache).unwrap(), bytes.as_bytes());
            if let Some(stored) = port.stored("kernel", mode, "vmlinux") {
                assert_eq!(std::fs::read(stored).unwrap(), bytes.as_bytes());
            }

            std::fs::remove_file(port.local("kernel", mode)).unwrap();
            std::fs::remove_file(&cache).unwrap();
            let pulled = port.artifacts("pull", "demo-kernel", selector).success();
            assert!(
                pulled
                    .stdout
                    .starts_with("pulled kernel artifact 'demo-kernel'")
            );
            let restored = std::fs::read(port.local("kernel", mode)).unwrap();
            assert_eq!(restored, bytes.as_bytes(), "{store:?}");
            assert_eq!(std::fs::read(&cache).unwrap(), bytes.as_bytes());
        }
    }
}

/// The initial RAM disk beside a guest image goes with it; a newer image without one has none.
#[test]
fn an_initial_ram_disk_goes_with_its_image() {
    for store in ALL {
        let port = Port::new(store);
        let initrd = port
            .local("guest", "standard")
            .with_file_name("initrd.cpio.gz");
        port.write_local("guest", "standard", b"a disk");
        std::fs::write(&initrd, "modules").unwrap();
        port.artifacts("push", "demo-guest", &STANDARD).success();
        if let Some(stored) = port.stored("guest", "standard", "initrd.cpio.gz") {
            assert_eq!(std::fs::read(stored).unwrap(), b"modules");
        }
        std::fs::remove_file(&initrd).unwrap();
        std::fs::remove_file(port.local("guest", "standard")).unwrap();
        let pulled = port.run(&[
            "artifact",
            "pull",
            "--artifact",
            "demo-guest",
            "--architecture",
            "x86_64",
            "--format",
            "json",
        ]);
        let pulled = pulled.success().json();
        assert_eq!(pulled["kind"], "guest-image");
        assert_eq!(pulled["bytes"], 6);
        assert_eq!(pulled["initrd"]["bytes"], 7, "{store:?}");
        assert_eq!(std::fs::read(&initrd).unwrap(), b"modules");
        let disk = std::fs::read(port.local("guest", "standard")).unwrap();
        assert_eq!(disk, b"a disk");

        if store == Store::Hosted {
            continue;
        }
        std::fs::remove_file(&initrd).unwrap();
        port.artifacts("push", "demo-guest", &STANDARD).success();
        let cached = port.cache("guest", "standard", "initrd.cpio.gz");
        assert!(!cached.exists(), "{store:?}");
        std::fs::write(&initrd, "older").unwrap();
        let pulled = port.artifacts("pull", "demo-guest", &STANDARD).success();
        assert!(
            pulled.stderr.contains("is not of this image"),
            "{}",
            pulled.stderr
        );
        assert_eq!(std::fs::read(&initrd).unwrap(), b"older");
    }
}

#[test]
fn what_is_missing_is_named() {
    for store in ALL {
        let port = Port::new(store);
        port.artifacts("push", "demo-kernel", &STANDARD).fails(
            4,
            &["there is no file", "x86_64/firecracker/standard/vmlinux"],
        );
        port.artifacts("pull", "demo-kernel", &STANDARD)
            .fails(4, &["has no '", "v1"]);
        assert!(!port.local("kernel", "standard").exists());
    }
    let port = Port::new(Store::Folder);
    port.artifacts("push", "demo-kernl", &STANDARD)
        .fails(4, &["there is no artifact", "did you mean demo-kernel?"]);
    let research = ["--architecture", "aarch64", "--protection-mode", "pvm"];
    port.artifacts("push", "demo-kernel", &research)
        .fails(4, &["has no variant aarch64/firecracker/pvm"]);
    let wrong = ["--substrate", "smoke"];
    port.artifacts("push", "demo-kernel", &wrong)
        .fails(2, &["'smoke' is no substrate"]);
}

/// What the original's own test of `list` looks for.
#[test]
fn the_list_says_where_files_are() {
    let port = Port::new(Store::Folder);
    port.write_local("kernel", "standard", b"a kernel");
    let cached = port.cache("guest", "standard", "rootfs.ext4");
    std::fs::create_dir_all(cached.parent().unwrap()).unwrap();
    std::fs::write(&cached, "a disk").unwrap();
    let listed = port.run(&["artifacts", "list"]).success().stdout;
    for line in [
        "artifact: demo-kernel",
        "artifact: demo-guest",
        "variant: x86_64/firecracker/standard\tavailability=local\tlocal=true\tcache=false",
        "variant: x86_64/firecracker/standard\tavailability=cache-only\tlocal=false\tcache=true",
    ] {
        assert!(listed.lines().any(|found| found == line), "{listed}");
    }
    let json = port.run(&["artifacts", "list", "--format", "json"]);
    let json = json.success().json();
    let kernel = &json[0]["variants"][0];
    assert_eq!(json[0]["name"], "demo-kernel");
    assert_eq!(kernel["selector"]["architecture"], "x86_64");
    assert_eq!(kernel["availability"], "local");
    assert_eq!(kernel["local_present"], true);
    assert_eq!(kernel["cache_present"], false);
    assert_eq!(json[1]["variants"][0]["availability"], "cache-only");

    let inspected = port
        .artifacts("inspect", "demo-kernel", &STANDARD)
        .success();
    let digest = "local file: sha256:";
    assert!(inspected.stdout.contains(digest), "{}", inspected.stdout);
    assert!(inspected.stdout.contains("cache file: missing"));
}

/// A login of environment variables, for a registry that asks for one.
#[test]
fn a_registry_takes_the_login_of_variables() {
    let port = Port::new(Store::Registry);
    let text = std::fs::read_to_string(port.world.path("port.toml")).unwrap();
    let auth = r#"{ kind = "basic-env", username_variable = "RU", password_variable = "RP" }"#;
    let text = text.replace(r#"{ kind = "anonymous" }"#, auth);
    port.world.write("port.toml", text);
    port.write_local("kernel", "standard", b"a kernel");
    port.artifacts("push", "demo-kernel", &STANDARD)
        .fails(2, &["variable RU is not set", "set RU"]);
    let mut command = port.lazaret().command([
        "artifacts",
        "push",
        "--artifact",
        "demo-kernel",
        "--architecture",
        "x86_64",
    ]);
    command.env("RU", "anna").env("RP", "secret-of-anna");
    let pushed = lazaret_testing::program::finish(command).success();
    assert!(
        pushed
            .stdout
            .contains("oci-registry plain-http basic-env:RU:RP")
    );
    assert!(!pushed.stdout.contains("secret-of-anna"));
}

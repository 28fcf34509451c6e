use std::{fs, path::Path};

use super::fixtures;
use crate::kernel::Purpose;
use crate::{
    Error,
    kernel::{Source, Store, source},
};

const BUILTIN: &str = "kernel/fs/ext4/ext4.ko\nkernel/fs/erofs/erofs.ko\nkernel/virtio_mmio.ko\nkernel/virtio_blk.ko\n";

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("kernels"));
    Bench { folder, store }
}

impl Bench {
    fn write(&self, path: &str, content: &[u8]) -> std::path::PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn package(&self, release: &str) -> Source {
        let image = fixtures::bzimage(
            release,
            &fixtures::lz4_payload(&fixtures::vmlinux(b"Xen\0")),
        );
        let module = |name: &str| format!("./lib/modules/{release}/kernel/{name}");
        let files: &[(&str, &[u8])] = &[
            (&format!("./boot/vmlinuz-{release}"), &image),
            (
                &format!("./lib/modules/{release}/modules.builtin"),
                BUILTIN.as_bytes(),
            ),
            (
                &module("drivers/virtio_console.ko.xz"),
                &fixtures::xz(&fixtures::module("depends=virtio")),
            ),
            (&module("drivers/virtio.ko"), &fixtures::module("depends=")),
            (&module("fs/overlay.ko"), &fixtures::module("depends=")),
            (&module("unneeded.ko"), b"not even a module"),
            ("./usr/share/doc/readme", b"text"),
        ];
        Source::Package(self.write(
            &format!("{release}.deb"),
            &fixtures::package("Package: linux\n", files),
        ))
    }

    /// Everything in the store's folder besides kernels.
    fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("kernels")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with('.'))
            .collect();
        names.sort();
        names
    }
}

#[test]
fn a_package_gives_a_kernel_with_the_modules_it_needs() {
    let bench = bench();
    let kernel = bench
        .store
        .import(&bench.package("6.1.0-test"), None)
        .unwrap();
    assert_eq!(
        (kernel.name.as_str(), kernel.release.as_str()),
        ("6.1.0-test", "6.1.0-test")
    );
    let names: Vec<&str> = kernel
        .modules
        .iter()
        .map(|module| module.file_name.as_str())
        .collect();
    assert_eq!(names, ["virtio.ko", "virtio_console.ko", "overlay.ko"]);
    let console = fs::read(&kernel.modules[1].path).unwrap();
    assert!(
        console == fixtures::module("depends=virtio"),
        "modules are kept uncompressed"
    );
    assert!(fs::read(&kernel.image).unwrap() == fixtures::vmlinux(b"Xen\0"));
    assert!(kernel.digest.starts_with("sha256:"), "{}", kernel.digest);
    assert_eq!(bench.store.get("6.1.0-test").unwrap(), kernel);
    assert_eq!(bench.store.ls().unwrap(), [kernel]);
    assert_eq!(bench.leftovers(), [".default", ".lock"]);
}

#[test]
fn importing_again_changes_nothing_and_other_content_replaces() {
    let bench = bench();
    let first = bench
        .store
        .import(&bench.package("6.1"), Some("mine"))
        .unwrap();
    let stamp = || fs::metadata(&first.image).unwrap().modified().unwrap();
    let before = stamp();
    assert_eq!(
        bench
            .store
            .import(&bench.package("6.1"), Some("mine"))
            .unwrap(),
        first
    );
    assert_eq!(stamp(), before);
    let other = bench
        .store
        .import(&bench.package("6.2"), Some("mine"))
        .unwrap();
    assert_ne!(other.digest, first.digest);
    assert_eq!(bench.store.get("mine").unwrap().release, "6.2");
    assert_eq!(bench.leftovers(), [".default", ".lock"]);
}

/// A kernel that was fetched in passing does not become the one that machines run, whatever its
/// name.
#[test]
fn an_added_kernel_replaces_nothing_and_is_the_default_of_an_empty_store_only() {
    let bench = bench();
    let first = bench
        .store
        .add(&bench.package("6.1"), Some("mine"))
        .unwrap();
    assert_eq!(bench.store.default_kernel().unwrap(), first);
    let other = bench
        .store
        .add(&bench.package("6.2"), Some("other"))
        .unwrap();
    assert_eq!(bench.store.default_kernel().unwrap(), first);
    assert_eq!(
        bench
            .store
            .add(&bench.package("6.2"), Some("other"))
            .unwrap(),
        other
    );
    let refused = bench.store.add(&bench.package("6.2"), Some("mine"));
    assert!(
        matches!(refused, Err(Error::KernelExists { .. })),
        "{refused:?}"
    );
    assert_eq!(bench.store.get("mine").unwrap(), first);
    assert_eq!(bench.leftovers(), [".default", ".lock"]);
}

#[test]
fn a_damaged_record_is_an_error_that_importing_mends() {
    let bench = bench();
    let kernel = bench.store.import(&bench.package("6.1"), None).unwrap();
    let record = kernel.image.with_file_name("kernel.json");
    let good = fs::read_to_string(&record).unwrap();
    for damaged in [
        good.replace("\"version\": 3", "\"version\": 1"),
        good.replace("\"release\"", "\"other\": 1, \"release\""),
        good.replace("virtio.ko", "../virtio.ko"),
        good[..40].to_owned(),
    ] {
        fs::write(&record, &damaged).unwrap();
        let error = bench.store.get("6.1").unwrap_err();
        assert!(
            matches!(error, Error::Record { .. }),
            "{damaged}: {error:?}"
        );
        bench.store.import(&bench.package("6.1"), None).unwrap();
        assert_eq!(bench.store.get("6.1").unwrap(), kernel);
    }
}

#[test]
fn a_record_of_the_version_before_says_which_driver_is_for_disks() {
    let bench = bench();
    let kernel = bench.store.import(&bench.package("6.1"), None).unwrap();
    let record = kernel.image.with_file_name("kernel.json");
    let now = fs::read_to_string(&record).unwrap();
    let before = now.replace("\"version\": 3", "\"version\": 2");
    fs::write(&record, before.replace("overlay.ko", "virtio_blk.ko")).unwrap();
    let modules = bench.store.get("6.1").unwrap().modules;
    let driver = modules
        .iter()
        .find(|module| module.file_name == "virtio_blk.ko");
    assert_eq!(driver.unwrap().purpose, Purpose::Devices);
    let others = modules
        .iter()
        .filter(|module| module.purpose == Purpose::Devices);
    assert_eq!(others.count(), 1);
}

#[test]
fn the_default_follows_imports_choices_and_removals() {
    let bench = bench();
    let store = &bench.store;
    assert!(matches!(
        store.default_kernel().unwrap_err(),
        Error::NoKernel
    ));
    let default = || store.default_kernel().unwrap().name;
    for release in ["6.3", "6.1", "6.2"] {
        store.import(&bench.package(release), None).unwrap();
        assert_eq!(default(), release);
    }
    store.set_default("6.1").unwrap();
    assert_eq!(default(), "6.1");
    store.remove("6.1").unwrap();
    assert_eq!(default(), "6.3");
    let error = store.remove("6.1").unwrap_err();
    assert!(matches!(error, Error::KernelNotFound { known, .. } if known == ["6.2", "6.3"]));
    assert!(store.set_default("6.1").is_err());
    assert_eq!(bench.leftovers(), [".default", ".lock"]);
}

#[test]
fn names_stay_inside_the_store() {
    let bench = bench();
    for name in ["", "..", "../x", "a/b", ".default", "-x"] {
        let error = bench
            .store
            .import(&bench.package("6.1"), Some(name))
            .unwrap_err();
        assert!(
            matches!(error, Error::KernelName { .. }),
            "{name}: {error:?}"
        );
        assert!(matches!(
            bench.store.remove(name).unwrap_err(),
            Error::KernelName { .. }
        ));
    }
}

#[test]
fn a_killed_import_leaves_nothing_that_the_next_does_not_clean() {
    let bench = bench();
    bench.write("kernels/.staging-dead/vmlinuz", b"half");
    assert_eq!(bench.store.ls().unwrap(), []);
    bench.store.import(&bench.package("6.1"), None).unwrap();
    assert_eq!(bench.leftovers(), [".default", ".lock"]);
}

#[test]
fn a_meta_package_names_the_package_to_import() {
    let bench = bench();
    let control = "Package: linux-image-cloud\nDepends: linux-image-6.1.0 (= 6.1.192-2)\n";
    let package = bench.write(
        "meta.deb",
        &fixtures::package(control, &[("./usr/doc", b"x")]),
    );
    let error = bench
        .store
        .import(&Source::Package(package), None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "package linux-image-cloud is a meta package without a kernel"
    );
    assert!(
        matches!(&error, Error::MetaPackage { depends: Some(package), .. } if package == "linux-image-6.1.0"),
        "{error:?}"
    );
}

#[test]
fn damaged_packages_are_errors_and_leave_nothing() {
    let bench = bench();
    let Source::Package(path) = bench.package("6.1") else {
        unreachable!()
    };
    let whole = fs::read(&path).unwrap();
    for length in [0, 5, 100, whole.len() / 2, whole.len() - 8] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = bench
            .store
            .import(&Source::Package(path.clone()), None)
            .unwrap_err();
        assert!(matches!(error, Error::Unpack { .. }), "{length}: {error:?}");
    }
    assert_eq!(bench.leftovers(), [".lock"]);
    assert_eq!(bench.store.ls().unwrap(), []);
}

#[test]
fn a_kernel_that_cannot_drive_a_machine_is_refused() {
    let bench = bench();
    let image = bench.write("vmlinuz", &fixtures::bzimage("6.1", b""));
    bench.write("modules/modules.builtin", BUILTIN.as_bytes());
    let files = Source::Files {
        image: image.clone(),
        modules: Some(bench.folder.path().join("modules")),
    };
    let error = bench.store.import(&files, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "kernel 6.1 lacks overlay, virtio_console"
    );
    bench.write("modules/kernel/overlay.ko", b"no module");
    bench.write(
        "modules/kernel/virtio_console.ko",
        &fixtures::module("depends="),
    );
    let error = bench.store.import(&files, None).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Malformed {
                expected: "kernel module",
                ..
            }
        ),
        "{error:?}"
    );
    // Without a folder of modules, everything is assumed to be built in.
    let kernel = bench
        .store
        .import(
            &Source::Files {
                image,
                modules: None,
            },
            None,
        )
        .unwrap();
    assert_eq!(kernel.modules, []);
    assert!(
        kernel.image.ends_with("vmlinuz"),
        "its payload is no kernel"
    );
}

#[test]
fn the_host_kernel_is_found_or_its_absence_explained() {
    let bench = bench();
    let root = bench.folder.path();
    let check = |missing: &str| {
        let error = source::host(root, "6.1").err().unwrap();
        assert!(error.to_string().contains(missing), "{error}");
    };
    check("boot/vmlinuz-6.1");
    bench.write("boot/vmlinuz-6.1", b"image");
    check("lib/modules/6.1");
    bench.write("lib/modules/6.1/modules.builtin", b"");
    let parts = source::host(root, "6.1").unwrap();
    assert_eq!(parts.image, b"image");
    assert!(
        parts
            .modules
            .unwrap()
            .ends_with(Path::new("lib/modules/6.1"))
    );
}

#[test]
fn links_out_of_the_module_folder_are_not_followed() {
    let bench = bench();
    let image = bench.write("vmlinuz", &fixtures::bzimage("6.1", b""));
    bench.write("elsewhere/overlay.ko", &fixtures::module("depends="));
    bench.write("modules/virtio_console.ko", &fixtures::module("depends="));
    bench.write("modules/modules.builtin", BUILTIN.as_bytes());
    let modules = bench.folder.path().join("modules");
    std::os::unix::fs::symlink("../elsewhere", modules.join("build")).unwrap();
    std::os::unix::fs::symlink("..", modules.join("loop")).unwrap();
    let files = Source::Files {
        image,
        modules: Some(modules),
    };
    let error = bench.store.import(&files, None).unwrap_err();
    assert_eq!(error.to_string(), "kernel 6.1 lacks overlay");
}

use super::super::tests::fixtures;
use super::*;

#[test]
fn files_are_recognised_by_their_place() {
    let check = |path: &str, expected: Option<(&str, &str)>| {
        let found = place(Path::new(path)).map(|place| match place {
            Place::Image { release } => (release, "image".to_owned()),
            Place::Module { release, file_name } => (release, file_name),
        });
        let expected = expected.map(|(release, file)| (release.into(), file.into()));
        assert_eq!(found, expected, "{path}");
    };
    check("./boot/vmlinuz-6.1.0", Some(("6.1.0", "image")));
    check("usr/lib/modules/6.12.1/vmlinuz", Some(("6.12.1", "image")));
    check(
        "./lib/modules/6.1.0/kernel/fs/ext4/ext4.ko",
        Some(("6.1.0", "ext4.ko")),
    );
    check(
        "./usr/lib/modules/6.1.0/kernel/a-b.ko.xz",
        Some(("6.1.0", "a-b.ko.xz")),
    );
    check(
        "./lib/modules/6.1.0/modules.builtin",
        Some(("6.1.0", "modules.builtin")),
    );
    check("./lib/modules/6.1.0/modules.order", None);
    check("./lib/modules/../kernel/x.ko", None);
    check("../lib/modules/6.1.0/x.ko", None);
    check("./boot/System.map-6.1.0", None);
    check("./boot/vmlinuz-", None);
}

#[test]
fn the_kernel_package_is_found_among_dependencies() {
    let control = "Package: linux-image-cloud-amd64\nDepends: kmod, \
                   linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)\n";
    assert_eq!(field(control, "Package"), Some("linux-image-cloud-amd64"));
    let depends = field(control, "Depends").and_then(kernel_package);
    assert_eq!(depends.as_deref(), Some("linux-image-6.1.0-56-cloud-amd64"));
}

#[test]
fn an_image_must_be_in_proportion_to_its_package() {
    let folder = tempfile::tempdir().unwrap();
    let (package, scratch) = (folder.path().join("k.deb"), folder.path().join("scratch"));
    let image = vec![0; 40 << 20];
    let data = fixtures::gzip(&fixtures::tar(&[("boot/vmlinuz-6.1", &image)]));
    fs::write(&package, fixtures::ar(&[("data.tar.gz", &data)])).unwrap();
    let Err(error) = unpack(&package, &scratch) else {
        panic!("40 MiB of zeros are no kernel");
    };
    let text = lazaret_values::Chain(&error).to_string();
    assert!(text.contains("unpack"), "{text}");
}

#[test]
fn of_two_archives_of_a_kind_the_first_counts() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("k.deb");
    let data = |image: &[u8]| fixtures::gzip(&fixtures::tar(&[("boot/vmlinuz-6.1", image)]));
    let (first, second) = (data(b"first"), data(b"second"));
    let members = [("data.tar.gz", &first[..]), ("data.tar.gz", &second)];
    fs::write(&package, fixtures::ar(&members)).unwrap();
    let parts = unpack(&package, folder.path()).unwrap();
    assert_eq!(parts.image, b"first");
}

//! What `rootfs build` may be told.

use super::unpack::check;
use crate::support::{Image, World, tool};

fn world() -> World {
    let world = World::new();
    Image::busybox().write(&world.path("layout"));
    world
}

fn build(world: &World, more: &[&str]) -> serde_json::Value {
    let build = [
        "rootfs",
        "build",
        "oci:layout",
        "-o",
        "disk",
        "--format",
        "json",
    ];
    let built = world.lazaret().run([&build[..], more].concat());
    built.success().json()
}

#[test]
fn size_journal_and_label() {
    let world = world();
    let built = build(&world, &["--size", "64Mi", "--label", "data"]);
    assert_eq!(built["size"], 64 << 20);
    let path = world.path("disk");
    let header = || tool("dumpe2fs", &["-h", path.to_str().unwrap()]);
    let features = header();
    for word in ["has_journal", "metadata_csum", "dir_index", "data"] {
        assert!(features.contains(word), "{word}: {features}");
    }
    build(&world, &["--no-journal"]);
    assert!(!header().contains("has_journal"));
    check(&path, "ext4");
    let erofs = [
        "rootfs",
        "build",
        "oci:layout",
        "-o",
        "disk",
        "--fs",
        "erofs",
    ];
    world
        .lazaret()
        .run([&erofs[..], &["--size", "1Gi"]].concat())
        .fails(2, &["--size", "EROFS"]);
    world
        .lazaret()
        .run([
            "rootfs",
            "build",
            "oci:layout",
            "-o",
            "disk",
            "--size",
            "1Mi",
        ])
        .fails(5, &["larger --size"]);
}

#[test]
fn the_same_image_gives_the_same_bytes_from_every_source() {
    let world = world();
    let lazaret = world.lazaret();
    lazaret
        .run(["image", "import", "layout", "busybox:v1"])
        .success();
    for fs in ["ext4", "erofs"] {
        let size: &[&str] = if fs == "ext4" {
            &["--size", "64Mi"]
        } else {
            &[]
        };
        let bytes = ["oci:layout:v1", "busybox:v1"].map(|source| {
            let build = ["rootfs", "build", source, "-o", "disk", "--fs", fs];
            lazaret.run([&build[..], size].concat()).success();
            std::fs::read(world.path("disk")).unwrap()
        });
        assert!(bytes[0] == bytes[1], "{fs}");
    }
}

#[test]
fn a_tree_of_hashes() {
    let world = world();
    let ext4 = ["--verity", "--size", "64Mi"];
    let erofs = ["--verity", "--fs", "erofs"];
    for (fs, options) in [("ext4", ext4), ("erofs", erofs)] {
        let built = build(&world, &options);
        let tree = &built["verity"];
        let (hash, offset) = (&tree["root_hash"], &tree["hash_offset"]);
        let disk = world.path("disk");
        let disk = disk.to_str().unwrap();
        let offset = format!("--hash-offset={offset}");
        let arguments = ["verify", disk, disk, hash.as_str().unwrap(), &offset];
        tool("veritysetup", &arguments);
        check(&world.path("disk"), fs);
    }
}

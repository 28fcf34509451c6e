//! Tests the options of `rootfs build`.

use std::os::unix::fs::PermissionsExt;

use tar::EntryType;

use super::unpack::check;
use crate::support::{Image, Layer, World, tool};

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
fn only_an_erofs_is_compressed_and_only_in_known_ways() {
    let world = world();
    let plain = build(&world, &["--fs", "erofs"]);
    let packed = build(&world, &["--fs", "erofs", "--compress", "lz4"]);
    assert!(packed["size"].as_u64() < plain["size"].as_u64());
    assert_eq!(packed["entries"], plain["entries"]);
    for (how, words) in [
        (["--fs", "ext4", "--compress", "lz4"], "only an EROFS"),
        (["--fs", "erofs", "--compress", "gzip"], "zstd:LEVEL"),
        (["--fs", "erofs", "--compress", "zstd:99"], "1 to 22"),
    ] {
        let build = ["rootfs", "build", "oci:layout", "-o", "disk"];
        let refused = world.lazaret().run([&build[..], &how].concat());
        refused.fails(2, &["--compress", words]);
    }
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

#[test]
fn what_is_injected_is_exact_and_leaves_the_rest_alone() {
    let world = World::new();
    let image = Image::busybox().layer(
        Layer::new()
            .entry("etc/systemd", EntryType::Directory, 0o750, (7, 8), "", b"")
            .directory("var", 0o755)
            .symlink("var/run", "/run"),
    );
    image.write(&world.path("layout"));
    let file = world.write("motd", "injected\n");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    let motd = "motd:/var/run/motd";
    build(
        &world,
        &[
            "--inject",
            "agent",
            "--inject",
            motd,
            "--inject",
            "motd:/etc/passwd:4711",
        ],
    );
    let path = world.path("disk");
    check(&path, "ext4");
    let ask = |command: &str| tool("debugfs", &["-R", command, path.to_str().unwrap()]);
    for (file, mode) in [
        ("/usr/local/bin/lazaret-agent", "0755"),
        ("/etc/systemd/system/lazaret-agent.service", "0644"),
        ("/etc/systemd/system/lazaret-network.service", "0644"),
        ("/etc/systemd/system/lazaret-sshd.service", "0644"),
        ("/etc/systemd/system/lazaret-sshd-keys.service", "0644"),
        ("/etc/modules-load.d/lazaret.conf", "0644"),
        ("/run/motd", "0640"),
        ("/etc/passwd", "04711"),
        ("/usr/local", "0755"),
        ("/run", "0755"),
    ] {
        let stat = ask(&format!("stat {file}"));
        assert!(stat.contains(&format!("Mode:  {mode}")), "{file}: {stat}");
        assert!(
            stat.contains("User:     0   Group:     0"),
            "{file}: {stat}"
        );
    }
    let kept = ask("stat /etc/systemd");
    assert!(
        kept.contains("Mode:  0750") && kept.contains("User:     7"),
        "{kept}"
    );
    let wanted = "/etc/systemd/system/multi-user.target.wants/lazaret-agent.service";
    let link = ask(&format!("stat {wanted}"));
    let target = "Fast link dest: \"/etc/systemd/system/lazaret-agent.service\"";
    assert!(link.contains(target), "{link}");
    assert_eq!(ask("cat /run/motd"), "injected\n");

    let refuse = |what: &str, status, words: &[&str]| {
        let build = [
            "rootfs",
            "build",
            "oci:layout",
            "-o",
            "other",
            "--inject",
            what,
        ];
        world.lazaret().run(build).fails(status, words);
        assert!(!world.path("other").exists());
    };
    refuse("absent:/x", 4, &["absent"]);
    refuse("layout:/x", 2, &["no regular file"]);
    refuse("motd:/etc/passwd/x", 5, &["etc/passwd/x"]);
    refuse("motd", 2, &["FILE:/PATH[:MODE]"]);
}

#[test]
fn a_platform_that_is_asked_for_must_be_the_images() {
    let world = world();
    build(&world, &["--platform", "linux/amd64"]);
    let other = [
        "rootfs",
        "build",
        "oci:layout",
        "-o",
        "x",
        "--platform",
        "linux/arm64",
    ];
    world
        .lazaret()
        .run(other)
        .fails(2, &["linux/arm64", "linux/amd64"]);
}

#[test]
fn a_disk_is_looked_into_without_mounting_it() {
    let world = World::new();
    let image = Image::busybox().layer(
        Layer::new()
            .directory("data", 0o755)
            .entry(
                "data/f",
                EntryType::Regular,
                0o640,
                (7, 8),
                "",
                b"some content",
            )
            .symlink("data/link\n", "f")
            .file("data/text", "again and again\n".repeat(20_000).as_bytes()),
    );
    image.write(&world.path("layout"));
    let lazaret = world.lazaret();
    let packed = ["--fs", "erofs", "--compress", "zstd:9"];
    for how in [&["--fs", "ext4"][..], &["--fs", "erofs"], &packed] {
        build(&world, how);
        let listed = lazaret.run(["rootfs", "ls", "disk", "/data"]).success();
        let lines: Vec<&str> = listed.stdout.lines().collect();
        assert_eq!(lines.len(), 4, "{}", listed.stdout);
        assert!(lines[0].starts_with("d0755") && lines[0].ends_with("/data"));
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words, ["f0640", "1", "7:8", "12", "/data/f"]);
        assert!(lines[2].ends_with("/data/link\\n -> f"), "{}", lines[2]);
        let whole = lazaret.run(["rootfs", "ls", "disk", "--format", "json"]);
        let whole = whole.success().json();
        assert!(whole.as_array().unwrap().len() > 30);
        let cat = |path: &str| lazaret.run(["rootfs", "cat", "disk", path]);
        assert_eq!(cat("/data/f").success().stdout, "some content");
        let text = cat("/data/text").success().stdout;
        assert!(text == "again and again\n".repeat(20_000));
        cat("/data").fails(4, &["/data", "rootfs ls"]);
        lazaret
            .run(["rootfs", "ls", "disk", "absent"])
            .fails(4, &["absent"]);
    }
    world.write("none", "no disk at all");
    lazaret
        .run(["rootfs", "ls", "none"])
        .fails(5, &["none", "end of the disk"]);
}

//! Building and validating.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use lazaret_oci::Digest;
use lazaret_testing::http::{Answer, Peer};

use super::document::{NATIVE, artifacts, document, names, package, path};
use crate::support::{World, finish};

const QEMU: [&str; 2] = ["--substrate", "qemu"];

/// A file that is recognised as an unpacked kernel of this machine.
pub(super) fn small_kernel(release: &str) -> Vec<u8> {
    let machine: u16 = if NATIVE == "aarch64" { 183 } else { 62 };
    let mut kernel = b"\x7fELF\x02\x01\x01".to_vec();
    kernel.resize(64, 0);
    kernel[16..18].copy_from_slice(&2_u16.to_le_bytes());
    kernel[18..20].copy_from_slice(&machine.to_le_bytes());
    kernel.extend(format!("Linux version {release} (gcc) #1\0").as_bytes());
    kernel
}

#[test]
fn a_kernel_of_a_package_is_unpacked_and_validated_against_it() {
    let world = World::new();
    world.write("port.toml", document(&package(), "", ""));
    let lazaret = world.lazaret();
    let built = artifacts(&lazaret, "build", "edge", &QEMU).success();
    let file = path(&world, "edge", "qemu", "standard");
    assert_eq!(
        built.stdout,
        format!(
            "built kernel artifact 'edge' as 127.0.0.1:5510/acme/edge:v3 for {NATIVE}/qemu/standard \
             at out/edge/{NATIVE}/qemu/standard/vmlinux\n"
        )
    );
    assert!(fs::read(&file).unwrap().starts_with(b"\x7fELF"));
    let beside = names(file.parent().unwrap());
    assert_eq!(beside, ["vmlinux", "vmlinux.modules.tar.gz"]);
    let valid = artifacts(&lazaret, "validate", "edge", &QEMU).success();
    let first = valid.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("validated kernel artifact 'edge' as "),
        "{first}"
    );

    // What is not the source's is found, also when it is a kernel.
    let mut kernel = fs::read(&file).unwrap();
    let last = kernel.len() - 1;
    kernel[last] ^= 1;
    fs::write(&file, kernel).unwrap();
    let changed = artifacts(&lazaret, "validate", "edge", &QEMU);
    assert_eq!(changed.status, Some(8), "{changed:?}");
    assert!(
        changed.stderr.contains("is not sound:\n  it is sha256:"),
        "{changed:?}"
    );
    fs::write(&file, "").unwrap();
    let empty = artifacts(&lazaret, "validate", "edge", &QEMU);
    assert!(empty.stderr.contains("\n  it is empty"), "{empty:?}");
}

#[test]
fn a_url_is_fetched_once_verified_and_gone_on_with_after_a_break() {
    let world = World::new();
    let mut kernel = small_kernel("6.1.0-url");
    kernel.resize(3 << 20, 7);
    let digest = Digest::of(&kernel);
    let served = kernel.clone();
    let peer = Peer::start(move |seen| {
        if seen.method == "HEAD" {
            return Answer::new(200).with("Content-Length", served.len().to_string());
        }
        match seen.header("range") {
            None => Answer::new(200)
                .body(&served[..1 << 20])
                .announce(served.len()),
            Some(range) => {
                let start = range.strip_prefix("bytes=").unwrap().trim_end_matches('-');
                let start: usize = start.parse().unwrap();
                let (last, total) = (served.len() - 1, served.len());
                Answer::new(206)
                    .with("Content-Range", format!("bytes {start}-{last}/{total}"))
                    .body(&served[start..])
            }
        }
    });
    let url = format!("{}/vmlinux", peer.url());
    let source = |hex: &str| {
        format!("[[artifacts.kernels.edge.source]]\nurl = \"{url}\"\nsha256 = \"{hex}\"\n")
    };
    world.write("port.toml", document(&source(digest.hex()), "", ""));
    let lazaret = world.lazaret();
    artifacts(&lazaret, "build", "edge", &[]).success();
    let file = path(&world, "edge", "firecracker", "standard");
    assert!(fs::read(&file).unwrap() == kernel);
    let gets = peer.count("GET", "/vmlinux");
    assert!(gets >= 2, "the break was gone on from");
    artifacts(&lazaret, "validate", "edge", &[]).success();
    assert_eq!(peer.count("GET", "/vmlinux"), gets, "it is in the cache");

    // Another content than the document says leaves what was there, and nothing else.
    let other = Digest::of(b"something else");
    world.write("port.toml", document(&source(other.hex()), "", ""));
    let refused = artifacts(&lazaret, "build", "edge", &[]);
    assert_eq!(refused.status, Some(8), "{refused:?}");
    assert!(fs::read(&file).unwrap() == kernel);
    assert_eq!(names(file.parent().unwrap()), ["vmlinux"]);
}

#[test]
fn a_command_makes_a_kernel_and_shows_what_it_says() {
    let world = World::new();
    world.write("made/from", small_kernel("6.1.0-command"));
    let source = "[[artifacts.kernels.edge.source]]\n\
                  command = [\"sh\", \"-c\", \"echo building; cp made/from made/kernel\"]\n\
                  output = \"made/kernel\"\n";
    world.write("port.toml", document(source, "", ""));
    let lazaret = world.lazaret();
    let built = artifacts(&lazaret, "build", "edge", &["--format", "json"]).success();
    assert!(
        built.stderr.lines().any(|line| line == "building"),
        "{built:?}"
    );
    let json: serde_json::Value = serde_json::from_str(&built.stdout).unwrap();
    assert_eq!(json["release"], "6.1.0-command");
    assert_eq!(json["selector"]["substrate"], "firecracker");
    artifacts(&lazaret, "validate", "edge", &[]).success();
}

/// The protected lane has sources of its own: a command, or a flake that the environment names.
#[test]
fn the_protected_lane_never_gets_a_standard_kernel() {
    if NATIVE != "x86_64" {
        return;
    }
    let world = World::new();
    let pvm = ["--protection-mode", "pvm"];
    world.write("port.toml", document(&package(), "", ""));
    let lazaret = world.lazaret();
    let missing = artifacts(&lazaret, "build", "edge", &pvm);
    assert_eq!(missing.status, Some(2), "{missing:?}");
    let message = "kernel 'edge' has no source for x86_64/firecracker/pvm";
    assert!(missing.stderr.contains(message), "{missing:?}");
    assert!(names(&world.path("out")).is_empty());

    // A `nix` that answers as the real one does.
    world.write("flake/result/vmlinux", small_kernel("6.7.0-pvm"));
    let nix = world.write(
        "bin/nix",
        "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = ../pvm-builds#guest ] || exit 9\n\
         echo evaluating >&2\necho \"$PWD/flake/result\"\n",
    );
    fs::set_permissions(&nix, fs::Permissions::from_mode(0o755)).unwrap();
    let words = ["artifacts", "build", "--artifact", "edge"];
    let mut command = lazaret.command([&words[..], &pvm].concat());
    let search = format!("{}:/usr/bin:/bin", world.path("bin").display());
    command.env("PATH", &search);
    command.env("PORT_PVM_BUILD_FLAKE_REF", "../pvm-builds#guest");
    let built = finish(command).success();
    assert!(built.stderr.contains("evaluating"), "{built:?}");
    let file = path(&world, "edge", "firecracker", "pvm");
    assert!(fs::read(file).unwrap() == small_kernel("6.7.0-pvm"));
}

#[test]
fn what_cannot_be_built_here_fails_at_once() {
    let world = World::new();
    world.write("port.toml", document(&package(), "", ""));
    let lazaret = world.lazaret();
    let foreign = if NATIVE == "aarch64" {
        "x86-64"
    } else {
        "aarch64"
    };
    for verb in ["build", "validate"] {
        let research = ["--architecture", "aarch64", "--protection-mode", "pvm"];
        let refused = artifacts(&lazaret, verb, "edge", &research);
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("research only"), "{refused:?}");
        let refused = artifacts(&lazaret, verb, "base", &["--architecture", foreign]);
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("hosts only"), "{refused:?}");
        let refused = artifacts(&lazaret, verb, "base", &["--substrate", "avf"]);
        assert!(refused.stderr.contains("has no variant"), "{refused:?}");
        let refused = artifacts(&lazaret, verb, "bace", &[]);
        assert!(refused.stderr.contains("'bace'"), "{refused:?}");
    }
}

#[test]
fn a_guest_image_is_the_same_wherever_and_by_whomever_it_is_built() {
    let mut images = Vec::new();
    for (umask, user) in [("022", "alice"), ("077", "bob")] {
        let world = World::new();
        world.write("port.toml", document("", "", ""));
        world.write("script.sh", format!("umask {umask}\nexec \"$@\"\n"));
        let lazaret = world.lazaret();
        let direct = lazaret.command(["artifacts", "build", "--artifact", "base"]);
        let mut command = Command::new("sh");
        command.arg("script.sh").arg(direct.get_program());
        command.args(direct.get_args()).env_clear();
        command.current_dir(world.path("."));
        for (name, value) in direct.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("USER", user).env("TZ", "Asia/Tokyo");
        finish(command).success();
        let file = path(&world, "base", "firecracker", "standard");
        let initrd = file.with_file_name("initrd.cpio.gz");
        images.push((fs::read(&file).unwrap(), fs::read(initrd).ok()));
        artifacts(&lazaret, "validate", "base", &[]).success();
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    assert_eq!(images[0].0.len(), 256 << 20);
    assert_eq!(images[0].1.is_some(), NATIVE == "x86_64");
    assert!(images[0] == images[1], "two builds differ");
}

#[test]
fn the_variables_of_port_say_size_and_busybox() {
    let world = World::new();
    world.write("port.toml", document("", "", ""));
    let lazaret = world.lazaret();
    let build = |busybox: &str, size: &str| {
        let words = [
            "artifacts",
            "build",
            "--artifact",
            "base",
            "--substrate",
            "qemu",
        ];
        let mut command = lazaret.command(words);
        command.env("PORT_BUSYBOX_BIN", busybox);
        command.env("PORT_DEMO_GUEST_IMAGE_SIZE", size);
        finish(command)
    };
    let found = crate::support::tool("sh", &["-c", "command -v busybox"]);
    build(found.trim(), "64M").success();
    let file = path(&world, "base", "qemu", "standard");
    assert_eq!(fs::metadata(&file).unwrap().len(), 64 << 20);
    // Not one of Firecracker's, so there is no initial RAM disk unless the document wants one.
    assert_eq!(names(file.parent().unwrap()), ["rootfs.ext4"]);
    let missing = build("/nowhere/busybox", "64M");
    assert!(missing.stderr.contains("/nowhere/busybox"), "{missing:?}");
    let odd = build(found.trim(), "much");
    assert_eq!(odd.status, Some(2), "{odd:?}");
}

#[test]
fn everything_that_is_wrong_with_an_image_is_said_at_once() {
    let world = World::new();
    let guest = "source = { initrd = true }\n";
    world.write("port.toml", document("", guest, ""));
    let lazaret = world.lazaret();
    artifacts(&lazaret, "build", "base", &QEMU).success();
    let file = path(&world, "base", "qemu", "standard");
    let initrd = file.with_file_name("initrd.cpio.gz");
    fs::write(&initrd, "no archive").unwrap();
    // As its owner would, with the tools of the file system.
    let remove = "rm /usr/bin/port-guest-agent";
    crate::support::tool("debugfs", &["-w", "-R", remove, file.to_str().unwrap()]);
    let refused = artifacts(&lazaret, "validate", "base", &QEMU);
    assert_eq!(refused.status, Some(8), "{refused:?}");
    for fault in [
        "/usr/bin/port-guest-agent is missing",
        "initrd.cpio.gz beside it",
    ] {
        assert!(refused.stderr.contains(fault), "{refused:?}");
    }
    fs::write(&file, "no disk").unwrap();
    let refused = artifacts(&lazaret, "validate", "base", &QEMU);
    assert!(refused.stderr.contains("it is no disk"), "{refused:?}");
}

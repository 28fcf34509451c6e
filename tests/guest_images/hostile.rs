//! Inputs that mean harm, and sources that fail.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use super::build::small_kernel;
use super::document::{artifacts, document, names, path};
use crate::support::World;

fn command(script: &str, timeout: &str) -> String {
    format!(
        "[[artifacts.kernels.edge.source]]\ncommand = [\"sh\", \"-c\", \"{script}\"]\n\
         output = \"made\"\ntimeout = \"{timeout}\"\n"
    )
}

#[test]
fn commands_that_fail_hang_or_never_stop_talking_are_ended() {
    let world = World::new();
    let lazaret = world.lazaret();
    let begun = Instant::now();
    let build = |script: &str, timeout: &str| {
        world.write("port.toml", document(&command(script, timeout), "", ""));
        let refused = artifacts(&lazaret, "build", "edge", &["--format", "json"]);
        assert_eq!(refused.status, Some(5), "{:.2000}", refused.stderr);
        assert!(refused.stderr.len() < 1 << 20, "{}", refused.stderr.len());
        refused.stderr
    };
    assert!(build("exit 3", "10s").contains("exit status: 3"));
    assert!(build("sleep 1000", "1s").contains("it took longer than 1 s"));
    assert!(build("yes", "1s").contains("it took longer than 1 s"));
    assert!(build("true", "10s").contains("made no file made"));
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert!(names(&world.path("out")).is_empty(), "nothing was begun");
    // What it says cannot drive a terminal.
    let said = build("printf '\\\\033[2J'; exit 1", "10s");
    assert!(
        !said.contains('\u{1b}') && said.contains("\\u{1b}[2J"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_no_kernel_takes_no_place() {
    let world = World::new();
    let lazaret = world.lazaret();
    let source = "[[artifacts.kernels.edge.source]]\nfile = \"given\"\n";
    world.write("port.toml", document(source, "", ""));
    let foreign = {
        let mut kernel = small_kernel("6.1.0");
        kernel[18..20].copy_from_slice(&40_u16.to_le_bytes());
        kernel
    };
    let cases: [(&[u8], &str); 5] = [
        (b"", "it is empty"),
        (b"#!/bin/sh\n", "there is no x86 boot header"),
        (b"\x7fELF\x02\x01", "another processor"),
        (&foreign, "another processor"),
        (b"!<arch>\n", "meta package without a kernel"),
    ];
    for (content, reason) in cases {
        world.write("given", content);
        let refused = artifacts(&lazaret, "build", "edge", &[]);
        assert_eq!(refused.status, Some(5), "{refused:?}");
        assert!(refused.stderr.contains(reason), "{reason}: {refused:?}");
    }
    // A kernel that Firecracker boots is none for QEMU without the entry for it.
    world.write("given", small_kernel("6.1.0"));
    let refused = artifacts(&lazaret, "build", "edge", &["--substrate", "qemu"]);
    assert!(refused.stderr.contains("no PVH entry"), "{refused:?}");
    assert!(names(&world.path("out")).is_empty());
}

#[test]
fn nothing_but_a_regular_file_is_replaced() {
    let world = World::new();
    let lazaret = world.lazaret();
    world.write("given", small_kernel("6.1.0"));
    let source = "[[artifacts.kernels.edge.source]]\nfile = \"given\"\n";
    world.write("port.toml", document(source, "", ""));
    for (name, substrate) in [("edge", "firecracker"), ("base", "qemu")] {
        let place = path(&world, name, substrate, "standard");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let precious = world.write("precious", "mine");
        symlink(&precious, &place).unwrap();
        let refused = artifacts(&lazaret, "build", name, &["--substrate", substrate]);
        assert_eq!(refused.status, Some(9), "{refused:?}");
        assert!(refused.stderr.contains("a symbolic link"), "{refused:?}");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        let refused = artifacts(&lazaret, "build", name, &["--substrate", substrate]);
        assert!(refused.stderr.contains("a folder"), "{refused:?}");
    }
}

#[test]
fn a_busybox_that_is_none_makes_no_image() {
    let world = World::new();
    let lazaret = world.lazaret();
    let guest = "source = { busybox = \"given\" }\n";
    world.write("port.toml", document("", guest, ""));
    let cases: [(&[u8], &str); 3] = [
        (b"#!/bin/sh\n", "it is no ELF file"),
        (b"\x7fELF", "its header is damaged"),
        (&small_kernel("6.1.0"), "it names no applets"),
    ];
    for (content, reason) in cases {
        world.write("given", content);
        let refused = artifacts(&lazaret, "build", "base", &["--substrate", "qemu"]);
        assert_eq!(refused.status, Some(5), "{refused:?}");
        assert!(refused.stderr.contains(reason), "{reason}: {refused:?}");
    }
    let guest = "source = { files = [{ from = \"given\", to = \"/init\" }] }\n";
    world.write("port.toml", document("", guest, ""));
    let refused = artifacts(&lazaret, "build", "base", &["--substrate", "qemu"]);
    assert!(
        refused.stderr.contains("the image has something there"),
        "{refused:?}"
    );
    assert!(names(&world.path("out")).is_empty());
}

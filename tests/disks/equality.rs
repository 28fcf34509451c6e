//! Compares whole images: all attributes of all files.

use std::path::PathBuf;

use tar::EntryType;

use super::unpack::{differences, unpack};
use crate::support::{Containerd, Image, Layer, World, busybox_layer, made_image};

#[track_caller]
fn check(image: Image, name: &str) {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let world = World::new();
    let layout = image.write(&world.path(name));
    compare(&world, &layout, &containerd);
}

#[track_caller]
fn compare(world: &World, layout: &std::path::Path, containerd: &Containerd) {
    let seen = unpack(world, layout, containerd);
    assert!(seen.ours.len() > 5);
    assert_eq!(differences(&seen.ours, &seen.theirs), [""; 0]);
}

#[test]
fn busybox_with_changes() {
    let changes = Layer::new()
        .directory("bin", 0o755)
        .file("bin/.wh.yes", b"")
        .directory("etc", 0o700)
        .file("etc/passwd", b"changed")
        .directory("home", 0o755)
        .directory("home/worker", 0o750);
    check(Image::busybox().layer(changes), "busybox");
}

/// Attributes that only careful archivers write.
#[test]
fn every_attribute() {
    let acl = [
        &2u32.to_le_bytes()[..],
        &[1, 0, 7, 0, 255, 255, 255, 255],
        &[2, 0, 5, 0, 0xe8, 3, 0, 0],
        &[4, 0, 5, 0, 255, 255, 255, 255],
        &[16, 0, 5, 0, 255, 255, 255, 255],
        &[32, 0, 0, 0, 255, 255, 255, 255],
    ]
    .concat();
    let capability = [
        0x01, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let long = "n".repeat(255);
    let files = Layer::new()
        .pax(&[("mtime", b"1234567890.987654321")])
        .entry("f", EntryType::Regular, 0o4755, (12, 34), "", b"setuid")
        .pax(&[("uid", b"3000000000"), ("gid", b"3000000001")])
        .entry("big-owner", EntryType::Regular, 0o600, (0, 0), "", b"x")
        .pax(&[("mtime", b"-1.5"), ("path", long.as_bytes())])
        .entry("n", EntryType::Regular, 0o444, (0, 0), "", b"before 1970")
        .pax(&[("path", b"caf\xe9-\xff\xfe")])
        .entry("n", EntryType::Regular, 0o644, (0, 0), "", b"not UTF-8")
        .entry("sticky", EntryType::Directory, 0o1777, (0, 0), "", b"")
        .entry("setgid", EntryType::Directory, 0o2775, (5, 6), "", b"")
        .entry("null", EntryType::Char, 0o666, (0, 0), "", b"")
        .entry("loop", EntryType::Block, 0o660, (0, 6), "", b"")
        .entry("pipe", EntryType::Fifo, 0o622, (1, 1), "", b"")
        .xattr("security.capability", &capability)
        .program("ping", b"#!/bin/sh\n")
        .xattr("user.mime", b"text/plain")
        .file("noted", b"noted")
        .xattr("user.large", &[b'v'; 2000])
        .file("noted-more", b"noted")
        .xattr("system.posix_acl_access", &acl)
        .entry("acl", EntryType::Regular, 0o750, (0, 0), "", b"acl")
        .hardlink("f-again", "f")
        .symlink("dangling", "/nowhere/at/all")
        .file("zeros", &[0; 100_000])
        .directory("usr", 0o755)
        .directory("usr/bin", 0o755)
        .symlink("bin", "usr/bin")
        .program("bin/ls", b"through the link");
    let more = Layer::new()
        // Another name for a file of a lower layer, and a file that replaces a folder.
        .hardlink("f-third", "f")
        .file("sticky", b"a file now")
        .directory("noted", 0o755)
        .file("noted/inside", b"a folder now");
    check(Image::new().layer(files).layer(more), "attributes");
}

#[test]
fn many_layers() {
    let mut image = Image::new().layer(busybox_layer());
    for n in 0..40 {
        let layer = Layer::new()
            .directory("data", 0o755)
            .file(&format!("data/{n}"), format!("{n}").as_bytes())
            .file(&format!("data/.wh.{}", n - 2), b"")
            .file("data/last", format!("{n}").as_bytes());
        image = image.layer(layer);
    }
    check(image, "layers");
}

/// The images of `scripts/images.sh`, or the layouts in `LAZARET_TEST_LAYOUTS`, separated by `:`;
/// each has the tag `v1`.
#[test]
#[ignore = "four whole distributions: make test-boot"]
fn whole_images() {
    let made = || {
        let names = ["debian", "plain", "busybox", "static"];
        names.map(made_image).to_vec()
    };
    let layouts = std::env::var("LAZARET_TEST_LAYOUTS").map_or_else(
        |_| made(),
        |layouts| layouts.split(':').map(PathBuf::from).collect(),
    );
    let containerd = Containerd::start().expect("containerd takes root");
    for layout in layouts {
        eprintln!("{}", layout.display());
        compare(&World::new(), &layout, &containerd);
    }
}

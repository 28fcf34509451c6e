//! Tests of hostile layers: each stays inside the tree or ends in a typed error.

use crate::tests::{Dump, Tar, build, build_with, small, spec, try_build};
use crate::{EntryFault, Error, Options};

#[track_caller]
fn fault(layer: Vec<u8>) -> EntryFault {
    match try_build(&[layer]).err() {
        Some(Error::BadEntry { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn dot_dot_in_a_name() {
    for name in ["../../etc/passwd", "a/../../b", "a/..", "/.."] {
        assert_eq!(
            fault(Tar::new().file(name, "x").end()),
            EntryFault::ParentComponent
        );
    }
}

#[test]
fn absolute_names_land_in_the_tree() {
    let disk = build(&[Tar::new().file("/etc/passwd", "inside").end()]);
    assert_eq!(disk.content("/etc/passwd"), b"inside");
}

#[test]
fn a_linked_parent_outside_lands_in_the_tree() {
    let layer = Tar::new()
        .symlink("abs", "/etc")
        .file("abs/passwd", "1")
        .symlink("rel", "../../../../../../etc")
        .file("rel/shadow", "2");
    let dump = Dump::of(&build(&[layer.end()]));
    assert_eq!(
        dump.names(),
        ["abs", "etc", "etc/passwd", "etc/shadow", "rel"]
    );
}

#[test]
fn a_linked_parent_cannot_leave_its_prefix() {
    let layer = Tar::new()
        .symlink("up", "../..")
        .file("up/x", "")
        .hardlink("y", "/up/x")
        .end();
    let escape = Tar::new()
        .symlink("root", "/")
        .file("root/.wh.0", "")
        .file("root/z", "")
        .end();
    let disk = build_with(small(), |disk| {
        disk.apply_layer(&layer[..], "0")?;
        disk.apply_layer(&escape[..], "1").map(drop)
    });
    let dump = Dump::of(&disk.unwrap());
    assert_eq!(
        dump.names(),
        ["0", "0/up", "0/x", "0/y", "1", "1/root", "1/z"]
    );
}

#[test]
fn a_prefix_is_never_a_link_of_another_layer() {
    let layer = Tar::new().symlink("sub", "/").end();
    let result = build_with(small(), |disk| {
        disk.apply_layer(&layer[..], "0")?;
        disk.apply_layer(&layer[..], "0/sub").map(drop)
    });
    assert!(matches!(
        result.err(),
        Some(Error::BadEntry {
            reason: EntryFault::ParentNotDirectory,
            ..
        })
    ));
}

#[test]
fn a_hard_link_outside() {
    assert_eq!(
        fault(Tar::new().hardlink("x", "../../etc/passwd").end()),
        EntryFault::ParentComponent
    );
    assert_eq!(
        fault(Tar::new().hardlink("x", "/etc/passwd").end()),
        EntryFault::HardlinkTargetMissing
    );
}

#[test]
fn device_nodes_are_only_nodes_of_the_image() {
    let disk = build(&[Tar::new().entry(spec(b'4', "sda").device(8, 0)).end()]);
    assert!(disk.debugfs("stat /sda").contains("Type: block special"));
    let huge = Tar::new().entry(spec(b'3', "x").device(5000, 1)).end();
    assert_eq!(fault(huge), EntryFault::BadDevice);
}

#[test]
fn a_whiteout_through_a_link_stays_in_the_tree() {
    let lower = Tar::new()
        .file("etc/a", "")
        .file("etc/b", "")
        .symlink("l", "../../etc")
        .end();
    let upper = Tar::new().file("l/.wh.a", "").end();
    let dump = Dump::of(&build(&[lower, upper]));
    assert_eq!(dump.names(), ["etc", "etc/b", "l"]);
}

#[test]
fn symbolic_link_loops() {
    let layer = Tar::new()
        .symlink("a", "b")
        .symlink("b", "a")
        .file("a/x", "")
        .end();
    assert_eq!(fault(layer), EntryFault::SymlinkLoop);
    let layer = Tar::new().symlink("a", "./a/a").file("a/.wh.x", "").end();
    assert_eq!(fault(layer), EntryFault::SymlinkLoop);
    let layer = Tar::new().symlink("a", "a").hardlink("y", "a/x").end();
    assert_eq!(fault(layer), EntryFault::SymlinkLoop);
}

#[test]
fn links_that_grow_a_name_without_bound() {
    let target = format!("{}a", "./".repeat(2000));
    let layer = Tar::new().symlink("a", target).file("a/x", "").end();
    assert!(matches!(
        fault(layer),
        EntryFault::NameTooLong | EntryFault::SymlinkLoop
    ));
}

#[test]
fn names_too_long_and_with_nul() {
    assert_eq!(
        fault(Tar::new().file("n".repeat(256), "").end()),
        EntryFault::ComponentTooLong
    );
    assert_eq!(
        fault(Tar::new().file("n/".repeat(2100), "").end()),
        EntryFault::NameTooLong
    );
    let nul = Tar::new().entry(spec(b'0', "x").pax("path", "a\0b")).end();
    assert_eq!(fault(nul), EntryFault::NulByte);
    let made = Tar::new()
        .symlink("a", "n".repeat(300))
        .file("a/x", "")
        .end();
    assert_eq!(fault(made), EntryFault::ComponentTooLong);
    for target in [String::new(), "t".repeat(4096)] {
        assert_eq!(
            fault(Tar::new().symlink("a", target).end()),
            EntryFault::BadSymlinkTarget
        );
    }
}

#[test]
fn a_deep_tree_takes_no_stack() {
    let mut layer = Tar::new();
    let step = "d/".repeat(40);
    let mut at = String::new();
    for _ in 0..50 {
        at.push_str(&step);
        layer = layer.dir(&at);
    }
    // Names that become longer than any path may be, through symbolic links.
    layer = layer
        .symlink("l", &at)
        .symlink("l/l", &at)
        .dir(format!("l/{at}"));
    let lower = layer.end();
    let options = || Options {
        size: Some(64 << 20),
        ..small()
    };
    let disk = build_with(options(), |disk| disk.apply_layer(&lower[..], "").map(drop)).unwrap();
    assert!(disk.summary.entries > 4000);
    let hide = Tar::new().file(".wh.d", "").file(".wh.l", "").end();
    let disk = build_with(options(), |disk| {
        disk.apply_layer(&lower[..], "")?;
        disk.apply_layer(&hide[..], "").map(drop)
    });
    assert_eq!(disk.unwrap().summary.entries, 2);
}

//! Tests of the image specification's rules, case by case.

use crate::tests::{Dump, Tar, build, build_layers, build_with, small, spec, try_build};
use crate::{EntryFault, Error, FileSystem, Options};

#[track_caller]
fn names(layers: &[Vec<u8>], expected: &[&str]) -> Dump {
    let dump = Dump::of(&build(layers));
    assert_eq!(dump.names(), expected);
    dump
}

#[track_caller]
fn refused(layers: &[Vec<u8>], expected: EntryFault) {
    match try_build(layers).err() {
        Some(Error::BadEntry { reason, .. }) => assert_eq!(reason, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whiteout_hides_lower_layers_only() {
    let lower = Tar::new()
        .dir("d")
        .file("d/a", "1")
        .file("d/b", "1")
        .file("c", "1")
        .end();
    let upper = Tar::new()
        .file("d/a", "2")
        .file("d/.wh.a", "")
        .file(".wh.c", "")
        .file(".wh.missing", "")
        .file("nowhere/.wh.x", "")
        .file("c", "2")
        .end();
    let dump = names(&[lower, upper], &["c", "d", "d/a", "d/b"]);
    assert_eq!(dump.get("d/a").content, b"2");
    assert_eq!(dump.get("c").content, b"2");
}

#[test]
fn an_opaque_marker_applies_first_wherever_it_stands() {
    let lower = || {
        Tar::new()
            .dir("d")
            .dir("d/sub")
            .file("d/sub/old", "")
            .file("d/old", "")
            .end()
    };
    let late = Tar::new()
        .dir("d")
        .file("d/new", "")
        .file("d/sub/new", "")
        .file("d/.wh..wh..opq", "");
    let early = Tar::new()
        .file("d/.wh..wh..opq", "")
        .dir("d")
        .file("d/new", "")
        .file("d/sub/new", "");
    let expected = ["d", "d/new", "d/sub", "d/sub/new"];
    names(&[lower(), late.end()], &expected);
    names(&[lower(), early.end()], &expected);
}

#[test]
fn a_whiteout_after_new_content_of_a_directory_keeps_the_content() {
    let lower = Tar::new()
        .entry(spec(b'5', "d").mode(0o700))
        .file("d/old", "")
        .end();
    let upper = Tar::new().file("d/new", "").file(".wh.d", "").end();
    let dump = names(&[lower, upper], &["d", "d/new"]);
    assert_eq!(dump.get("d").mode, 0o755);
}

#[test]
fn an_opaque_root_empties_the_image() {
    let lower = Tar::new().file("a/b/c", "").end();
    names(
        &[
            lower,
            Tar::new().file("./.wh..wh..opq", "").file("z", "").end(),
        ],
        &["z"],
    );
}

#[test]
fn types_change_both_ways() {
    let lower = Tar::new()
        .dir("x")
        .file("x/in", "")
        .file("y", "")
        .symlink("z", "x")
        .end();
    let upper = Tar::new()
        .file("x", "file")
        .dir("y")
        .file("y/in", "")
        .dir("z")
        .end();
    let dump = names(&[lower, upper], &["x", "y", "y/in", "z"]);
    assert_eq!(dump.get("x").content, b"file");
    assert_eq!(dump.get("z").kind, 'd');
}

#[test]
fn a_directory_over_a_directory_replaces_attributes_and_keeps_content() {
    let lower = Tar::new()
        .entry(spec(b'5', "d").mode(0o700))
        .file("d/in", "")
        .end();
    let upper = Tar::new().entry(spec(b'5', "d").mode(0o711)).end();
    let dump = names(&[lower, upper], &["d", "d/in"]);
    assert_eq!(dump.get("d").mode, 0o711);
}

#[test]
fn the_last_of_two_entries_wins() {
    let layer = Tar::new()
        .file("a", "1")
        .file("a", "22")
        .symlink("b", "x")
        .file("b", "3")
        .end();
    let dump = names(&[layer], &["a", "b"]);
    assert_eq!(dump.get("a").content, b"22");
    assert_eq!(dump.get("b").kind, '-');
}

#[test]
fn entries_below_a_linked_directory_land_in_its_target() {
    let lower = Tar::new()
        .dir("usr/bin")
        .symlink("bin", "usr/bin")
        .symlink("abs", "/usr")
        .end();
    let upper = Tar::new().file("bin/ls", "ls").file("abs/lib/x", "x").end();
    let expected = [
        "abs",
        "bin",
        "usr",
        "usr/bin",
        "usr/bin/ls",
        "usr/lib",
        "usr/lib/x",
    ];
    names(&[lower.clone(), upper.clone()], &expected);
    let hide = Tar::new()
        .file("bin/.wh.ls", "")
        .file("abs/lib/.wh..wh..opq", "")
        .end();
    names(
        &[lower, upper, hide],
        &["abs", "bin", "usr", "usr/bin", "usr/lib"],
    );
}

#[test]
fn a_link_to_nowhere_as_parent_makes_its_target() {
    let layer = Tar::new()
        .symlink("data", "../../srv/./data")
        .file("data/x", "")
        .end();
    names(&[layer], &["data", "srv", "srv/data", "srv/data/x"]);
}

#[test]
fn a_link_as_last_component_is_replaced() {
    let layer = Tar::new()
        .file("target", "old")
        .symlink("a", "target")
        .file("a", "new")
        .end();
    let dump = names(&[layer], &["a", "target"]);
    assert_eq!(dump.get("target").content, b"old");
}

#[test]
fn hard_links_reach_lower_layers_and_outlive_their_target() {
    let lower = Tar::new().file("a", "data").end();
    let upper = Tar::new()
        .hardlink("b", "./a")
        .hardlink("c", "/b")
        .file(".wh.a", "")
        .end();
    let dump = names(&[lower, upper], &["b", "c"]);
    assert_eq!(dump.get("c").content, b"data");
    if dump.exact {
        assert_eq!(dump.get("c").first_name, b"b");
    }
}

#[test]
fn a_hard_link_to_itself_changes_nothing() {
    let layer = Tar::new().file("a", "data").hardlink("a", "a").end();
    assert_eq!(names(&[layer], &["a"]).get("a").content, b"data");
}

#[test]
fn what_comes_with_a_further_name_is_the_files() {
    let link = spec(b'1', "b")
        .link("a")
        .mode(0o600)
        .owner(1, 2)
        .pax("SCHILY.xattr.user.y", "new")
        .pax("SCHILY.xattr.user.z", "added");
    let layer = Tar::new()
        .entry(
            spec(b'0', "a")
                .mode(0o644)
                .pax("SCHILY.xattr.user.x", "old")
                .pax("SCHILY.xattr.user.y", "old"),
        )
        .entry(link)
        // An entry without extended attributes leaves those of the file.
        .entry(spec(b'1', "c").link("b").mode(0o755));
    let dump = names(&[layer.end()], &["a", "b", "c"]);
    if dump.exact {
        let seen = dump.get("a");
        assert_eq!((seen.mode, seen.owner), (0o755, (0, 0)));
        let pair = |name: &str, value: &str| (name.into(), value.into());
        let expected = [
            pair("user.x", "old"),
            pair("user.y", "new"),
            pair("user.z", "added"),
        ];
        assert_eq!(seen.xattrs, expected);
    }
}

/// The attributes of each name fit, but not those of all names together.
#[test]
fn attributes_that_names_add_up_to_are_bounded() {
    let layer = (0..4).fold(Tar::new().file("a", ""), |tar, n| {
        let key = format!("SCHILY.xattr.user.{n}");
        let link = spec(b'1', format!("b{n}")).link("a");
        tar.entry(link.pax(key, "v".repeat(1500)))
    });
    let result = try_build(&[layer.end()]).err();
    assert!(
        matches!(result, Some(Error::XattrsTooLarge { .. })),
        "{result:?}"
    );
}

/// A file with thousands of attributes and thousands of names costs no more than its size.
#[test]
fn names_of_a_file_with_many_attributes() {
    let many = (0..2000).fold(spec(b'0', "a"), |file, n| {
        file.pax(format!("SCHILY.xattr.user.{n}"), "")
    });
    let layer = (0..3000).fold(Tar::new().entry(many), |tar, n| {
        let link = spec(b'1', format!("b{n}")).link("a");
        tar.entry(link.pax("SCHILY.xattr.user.0", "x"))
    });
    let options = Options {
        file_system: FileSystem::Erofs,
        ..small()
    };
    let disk = build_layers(options, &[layer.end()]).unwrap();
    assert_eq!(disk.summary.entries, 2);
}

#[test]
fn a_hard_link_to_a_symbolic_link_is_one_more_link() {
    let layer = Tar::new().symlink("a", "x").hardlink("b", "a").end();
    assert_eq!(names(&[layer], &["a", "b"]).get("b").content, b"x");
}

#[test]
fn hard_links_without_a_target_are_refused() {
    refused(
        &[Tar::new().hardlink("b", "a").file("a", "").end()],
        EntryFault::HardlinkTargetMissing,
    );
    refused(
        &[Tar::new().dir("a").hardlink("b", "a").end()],
        EntryFault::HardlinkToDirectory,
    );
}

#[test]
fn missing_parents_belong_to_root_and_to_1970() {
    let dump = names(
        &[Tar::new().file("a/b/c", "").end()],
        &["a", "a/b", "a/b/c"],
    );
    assert_eq!(dump.get("a/b").mode, 0o755);
    if dump.exact {
        assert_eq!((dump.get("a").owner, dump.get("a").mtime), ((0, 0), (0, 0)));
    }
}

#[test]
fn a_file_as_parent_is_refused() {
    refused(
        &[Tar::new().file("a", "").file("a/b", "").end()],
        EntryFault::ParentNotDirectory,
    );
}

#[test]
fn the_root_takes_attributes_and_nothing_else() {
    let layer = Tar::new().entry(spec(b'5', "./").mode(0o700)).end();
    assert_eq!(Dump::of(&build(&[layer])).get("").mode, 0o700);
    refused(&[Tar::new().file(".", "").end()], EntryFault::ReplacesRoot);
    refused(
        &[Tar::new().symlink("/", "x").end()],
        EntryFault::ReplacesRoot,
    );
}

#[test]
fn a_lost_and_found_of_the_image_is_kept() {
    let layer = Tar::new()
        .entry(spec(b'5', "lost+found").mode(0o711))
        .file("lost+found/x", "x");
    let disk = build(&[layer.end()]);
    assert_eq!(disk.content("/lost+found/x"), b"x");
    refused(
        &[Tar::new().file("lost+found", "").end()],
        EntryFault::LostAndFound,
    );
}

#[test]
fn malformed_whiteouts_are_refused_and_aufs_names_ignored() {
    for name in [".wh.", ".wh..", ".wh...", "d/.wh..", ".wh.x/y"] {
        refused(&[Tar::new().file(name, "").end()], EntryFault::BadWhiteout);
    }
    refused(&[Tar::new().dir(".wh.x").end()], EntryFault::BadWhiteout);
    refused(
        &[Tar::new().symlink(".wh.x", "y").end()],
        EntryFault::BadWhiteout,
    );
    let lower = Tar::new().file("x", "").file("y", "").end();
    let aufs = Tar::new()
        .file(".wh..wh.aufs", "")
        .dir(".wh..wh.plnk")
        .file(".wh..wh.plnk/1.2", "")
        .hardlink(".wh.x", ".wh..wh.aufs")
        .end();
    names(&[lower, aufs], &["y"]);
}

/// On top of layers, existing directories keep their attributes, and links are followed in the
/// tree.
#[test]
fn directories_are_made_where_they_are_missing() {
    let layer = Tar::new()
        .entry(spec(b'5', "run").mode(0o700).owner(1, 2))
        .dir("usr")
        .symlink("bin", "/usr/bin")
        .file("file", "")
        .end();
    let disk = build_with(small(), |disk| {
        disk.apply_layer(&layer[..], "")?;
        ["/run", "run/lock/deep", "/bin/more"]
            .into_iter()
            .try_for_each(|path| disk.make_directory(path))
    });
    let dump = Dump::of(&disk.unwrap());
    assert_eq!(dump.get("run").mode, 0o700);
    assert_eq!(dump.get("run/lock/deep").mode, 0o755);
    assert_eq!(dump.get("usr/bin/more").mode, 0o755);
    let refused = build_with(small(), |disk| {
        disk.apply_layer(&layer[..], "")?;
        disk.make_directory("file/below")
    });
    assert!(refused.is_err());
}

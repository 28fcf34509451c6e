//! Tests every kind of entry after every other under the same name, in one layer and in two.

use tar::EntryType;

use super::unpack::{differences, disk, unpack};
use crate::support::{Containerd, Image, Layer, World, tool};

const KINDS: [&str; 9] = [
    "file", "empty", "full", "symlink", "hardlink", "device", "fifo", "whiteout", "opaque",
];

/// Adds an entry of `kind` as `place/x`. `turn` makes two entries of the same kind differ.
fn add(layer: Layer, kind: &str, place: &str, turn: u32) -> Layer {
    let name = format!("{place}/x");
    let mode = 0o640 + turn;
    let time = format!("160000000{turn}.12345678{turn}");
    let layer = layer.pax(&[("mtime", time.as_bytes())]);
    let owner = (u64::from(turn), 7);
    let special = |layer: Layer, kind| layer.entry(&name, kind, mode, owner, "", b"");
    match kind {
        "file" => layer.entry(
            &name,
            EntryType::Regular,
            mode,
            owner,
            "",
            format!("content {turn}").as_bytes(),
        ),
        "empty" => special(layer, EntryType::Directory),
        "full" => special(layer, EntryType::Directory)
            .file(&format!("{name}/inner-{turn}"), b"inner")
            .file(&format!("{name}/both"), turn.to_string().as_bytes()),
        "symlink" => layer.symlink(&name, &format!("target-{turn}")),
        "hardlink" => layer.hardlink(&name, &format!("{place}/target-{turn}")),
        "device" => special(layer, EntryType::Char),
        "fifo" => special(layer, EntryType::Fifo),
        "whiteout" => layer.file(&format!("{place}/.wh.x"), b""),
        "opaque" => layer.file(&format!("{place}/x/.wh..wh..opq"), b""),
        other => unreachable!("{other}"),
    }
}

fn place(layer: Layer, name: &str) -> Layer {
    layer
        .directory(name, 0o755)
        .file(&format!("{name}/target-1"), b"one")
        .file(&format!("{name}/target-2"), b"two")
}

/// All pairs, except opaque markers in something that is not a folder: containerd refuses these,
/// see `an_opaque_marker_in_a_file`.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    KINDS.into_iter().flat_map(|first| {
        let seconds = KINDS.into_iter().filter(move |second| {
            *second != "opaque" || matches!(first, "empty" | "full" | "whiteout" | "opaque")
        });
        seconds.map(move |second| (first, second, format!("{first}-{second}")))
    })
}

#[test]
fn in_two_layers() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let world = World::new();
    let (mut lower, mut upper) = (Layer::new(), Layer::new());
    for (first, second, name) in cases() {
        lower = add(place(lower, &name), first, &name, 1);
        upper = add(upper.directory(&name, 0o755), second, &name, 2);
    }
    let image = Image::new().layer(lower).layer(upper);
    let layout = image.write(&world.path("two"));
    let seen = unpack(&world, &layout, &containerd);
    assert_eq!(differences(&seen.ours, &seen.theirs), [""; 0]);
}

/// containerd sets the times of folders last, by name. So an entry that has replaced a folder in
/// the same layer gets the folder's time, or passes it on to the target of its link. Our entry has
/// its own time.
#[test]
fn in_one_layer() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let world = World::new();
    let mut layer = Layer::new();
    // See `a_whiteout_spares_its_own_layer`.
    let cases = cases().filter(|(first, second, _)| *second != "whiteout" || first == second);
    let mut replaced = Vec::new();
    for (first, second, name) in cases {
        layer = add(add(place(layer, &name), first, &name, 1), second, &name, 2);
        if ["empty", "full"].contains(&first) && !["empty", "full", "opaque"].contains(&second) {
            replaced.push(name);
        }
    }
    let layout = Image::new().layer(layer).write(&world.path("one"));
    let mut seen = unpack(&world, &layout, &containerd);
    for path in replaced
        .iter()
        .flat_map(|name| [format!("{name}/x"), format!("{name}/target-2")])
    {
        let theirs = seen.theirs.get_mut(path.as_bytes()).unwrap();
        if theirs.mtime == (1_600_000_001, 123_456_781) {
            theirs.mtime = seen.ours[path.as_bytes()].mtime;
        }
    }
    assert_eq!(differences(&seen.ours, &seen.theirs), [""; 0]);
}

/// A whiteout hides entries of lower layers, never those of its own layer, in any order
/// (image-spec, "Whiteouts"). containerd removes earlier entries of the same layer, or fails.
#[test]
fn a_whiteout_spares_its_own_layer() {
    let world = World::new();
    let (mut with, mut without) = (Layer::new(), Layer::new());
    for kind in KINDS.into_iter().filter(|kind| *kind != "whiteout") {
        without = add(place(without, kind), kind, kind, 1);
        with = add(add(place(with, kind), kind, kind, 1), "whiteout", kind, 2);
    }
    let seen = [("with", with), ("without", without)].map(|(name, layer)| {
        let layout = Image::new().layer(layer).write(&world.path(name));
        disk(&world, &layout, "erofs", &[])
    });
    let [Some(with), Some(without)] = seen else {
        return;
    };
    assert!(with.len() > KINDS.len() * 3);
    assert_eq!(differences(&with, &without), [""; 0]);
}

/// A whiteout in a folder that does not exist hides nothing; containerd makes the folder.
#[test]
fn a_whiteout_in_no_folder() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let world = World::new();
    let layer = Layer::new().file("there", b"").file("d/.wh.x", b"");
    let layout = Image::new().layer(layer).write(&world.path("nowhere"));
    let seen = unpack(&world, &layout, &containerd);
    assert!(!seen.ours.contains_key(&b"d"[..]));
    assert!(seen.theirs.contains_key(&b"d"[..]));
}

/// An opaque marker in a file hides nothing: we go on, containerd fails.
#[test]
fn an_opaque_marker_in_a_file() {
    let world = World::new();
    let lower = Layer::new().file("x", b"a file");
    let upper = Layer::new().file("x/.wh..wh..opq", b"");
    let image = Image::new().layer(lower).layer(upper);
    image.write(&world.path("layout"));
    let lazaret = world.lazaret();
    lazaret
        .run(["rootfs", "build", "oci:layout:v1", "-o", "disk"])
        .success();
    let shown = tool(
        "debugfs",
        &["-R", "cat /x", world.path("disk").to_str().unwrap()],
    );
    assert!(shown.contains("a file"), "{shown}");
}

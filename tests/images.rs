//! Tests of the local image store.

use crate::support::{Image, Layer, World};

#[test]
fn an_image_is_imported_listed_inspected_and_removed() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let lazaret = world.lazaret();
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), "busybox:v1"])
        .success();
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), "busybox:v1"])
        .success();
    let list = lazaret
        .run(["image", "ls", "--format", "json"])
        .success()
        .json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    // Another image under the name is said to have been there.
    let other = Image::busybox().command(&["true"]);
    let other = other.write(&world.path("other"));
    let import = ["image", "import", other.to_str().unwrap(), "busybox:v1"];
    let replaced = lazaret.run(import).success().stderr;
    let digest = list[0]["digest"].as_str().unwrap();
    let note = format!("localhost/busybox:v1 was {digest} before");
    assert!(replaced.contains(&note), "{replaced}");
    let import = ["image", "import", layout.to_str().unwrap(), "busybox:v1"];
    lazaret.run(import).success();
    assert_eq!(list[0]["name"], "localhost/busybox:v1");
    let shown = lazaret
        .run(["image", "inspect", "busybox:v1"])
        .success()
        .json();
    assert_eq!(shown["digest"], list[0]["digest"]);
    lazaret.run(["image", "rm", "busybox:v1"]).success();
    lazaret
        .run(["image", "rm", "busybox:v1"])
        .fails(4, &["busybox:v1"]);
    let blobs = std::process::Command::new("find")
        .arg(world.path("home/data"))
        .args(["-type", "f", "-size", "+100k"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&blobs.stdout),
        "",
        "layers stayed behind"
    );
}

#[test]
fn layouts_and_their_tars_are_the_same_image() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let mut tar = tar::Builder::new(std::fs::File::create(world.path("layout.tar")).unwrap());
    tar.append_dir_all(".", &layout).unwrap();
    tar.finish().unwrap();
    let lazaret = world.lazaret();
    let digest = |source: &str, name: &str| {
        lazaret
            .run(["image", "import", source, name, "--format", "json"])
            .success()
            .json()["digest"]
            .clone()
    };
    assert_eq!(digest("layout", "a:v1"), digest("layout.tar", "b:v1"));
}

#[test]
fn a_plain_folder_becomes_an_image() {
    let world = World::new();
    world.write("root/etc/hello", "hello");
    let lazaret = world.lazaret();
    lazaret
        .run(["image", "import", "root", "folder:v1"])
        .success();
    let shown = lazaret
        .run(["image", "inspect", "folder:v1"])
        .success()
        .json();
    assert_eq!(
        shown["config"]["rootfs"]["diff_ids"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn broken_images_are_refused_and_leave_nothing() {
    let world = World::new();
    let lazaret = world.lazaret();
    let layout = Image::busybox().write(&world.path("layout"));
    let layer = std::fs::read_dir(layout.join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(&layer).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&layer, &bytes).unwrap();
    lazaret
        .run(["image", "import", "layout", "broken:v1"])
        .fails(8, &["digest"]);
    std::fs::remove_file(&layer).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &layer).unwrap();
    lazaret
        .run(["image", "import", "layout", "broken:v1"])
        .fails(5, &["blob"]);
    world.write("junk.tar", "this is no tar");
    lazaret
        .run(["image", "import", "junk.tar", "broken:v1"])
        .fails(5, &["junk.tar"]);
    lazaret
        .run(["image", "import", "nowhere", "broken:v1"])
        .fails(4, &["nowhere"]);
    lazaret
        .run(["image", "import", "layout", "Bad Name"])
        .fails(5, &["Bad Name"]);
    assert_eq!(
        lazaret
            .run(["image", "ls", "--format", "json"])
            .success()
            .json(),
        serde_json::json!([])
    );
}

#[test]
fn a_lying_diff_id_is_an_integrity_error() {
    let world = World::new();
    let tar = Layer::new().file("a", b"a").tar();
    let image = Image::new().blob(tar, lazaret_oci::Digest::of(b"something else"));
    image.write(&world.path("layout"));
    let lazaret = world.machine();
    let imported = lazaret.run(["image", "import", "layout", "liar:v1"]);
    // It is refused when the disk is made, at the latest: it never runs.
    if imported.status == Some(0) {
        lazaret
            .run(["run", "liar:v1", "--", "/a"])
            .fails(125, &["diff id"]);
    } else {
        imported.fails(8, &["diff id"]);
    }
}

/// Content that a removed image has left, and its size.
#[test]
fn what_nothing_needs_is_counted_and_pruned() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let lazaret = world.lazaret();
    let import = ["image", "import", layout.to_str().unwrap(), "busybox:v1"];
    lazaret.run(import).success();
    let usage = |kind: &str, field: &str| {
        let shown = lazaret.run(["system", "df", "--format", "json"]);
        let shown = shown.success().json();
        let rows = shown.as_array().unwrap();
        let row = rows.iter().find(|row| row["kind"] == kind).unwrap();
        row[field].as_u64().unwrap()
    };
    let bytes = usage("layers", "bytes");
    assert!(bytes > 500_000, "{bytes}");
    assert_eq!(usage("layers", "count"), 3);
    assert_eq!(usage("layers", "reclaimable"), 0);
    // A record that is gone while its content stays, as after a removal during a run.
    let records = std::process::Command::new("sh")
        .args(["-c", "rm home/data/images/images/*"])
        .current_dir(world.path(""))
        .status();
    assert!(records.unwrap().success());
    assert_eq!(usage("layers", "reclaimable"), bytes);
    let plan = lazaret.run(["image", "prune", "--dry-run", "--format", "json"]);
    assert_eq!(plan.success().json()["blobs"].as_array().unwrap().len(), 3);
    assert_eq!(usage("layers", "count"), 3);
    let pruned = lazaret.run(["image", "prune", "--format", "json"]);
    assert_eq!(pruned.success().json()["freed"].as_u64(), Some(bytes));
    assert_eq!(usage("layers", "count"), 0);
}

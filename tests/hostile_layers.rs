//! Tests of layers that try to escape from their tree. They become a disk image and are never
//! unpacked on the host, so there is nothing to escape to; their entries are refused, or resolved
//! below the root.

use tar::EntryType;

use crate::support::{Image, Layer, World, busybox_layer, gzip};

/// Imports and runs `layer` above busybox; returns what `script` prints, or the error.
fn outcome(name: &str, layer: Layer, script: &str) -> Result<String, String> {
    let world = World::new();
    let canary = world.write("canary", "untouched");
    let image = Image::busybox().layer(layer);
    let layout = image.write(&world.path("layout"));
    let lazaret = world.machine();
    let imported = lazaret.run(["image", "import", layout.to_str().unwrap(), name]);
    let output = if imported.status == Some(0) {
        lazaret.run(["-q", "run", name, "--", "sh", "-c", script])
    } else {
        imported
    };
    assert_eq!(std::fs::read(canary).unwrap(), b"untouched");
    assert!(!std::path::Path::new("/escaped").exists());
    assert!(!std::path::Path::new("/etc/escaped").exists());
    if output.status == Some(0) {
        Ok(output.stdout)
    } else {
        assert!(output.stderr.contains("error: "), "{}", output.stderr);
        Err(output.stderr)
    }
}

#[test]
fn parent_components_are_refused() {
    let error = outcome(
        "dotdot:v1",
        Layer::new().file("a/../../escaped", b"x"),
        "true",
    )
    .unwrap_err();
    assert!(error.contains("..") && error.contains("escaped"), "{error}");
}

#[test]
fn absolute_paths_and_symlinked_parents_are_rooted_in_the_tree() {
    let layer = Layer::new()
        .file("/etc/escaped", b"rooted")
        .symlink("way", "/etc")
        .file("way/escaped-too", b"rooted too")
        .symlink("up", "../../../../etc")
        .file("up/escaped-three", b"clamped")
        .device("disk");
    let script = "cat /etc/escaped /etc/escaped-too /etc/escaped-three; echo; stat -c %F /disk";
    let output = outcome("rooted:v1", layer, script).unwrap();
    assert_eq!(output, "rootedrooted tooclamped\nblock special file\n");
}

#[test]
fn hardlinks_cannot_reach_outside() {
    let error = outcome(
        "hardlink:v1",
        Layer::new().hardlink("mine", "../../../etc/shadow"),
        "true",
    )
    .unwrap_err();
    assert!(
        error.contains("mine") || error.contains("etc/shadow"),
        "{error}"
    );
    let error = outcome(
        "hardlink2:v1",
        Layer::new().hardlink("mine", "/etc/shadow"),
        "true",
    )
    .unwrap_err();
    assert!(
        error.contains("mine") && error.contains("hard link"),
        "{error}"
    );
}

#[test]
fn a_truncated_layer_is_an_error() {
    let world = World::new();
    // Unique content: if an honest image with this diff id had a disk already, that disk would be
    // used.
    let tar = busybox_layer().file("etc/truncated", b"x").tar();
    let mut blob = gzip(&tar);
    blob.truncate(blob.len() / 2);
    let image = Image::new().blob(blob, lazaret_oci::Digest::of(&tar));
    image.write(&world.path("layout"));
    let lazaret = world.machine();
    let imported = lazaret.run(["image", "import", "layout", "truncated:v1"]);
    let output = if imported.status == Some(0) {
        lazaret.run(["run", "truncated:v1", "--", "sh"])
    } else {
        imported
    };
    assert_ne!(output.status, Some(0));
    assert!(
        output.stderr.contains("truncated") || output.stderr.contains("ends"),
        "{}",
        output.stderr
    );
}

#[test]
fn ten_gigabytes_of_zeros_cost_neither_memory_nor_disk() {
    let world = World::new();
    // One gzip member of 16 MiB of zeros, repeated: a valid stream of 10 GiB.
    const MEMBER: usize = 16 << 20;
    const TOTAL: u64 = 10 << 30;
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(TOTAL);
    header.set_cksum();
    let member = gzip(&vec![0; MEMBER]);
    let mut blob = gzip(header.as_bytes());
    for _ in 0..TOTAL / MEMBER as u64 {
        blob.extend_from_slice(&member);
    }
    blob.extend_from_slice(&gzip(&[0; 1024]));
    // The wrong diff id ends the conversion at the latest; nothing may fill up before that.
    let image = Image::new().blob(blob, lazaret_oci::Digest::of(b"unknown"));
    image.write(&world.path("layout"));
    let lazaret = world.machine();
    let imported = lazaret.run(["image", "import", "layout", "zeros:v1"]);
    let mut command = std::process::Command::new("/usr/bin/time");
    let run = lazaret.command(["run", "zeros:v1", "--", "/zeros"]);
    command
        .args(["-f", "%M"])
        .arg(run.get_program())
        .args(run.get_args());
    command.current_dir(world.path("")).env_clear();
    command.envs(
        run.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if imported.status == Some(0) {
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(125), "{stderr}");
        let kilobytes: u64 = stderr.lines().last().unwrap().trim().parse().unwrap();
        assert!(kilobytes < 256 * 1024, "{kilobytes} KiB resident");
    } else {
        imported.fails(8, &["error:"]);
    }
}

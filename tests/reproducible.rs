//! Tests that the same content gives the same digest everywhere.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Image, Layer, World};

const FILESET: &str = "apiVersion: lens.dev/v1alpha1\nkind: FileSet\nmetadata: {name: same}\nmount: {path: /srv/same}\nspec: {}\n";

#[test]
fn content_gives_one_digest_whoever_packs_it_and_when() {
    let digests: Vec<String> = [0o700, 0o755]
        .into_iter()
        .enumerate()
        .map(|(round, mode)| {
            let world = World::new();
            world.write("fileset.yaml", FILESET);
            // Files are created in another order, with other times and other modes of folders.
            let mut names = ["a/one", "a/b/two", "z", "a.txt"];
            if round == 1 {
                names.reverse();
            }
            for name in names {
                world.write(&format!("content/{name}"), name);
            }
            std::fs::set_permissions(world.path("content/a"), PermissionsExt::from_mode(mode)).unwrap();
            std::os::unix::fs::symlink("a/one", world.path("content/link")).unwrap();
            let file = std::fs::File::options().write(true).open(world.path("content/z")).unwrap();
            let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 * (1 + round as u64));
            file.set_modified(time).unwrap();
            // Only root may change the owner of files.
            if round == 1 && rustix::process::geteuid().is_root() {
                for name in ["content", "content/z", "content/a/one"] {
                    std::os::unix::fs::chown(world.path(name), Some(1234), Some(4321)).unwrap();
                }
            }
            let output = world
                .lazaret()
                .with_registry(
                    "lazaret push fileset.yaml $LAZARET_REGISTRY/acme/filesets/same:v1 --content content --format json",
                )
                .success();
            output.json()["digest"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn yaml_and_json_of_the_same_document_are_the_same_artifact() {
    let world = World::new();
    world.write("a.yaml", FILESET);
    world.write(
        "b.json",
        r#"{"spec":{},"mount":{"path":"/srv/same"},"metadata":{"name":"same"},"kind":"FileSet","apiVersion":"lens.dev/v1alpha1"}"#,
    );
    let script = "for f in a.yaml b.json; do lazaret push $f $LAZARET_REGISTRY/acme/filesets/$f --format json | grep '\"digest\"'; done";
    let output = world.lazaret().with_registry(script).success();
    let digests: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(digests[0], digests[1]);
}

/// The disk depends neither on the user who builds it nor on the number of processors.
#[test]
fn disks_depend_on_the_image_alone() {
    let world = World::new();
    let image = Image::busybox()
        .layer(Layer::new().file("a", &[1; 100_000]).symlink("b", "a"))
        .layer(Layer::new().hardlink("c", "a").file(".wh.b", b""));
    let layout = image.write(&world.path("layout"));
    let build = |command: &mut Command, name: &str, fs: &[&str]| {
        let output = world.path("out").join(name);
        let status = command
            .args(["rootfs", "build", &format!("oci:{}", layout.display())])
            .args(["--inject", "agent", "-o"])
            .arg(&output)
            .args(fs)
            .env(
                "LAZARET_HOME",
                world.path("out").join(format!("home-{name}")),
            )
            .output()
            .unwrap();
        assert!(status.status.success(), "{name}: {status:?}");
        std::fs::read(output).unwrap()
    };
    std::fs::create_dir(world.path("out")).unwrap();
    let binary = env!("CARGO_BIN_EXE_lazaret");
    let ways: [&[&str]; 4] = [
        &["--fs", "ext4"],
        &["--fs", "erofs"],
        &["--fs", "erofs", "--compress", "lz4"],
        &["--fs", "erofs", "--compress", "zstd"],
    ];
    for fs in ways {
        let usual = build(&mut Command::new(binary), "usual", fs);
        let mut alone = Command::new("taskset");
        alone.args(["-c", "0", binary]);
        assert!(
            build(&mut alone, "alone", fs) == usual,
            "{fs:?} on one processor"
        );
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root becomes somebody else");
            continue;
        }
        // A folder and a binary that every user can access.
        let reachable = world.path("out/lazaret");
        std::fs::copy(binary, &reachable).unwrap();
        for (path, mode) in [("", 0o755), ("layout", 0o755), ("out", 0o777)] {
            std::fs::set_permissions(world.path(path), PermissionsExt::from_mode(mode)).unwrap();
        }
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        nobody.arg(&reachable);
        assert!(
            build(&mut nobody, "nobody", fs) == usual,
            "{fs:?} by nobody"
        );
    }
}

//! The same content gives the same digest everywhere.

use std::os::unix::fs::PermissionsExt;

use crate::support::World;

const FILESET: &str = "apiVersion: lens.dev/v1alpha1\nkind: FileSet\nmetadata: {name: same}\nmount: {path: /srv/same}\nspec: {}\n";

#[test]
fn content_gives_one_digest_whoever_packs_it_and_when() {
    let digests: Vec<String> = [0o700, 0o755]
        .into_iter()
        .enumerate()
        .map(|(round, mode)| {
            let world = World::new();
            world.write("fileset.yaml", FILESET);
            // Another order of creation, other times, another mode for folders.
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
            // Only root may give files away.
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

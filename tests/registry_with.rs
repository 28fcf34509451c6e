//! Tests `lazaret registry with`: an empty registry that exists as long as a command runs.

use crate::support::World;

#[test]
fn the_command_finds_the_registry_and_decides_the_exit_status() {
    let world = World::new();
    let output = world
        .lazaret()
        .with_registry("echo \"at $LAZARET_REGISTRY\"; exit 7")
        .status(7);
    let address = output
        .stdout
        .trim()
        .strip_prefix("at 127.0.0.1:")
        .unwrap()
        .to_owned();
    assert_ne!(address.parse::<u16>().unwrap(), 0);
}

#[test]
fn nothing_is_left_when_the_command_is_killed() {
    let world = World::new();
    let script = "lazaret push fileset.yaml $LAZARET_REGISTRY/acme/filesets/f:v1 >&2; echo $LAZARET_REGISTRY; kill -9 $$";
    world.write(
        "fileset.yaml",
        "apiVersion: lens.dev/v1alpha1\nkind: FileSet\nmetadata: {name: f}\nmount: {path: /srv/f}\nspec: {}\n",
    );
    let output = world.lazaret().with_registry(script).status(137);
    let address = output.stdout.trim();
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the registry still listens"
    );
    assert_eq!(leftovers(&world), Vec::<String>::new());
}

#[test]
fn its_own_death_leaves_content_only_until_the_next_command() {
    let world = World::new();
    let mut command =
        world
            .lazaret()
            .command(["registry", "with", "--", "sh", "-c", "kill -9 $PPID"]);
    command.status().unwrap();
    assert_eq!(
        leftovers(&world).len(),
        1,
        "the killed process could not clean up"
    );
    world.lazaret().with_registry("true").success();
    assert_eq!(leftovers(&world), Vec::<String>::new());
}

#[test]
fn two_at_once_do_not_see_each_other() {
    let world = World::new();
    let script = "lazaret registry with -- sh -c 'echo $LAZARET_REGISTRY'; echo $LAZARET_REGISTRY";
    let output = world.lazaret().with_registry(script).success();
    let addresses: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(addresses.len(), 2);
    assert_ne!(addresses[0], addresses[1]);
}

#[test]
fn its_address_comes_as_json_too() {
    let world = World::new();
    let output = world
        .lazaret()
        .run(["registry", "with", "--format", "json", "--", "true"])
        .success();
    let url = output.json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
}

#[test]
fn a_command_that_does_not_exist_is_127() {
    World::new()
        .lazaret()
        .run(["registry", "with", "--", "no-such-program"])
        .fails(127, &["no-such-program"]);
}

/// Folders of ephemeral registries in the runtime folder.
fn leftovers(world: &World) -> Vec<String> {
    match std::fs::read_dir(world.path("home/data/run/registries")) {
        Ok(entries) => entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect(),
        Err(_) => Vec::new(),
    }
}

#[test]
fn a_taken_port_is_a_conflict_with_a_hint() {
    let world = World::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = ["serve", "--listen", &address, "--root", "registry"];
    let refused = world.lazaret().run(run);
    refused.fails(7, &[&address, "hint:", "--listen"]);
}

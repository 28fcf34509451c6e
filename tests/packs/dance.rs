//! The recipe of `docs/guide/packs.md`: an image that docker built becomes a pack.

use std::process::Command;

use super::start;
use crate::registry_clients::Docker;
use crate::support::{World, busybox_layer, finish};

/// The recipe, as the guide has it.
const GUIDE: &str = include_str!("../../docs/guide/packs.md");

fn recipe() -> String {
    let (_, rest) = GUIDE.split_once("cat > docker-pack.sh <<'END'\n").unwrap();
    rest.split_once("\nEND\n").unwrap().0.to_owned()
}

#[test]
fn an_image_that_docker_built_becomes_a_pack() {
    let Some(docker) = Docker::start() else {
        return;
    };
    let world = World::new();
    let script = world.write("docker-pack.sh", recipe());
    std::fs::create_dir(world.path("context")).unwrap();
    std::fs::write(world.path("context/base.tar"), busybox_layer().tar()).unwrap();
    let build = |text: &str| {
        let file = format!("FROM scratch\nADD base.tar /\nCMD [\"/bin/echo\", \"{text}\"]\n");
        world.write("context/Dockerfile", file);
        let context = world.path("context");
        docker.run(&["build", "-q", "-t", "app:v1", context.to_str().unwrap()]);
    };
    let dance = || {
        let lazaret = world.machine();
        let plain = lazaret.command([""; 0]);
        let environment: Vec<_> = plain
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let mut command = Command::new("sh");
        command
            .arg(&script)
            .args(["app:v1", "app.pack"])
            .current_dir(world.path(""));
        command
            .env_clear()
            .envs(environment)
            .env("DOCKER_HOST", docker.address());
        finish(command).success()
    };
    build("first");
    let made = dance();
    assert!(!made.stdout.contains("unchanged"), "{}", made.stdout);
    assert_eq!(
        start(&world.path("app.pack"), &[]).success().stdout,
        "first\n"
    );
    let again = dance();
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
    assert!(
        !again.stdout.contains("sha256:"),
        "something was pushed or packed: {}",
        again.stdout
    );
    build("second");
    assert!(!dance().stdout.contains("unchanged"));
    assert_eq!(
        start(&world.path("app.pack"), &[]).success().stdout,
        "second\n"
    );
}

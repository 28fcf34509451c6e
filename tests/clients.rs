//! Tests that images of other tools run here, and that other tools can read ours.

use lazaret_oci::{Algorithm, Digest};
use lazaret_testing::docker_registry::DockerRegistry;
use lazaret_testing::http::exchange;

use crate::support::{Image, Serve, World, tool};

#[test]
fn an_image_pushed_by_skopeo_runs() {
    let world = World::new();
    Image::busybox()
        .command(&["/bin/sh", "-c", "exit 42"])
        .write(&world.path("layout"));
    let script = "
        skopeo --insecure-policy copy -q --dest-tls-verify=false oci:layout:v1 docker://$LAZARET_REGISTRY/acme/images/forty-two:v1
        lazaret -q run $LAZARET_REGISTRY/acme/images/forty-two:v1";
    world.machine().with_registry(script).status(42);
}

#[test]
fn an_image_saved_by_podman_pushes_and_runs() {
    let world = World::new();
    Image::busybox()
        .command(&["sh", "-c", "echo from podman"])
        .write(&world.path("layout"));
    let storage = world.path("storage");
    let (root, run, temporary) = (
        storage.join("root"),
        storage.join("run"),
        storage.join("tmp"),
    );
    let store = |arguments: &[&str]| {
        let mut all = vec![
            "--root",
            root.to_str().unwrap(),
            "--runroot",
            run.to_str().unwrap(),
            "--tmpdir",
            temporary.to_str().unwrap(),
            "--storage-driver",
            "vfs",
        ];
        all.extend(arguments);
        tool("podman", &all)
    };
    let input = world.path("input.tar");
    let target = format!("docker-archive:{}:localhost/saved:v1", input.display());
    let layout = format!("oci:{}:v1", world.path("layout").display());
    tool(
        "skopeo",
        &["--insecure-policy", "copy", "-q", &layout, &target],
    );
    store(&["load", "-q", "-i", input.to_str().unwrap()]);
    let archive = world.path("saved.tar");
    store(&[
        "save",
        "-q",
        "--format",
        "docker-archive",
        "-o",
        archive.to_str().unwrap(),
        "localhost/saved:v1",
    ]);
    let script = "
        lazaret push saved.tar $LAZARET_REGISTRY/acme/images/saved:v1 >&2
        lazaret -q run $LAZARET_REGISTRY/acme/images/saved:v1";
    let output = world.machine().with_registry(script).success();
    assert_eq!(output.stdout, "from podman\n");
}

#[test]
fn what_we_push_others_can_read() {
    let world = World::new();
    Image::busybox().write(&world.path("layout"));
    let script = "
        lazaret push layout $LAZARET_REGISTRY/acme/images/ours:v1 >&2
        skopeo --insecure-policy copy -q --src-tls-verify=false docker://$LAZARET_REGISTRY/acme/images/ours:v1 oci:back:v1
        lazaret image import layout ours:v1 --format json
        ";
    let output = world.lazaret().with_registry(script).success();
    let digest = output.json()["digest"].as_str().unwrap().to_owned();
    let index = std::fs::read_to_string(world.path("back/index.json")).unwrap();
    assert!(
        index.contains(&digest),
        "{index} has another digest than {digest}"
    );
}

#[test]
fn credentials_are_checked_before_they_are_kept() {
    let world = World::new();
    let registry = DockerRegistry::start(&world.path(""), Some(("user", "secret")));
    let lazaret = world.lazaret();
    let login = |password: &str| {
        lazaret.run_with_input(
            ["login", &registry.address, "-u", "user", "--password-stdin"],
            password.as_bytes(),
        )
    };
    let refused = login("wrong").fails(3, &["error:"]);
    assert!(!refused.stderr.contains("wrong"));
    assert!(
        !lazaret
            .run(["auth", "list"])
            .success()
            .stdout
            .contains(&registry.address)
    );
    login("secret").success();
    let list = lazaret.run(["auth", "list", "--format", "json"]).success();
    assert!(list.stdout.contains(&registry.address) && !list.stdout.contains("secret"));

    Image::busybox().write(&world.path("layout"));
    let target = format!("{}/acme/images/private:v1", registry.address);
    lazaret.run(["push", "layout", &target]).success();
    lazaret.run(["pull", &target]).success();
    lazaret.run(["logout", &registry.address]).success();
    lazaret.run(["pull", &target]).fails(3, &["hint:", "login"]);
}

/// What a layout knows by SHA-512 is known by that digest in the registry, under its tag, too.
#[test]
fn a_layout_with_sha_512_keeps_its_digest() {
    let world = World::new();
    let layout = Image::busybox().write(&world.path("layout"));
    let index = layout.join("index.json");
    let mut entries: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&index).unwrap()).unwrap();
    let entry = &mut entries["manifests"][0];
    let hex = entry["digest"].as_str().unwrap().replace("sha256:", "");
    let raw = std::fs::read(layout.join("blobs/sha256").join(hex)).unwrap();
    let long = Digest::with(Algorithm::Sha512, &raw);
    std::fs::create_dir(layout.join("blobs/sha512")).unwrap();
    std::fs::write(layout.join("blobs/sha512").join(long.hex()), &raw).unwrap();
    entry["digest"] = long.to_string().into();
    std::fs::write(&index, entries.to_string()).unwrap();

    let served = Serve::start(&world);
    let target = format!("{}/acme/images/a:v1", served.address);
    let pushed = world.lazaret().run(["-q", "push", "layout", &target]);
    assert_eq!(pushed.success().stdout.trim(), long.to_string());
    let ask =
        "HEAD /v2/acme/images/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(served.address, ask.as_bytes()).unwrap();
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(
        answer.contains(&format!("docker-content-digest: {long}")),
        "{answer}"
    );
}

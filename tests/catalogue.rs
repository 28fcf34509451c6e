//! Tests of prebuilt images and kernels with short names.

use std::path::PathBuf;

use lazaret_testing::http::{Answer, Peer};

use crate::support::{Image, Layer, Lazaret, World, kernel_package, tool};

/// Serves a folder over HTTP.
fn serve(folder: PathBuf) -> Peer {
    Peer::start(
        move |seen| match std::fs::read(folder.join(&seen.path()[1..])) {
            Ok(content) => Answer::new(200).body(&content),
            Err(_) => Answer::new(404),
        },
    )
}

fn image(world: &World) {
    Image::busybox()
        .layer(Layer::new().file("etc/made", b"by catalogue build\n"))
        .command(&["/bin/cat", "/etc/made"])
        .write(&world.path("layout"));
}

/// Runs `catalogue build`, with the entry in `pub/catalogue.json`.
fn build(world: &World, lazaret: &Lazaret) -> serde_json::Value {
    std::fs::create_dir_all(world.path("pub")).unwrap();
    let build = [
        "catalogue",
        "build",
        "oci:layout:v1",
        "-o",
        "pub/tiny.tar.zst",
        "--name",
        "tiny",
        "--distro",
        "busybox",
        "--kernel",
        "cloud",
        "--catalogue",
        "pub/catalogue.json",
        "--format",
        "json",
    ];
    lazaret.run(build).success().json()["entry"].clone()
}

fn catalogue(world: &World, images: serde_json::Value) {
    let package = kernel_package().unwrap();
    let digest = tool("sha256sum", &[package.to_str().unwrap()]);
    let document = serde_json::json!({
        "version": 1,
        "images": [images],
        "kernels": [{
            "name": "cloud",
            "arch": "amd64",
            "url": package,
            "sha256": digest.split(' ').next().unwrap(),
            "size": std::fs::metadata(&package).unwrap().len(),
        }],
    });
    world.write("catalogue.json", document.to_string());
}

fn run(world: &World, lazaret: &Lazaret, arguments: &[&str]) -> crate::support::Output {
    let mut command = lazaret.command(arguments);
    command.env("LAZARET_CATALOGUE", world.path("catalogue.json"));
    crate::support::finish(command)
}

/// An image becomes a bundle, is fetched over HTTP into an empty home, and runs with the entry's
/// kernel.
#[test]
fn a_name_of_a_catalogue_runs_with_its_kernel() {
    let world = World::new();
    image(&world);
    let lazaret = world.lazaret();
    let mut entry = build(&world, &lazaret);
    assert_eq!(entry["url"], "tiny.tar.zst");
    let first = std::fs::read(world.path("pub/tiny.tar.zst")).unwrap();
    build(&world, &lazaret);
    assert!(first == std::fs::read(world.path("pub/tiny.tar.zst")).unwrap());

    let server = serve(world.path("pub"));
    entry["url"] = format!("{}/tiny.tar.zst", server.url()).into();
    catalogue(&world, entry.clone());
    let listed = run(&world, &lazaret, &["catalogue", "ls"]).success();
    assert!(
        listed.stdout.contains("tiny  amd64  busybox  cloud"),
        "{}",
        listed.stdout
    );
    let output = run(&world, &lazaret, &["-q", "run", "tiny"]).success();
    assert_eq!(output.stdout, "by catalogue build\n");
    let kernels = lazaret.run(["kernel", "ls", "--format", "json"]);
    assert_eq!(kernels.success().json()[0]["name"], "cloud");
    let images = lazaret.run(["image", "ls", "--format", "json"]);
    assert_eq!(images.success().json()[0]["name"], "localhost/tiny:latest");

    // It is in the store now, so neither catalogue nor server is asked.
    let asked = server.log().len();
    let write = [
        "-q",
        "run",
        "tiny",
        "--",
        "sh",
        "-c",
        "echo more >> /etc/made; cat /etc/made",
    ];
    for _ in 0..2 {
        let output = lazaret.run(write).success();
        assert_eq!(output.stdout, "by catalogue build\nmore\n");
    }
    assert_eq!(server.log().len(), asked);
    // Its disk belongs to the image and is removed with it.
    let prune = ["image", "prune", "--format", "json"];
    assert_eq!(lazaret.run(prune).success().json()["freed"], 0);
    lazaret.run(["image", "rm", "tiny"]).success();
    let disks = std::fs::read_dir(world.path("home/data/images/disks")).unwrap();
    let disks = disks.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        disks
            .filter(|name| name.starts_with("bundle-") && !name.ends_with(".lock"))
            .count()
            == 0
    );
}

#[test]
fn what_a_catalogue_names_must_be_what_it_says() {
    let world = World::new();
    image(&world);
    let lazaret = world.lazaret();
    let entry = build(&world, &lazaret);
    let with = |field: &str, value: serde_json::Value| {
        let mut entry = entry.clone();
        entry["url"] = "pub/tiny.tar.zst".into();
        entry[field] = value;
        catalogue(&world, entry);
    };
    let pull = |status, words: &[&str]| {
        run(&world, &lazaret, &["pull", "tiny"]).fails(status, words);
        let images = lazaret.run(["image", "ls", "--format", "json"]);
        assert_eq!(images.success().json(), serde_json::json!([]));
    };
    with("sha256", "00".repeat(32).into());
    pull(8, &["sha256:00000"]);
    with("size", 7.into());
    pull(8, &["tiny.tar.zst"]);
    with("url", "absent.tar.zst".into());
    pull(4, &["absent.tar.zst"]);
    with("url", "http://example.com/x".into());
    pull(5, &["plain HTTP"]);
    with("kernel", "nowhere".into());
    pull(4, &["nowhere"]);
    with("arch", "s390x".into());
    run(&world, &lazaret, &["pull", "tiny"]).fails(5, &["docker.io/library/tiny"]);
    // An image that the user has under that name stays.
    with("url", "pub/tiny.tar.zst".into());
    lazaret.run(["image", "import", "layout", "tiny"]).success();
    run(&world, &lazaret, &["pull", "tiny"]).fails(7, &["localhost/tiny", "image rm"]);
    lazaret.run(["image", "rm", "tiny"]).success();
    world.write("catalogue.json", "{}");
    pull(5, &["catalogue.json", "version"]);
}

/// A kernel is pushed to a registry, pulled into another home, and boots there.
#[test]
fn a_kernel_travels_by_registry() {
    let world = World::new();
    image(&world);
    let package = kernel_package().unwrap();
    let lazaret = world.lazaret();
    let import = [
        "kernel",
        "import",
        package.to_str().unwrap(),
        "--name",
        "ours",
    ];
    lazaret.run(import).success();
    let script = "
        reference=$LAZARET_REGISTRY/team/kernel:6.1
        lazaret -q kernel push ours $reference
        export LAZARET_HOME=other
        lazaret -q kernel pull $reference
        lazaret -q kernel pull $reference --name again
        lazaret -q kernel ls
        lazaret -q image import layout tiny:v1
        lazaret -q run --kernel again tiny:v1
        lazaret -q push layout $LAZARET_REGISTRY/team/tiny:v1
        ! lazaret -q kernel pull $LAZARET_REGISTRY/team/tiny:v1";
    let output = lazaret.with_registry(script).success();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("ours") && line.ends_with('*')),
        "{lines:?}"
    );
    assert!(
        output.stdout.contains("by catalogue build"),
        "{}",
        output.stdout
    );
    assert!(output.stderr.contains("is no kernel"), "{}", output.stderr);
    for file in [
        "vmlinuz",
        "kernel.json",
        "modules/virtio_blk.ko",
        "modules/modules.builtin",
    ] {
        let read = |home: &str, name: &str| {
            let path = world.path(home).join("data/kernels").join(name).join(file);
            std::fs::read(path).unwrap()
        };
        assert!(read("home", "ours") == read("other", "again"), "{file}");
    }
}

/// A kernel package becomes an entry that `kernel pull` takes; what is no kernel is refused.
#[test]
fn a_kernel_is_added_to_a_catalogue() {
    let world = World::new();
    let lazaret = world.lazaret();
    let package = kernel_package().unwrap();
    std::fs::create_dir(world.path("pub")).unwrap();
    std::fs::copy(&package, world.path("pub/kernel.deb")).unwrap();
    let add = |file: &str| {
        let catalogue = ["--catalogue", "catalogue.json"];
        let named = ["catalogue", "add-kernel", file, "--name", "cloud"];
        lazaret.run(named.into_iter().chain(catalogue))
    };
    world.write("text.deb", "no package");
    add("text.deb").fails(5, &["text.deb"]);
    assert!(!world.path("catalogue.json").exists());

    let added = add("pub/kernel.deb").success();
    assert!(added.stdout.starts_with("cloud\nsha256 "), "{added:?}");
    let pulled = run(&world, &lazaret, &["-q", "kernel", "pull", "cloud"]).success();
    assert_eq!(pulled.stdout, "cloud\n");
}

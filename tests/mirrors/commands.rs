//! The commands of a mirror.

use serde_json::Value;

use super::place::Place;
use super::upstream::Upstream;
use crate::support::World;

#[test]
fn init_writes_a_folder_for_each_host_and_replaces_none_unasked() {
    let world = World::new();
    let lazaret = world.lazaret();
    let written = lazaret
        .run(["mirror", "init", "docker.io", "localhost:5999"])
        .success();
    let paths: Vec<&str> = written.stdout.lines().collect();
    assert_eq!(paths.len(), 2, "{}", written.stdout);
    let text = std::fs::read_to_string(paths[0]).unwrap();
    assert!(
        text.contains("namespace = \"docker.io\"") && text.contains("# size"),
        "{text}"
    );
    lazaret
        .run(["mirror", "init", "docker.io"])
        .fails(2, &["is there already", "--force"]);
    let replaced = lazaret
        .run([
            "mirror",
            "init",
            "docker.io",
            "--min-init",
            "--force",
            "--listen",
            "127.0.0.1:8600",
        ])
        .success();
    assert!(
        replaced.stderr.contains("is replaced"),
        "{}",
        replaced.stderr
    );
    let text = std::fs::read_to_string(paths[0]).unwrap();
    assert!(
        !text.contains('#') && text.contains("127.0.0.1:8600"),
        "{text}"
    );
    // All hosts together, and each stage with its number.
    let plan = lazaret
        .run(["--format", "json", "mirror", "plan"])
        .success()
        .json();
    let names: Vec<&str> = plan
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["namespace"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["docker.io", "localhost:5999"]);
    let stages = plan[0]["stages"].as_array().unwrap();
    let numbers: Vec<u64> = stages
        .iter()
        .map(|stage| stage["number"].as_u64().unwrap())
        .collect();
    assert_eq!(
        numbers,
        (1..=u64::try_from(stages.len()).unwrap()).collect::<Vec<_>>()
    );
    let other = lazaret
        .run([
            "mirror",
            "init",
            "docker.io",
            "--fs-root",
            "disk",
            "--streamable",
            "overlaybd",
        ])
        .success();
    assert!(
        other
            .stdout
            .contains("disk/etc/lazaret/mirror/docker.io/mirror.toml"),
        "{}",
        other.stdout
    );
    let other = lazaret
        .run(["mirror", "init", "docker.io", "-o", "elsewhere"])
        .success();
    assert!(
        other.stdout.contains("elsewhere/docker.io/mirror.toml"),
        "{}",
        other.stdout
    );
}

#[test]
fn a_mirror_that_is_not_there_is_told_with_what_to_do() {
    let world = World::new();
    let lazaret = world.lazaret();
    lazaret
        .run(["mirror", "start"])
        .fails(2, &["there is no mirror", "mirror init docker.io"]);
    lazaret
        .run(["mirror", "start", "ghcr.io"])
        .fails(2, &["ghcr.io", "mirror init ghcr.io"]);
    world.write("none.toml", "root = \"content\"\n");
    lazaret
        .run(["mirror", "plan", "--config", "none.toml"])
        .fails(2, &["has no upstreams"]);
    world.write("bad.toml", "[[upstreams]]\nnamespace = \"docker.io\"\nendpoints = [\"ftp://x\"]\nstreamable = [\"vhs\"]\n");
    lazaret
        .run(["mirror", "start", "--config", "bad.toml"])
        .fails(5, &["ftp://x", "vhs", "2 faults"]);
}

#[test]
fn images_are_fetched_ahead_listed_explained_and_evicted() {
    let upstream = Upstream::start();
    let place = Place::start(&upstream.registry.address, "");
    let lazaret = place.world.lazaret();
    let mirror = |arguments: &[&str]| {
        let all = ["--format", "json", "mirror"]
            .into_iter()
            .chain(arguments.iter().copied());
        lazaret
            .run(all.chain(["--config", "mirror.toml"]))
            .success()
            .json()
    };
    let name = "docker.io/index:v1";
    let before = mirror(&["explain", name]);
    assert_eq!(before["repository"], "docker.io/library/index");
    assert_eq!(before["calls"], 1, "{before}");
    let fetched = mirror(&["prefetch", "--platform", "linux/arm64", name]);
    assert_eq!(fetched[0]["digest"], upstream.content.index.to_string());
    assert!(fetched[0]["fetched"].as_u64().unwrap() > 0, "{fetched}");
    let again = mirror(&["prefetch", "--platform", "linux/arm64", name]);
    assert_eq!(again[0]["fetched"], 0, "{again}");
    let all = mirror(&["prefetch", "--all-platforms", name]);
    assert!(
        all[0]["blobs"].as_u64() > again[0]["blobs"].as_u64(),
        "{all}"
    );
    assert_eq!(mirror(&["explain", name])["calls"], 0);
    let listed = mirror(&["ls"]);
    assert_eq!(listed[0]["tags"], serde_json::json!(["v1"]));
    assert_eq!(listed[0]["missing"], 0, "{listed}");
    let stats = mirror(&["stats"]);
    assert!(stats["bytes"].as_u64().unwrap() > 0, "{stats}");
    let unsized_one = ["mirror", "prune", "--config", "mirror.toml"];
    lazaret
        .run(unsized_one)
        .fails(2, &["no size to keep to", "--size"]);
    let plan = mirror(&["prune", "--unused", "0s", "--size", "0B", "--dry-run"]);
    assert_eq!(plan["evicted"].as_array().map(Vec::len), Some(1), "{plan}");
    assert_eq!(mirror(&["ls"]), listed, "nothing went");
    let gone = mirror(&["prune", "--unused", "0s", "--size", "0B"]);
    assert_eq!(gone["evicted"], plan["evicted"]);
    assert_eq!(mirror(&["ls"]), Value::Array(Vec::new()));
    assert_eq!(mirror(&["stats"])["bytes"], 0);
    // The server, which was not told, fetches it anew.
    upstream_is_asked_again(&place);
}

fn upstream_is_asked_again(place: &Place) {
    let name = format!("{}/docker.io/library/index:v1", place.address);
    let inspect = ["inspect", "--tls-verify=false", "--raw"];
    let source = format!("docker://{name}");
    let raw = crate::support::tool("skopeo", &[&inspect[..], &[&source]].concat());
    assert!(raw.contains("manifests"), "{raw}");
}

#[test]
fn what_is_installed_is_undone_byte_for_byte() {
    let world = World::new();
    let lazaret = world.lazaret();
    let own = "# mine\nversion = 2\n\n[plugins]\n";
    std::fs::create_dir_all(world.path("node/etc/containerd")).unwrap();
    world.write("node/etc/containerd/config.toml", own);
    lazaret
        .run(["mirror", "init", "docker.io", "ghcr.io"])
        .success();
    let install = ["mirror", "install", "--fs-root", "node"];
    let shown = lazaret
        .run(install.into_iter().chain(["--dry-run"]))
        .success();
    assert!(
        shown.stdout.contains("+++") && shown.stdout.contains("config_path"),
        "{}",
        shown.stdout
    );
    assert_eq!(
        std::fs::read_to_string(world.path("node/etc/containerd/config.toml")).unwrap(),
        own
    );
    let every = [
        "--containerd",
        "--podman",
        "--docker",
        "--buildkit",
        "--k3s",
        "--no-fallback",
    ];
    lazaret.run(install.into_iter().chain(every)).success();
    let again = lazaret.run(install.into_iter().chain(every)).success();
    assert!(
        again.stdout.contains("nothing to change"),
        "{}",
        again.stdout
    );
    assert!(
        world
            .path("node/etc/containerd/certs.d/ghcr.io/hosts.toml")
            .is_file()
    );
    assert!(world.path("node/etc/docker/daemon.json").is_file());
    assert!(world.path("node/etc/rancher/k3s/registries.yaml").is_file());
    let uninstall = ["mirror", "uninstall", "--fs-root", "node"];
    lazaret
        .run(uninstall.into_iter().chain(["--dry-run"]))
        .success();
    assert!(world.path("node/etc/docker/daemon.json").is_file());
    lazaret.run(uninstall).success();
    assert_eq!(
        std::fs::read_to_string(world.path("node/etc/containerd/config.toml")).unwrap(),
        own
    );
    assert!(!world.path("node/etc/docker").exists());
    lazaret.run(uninstall).fails(4, &["--fs-root"]);
}

#[test]
fn a_stage_that_is_left_out_is_not_done() {
    let upstream = Upstream::start();
    let mut place = Place::start(&upstream.registry.address, "");
    // `--only` the cache, of which nothing is filled.
    let plan = place
        .world
        .lazaret()
        .run([
            "--format",
            "json",
            "mirror",
            "plan",
            "--config",
            "mirror.toml",
        ])
        .success()
        .json();
    let stages = plan[0]["stages"].as_array().unwrap();
    let cache = stages
        .iter()
        .find(|stage| stage["stage"] == "cache")
        .unwrap()["number"]
        .to_string();
    let only = place.world.lazaret().command([
        "mirror",
        "start",
        "--config",
        "mirror.toml",
        "--listen",
        "127.0.0.1:0",
        "--only",
        &cache,
    ]);
    let mut only = only;
    let (server, lines) =
        lazaret_testing::server::Server::announced(&mut only, &place.world.path("only.log"), 1)
            .unwrap();
    let address = lines[0].strip_prefix("listening on http://").unwrap();
    let path = "/v2/library/index/manifests/v1?ns=docker.io";
    assert_eq!(status(address, path), 404);
    assert_eq!(status(&place.address, path), 200);
    assert_eq!(status(address, path), 200, "it is kept now");
    drop(server);
    place.restart();
    assert_eq!(
        status(&place.address, "/v2/library/index/manifests/v1?ns=quay.io"),
        404
    );
}

fn status(address: &str, path: &str) -> u16 {
    let url = format!("http://{address}{path}");
    let flags = ["-s", "-o", "/dev/null", "-w", "%{http_code}", &url];
    crate::support::tool("curl", &flags).trim().parse().unwrap()
}

#[test]
fn configurations_of_the_original_are_converted_and_serve_the_same_requests() {
    let upstream = Upstream::start();
    let world = World::new();
    let lazaret = world.lazaret();
    let text = "```\n<``` mirror>\n+ .engine\n: .event start\n: .loop\n```\n\n<``` start mirror>\n+ .runtime\n: .login-acr ex\n: .mirror upstream.test\n: .host localhost:8578, resolve, pull\n+ .proxy localhost:8578\n: .manifests head, get\n:   .resolve */*\n:   .discover dadi.image.v1\n:   .teleport overlaybd\n: .blobs get\n:   .pull\n```\n";
    world.write("mirror.runmd", text);
    let converted = lazaret
        .run(["mirror", "import", "mirror.runmd", "-o", "mirror.toml"])
        .success();
    assert!(
        converted.stdout.contains("mirror.toml"),
        "{}",
        converted.stdout
    );
    let text = std::fs::read_to_string(world.path("mirror.toml")).unwrap();
    // The test's upstream is at another place than its name says.
    let namespace = "namespace = \"upstream.test\"\n";
    assert!(text.contains(namespace), "{text}");
    let text = text.replace(
        namespace,
        &format!(
            "{namespace}endpoints = [\"http://{}\"]\n",
            upstream.registry.address
        ),
    );
    world.write("mirror.toml", format!("root = \"content\"\n{text}"));
    let mut command = lazaret.command([
        "mirror",
        "start",
        "--config",
        "mirror.toml",
        "--listen",
        "127.0.0.1:0",
    ]);
    let started = lazaret_testing::server::Server::announced(&mut command, &world.path("log"), 1);
    let (_server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
    let address = lines[0].strip_prefix("listening on http://").unwrap();
    assert_eq!(
        status(address, "/v2/acme/image/manifests/v1?ns=upstream.test"),
        200
    );
    let digest = &upstream.content.image;
    assert_eq!(
        status(
            address,
            &format!("/v2/acme/image/manifests/{digest}?ns=upstream.test")
        ),
        200
    );
    assert_eq!(
        status(address, "/v2/acme/image/tags/list?ns=upstream.test"),
        403,
        "no stage serves it"
    );
}

//! `control-plane serve` over HTTP: Port's contract, and control planes beside a registry.

use std::net::SocketAddr;

use lazaret_testing::http::{Reply, Request};

use super::port::{Port, STANDARD, Store, TOKEN, document, serve};
use crate::support::World;

const PATH: &str =
    ".port/hosted/demo/artifacts/demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/vmlinux";

pub(super) fn description() -> String {
    format!(
        r#"{{"artifact_name":"demo-kernel","reference":{{"registry":"demo-fs","repository":"port/demo-kernel","version":"v1"}},"selector":{{"architecture":"x86_64","substrate":"firecracker","protection_mode":"standard"}},"filename":"vmlinux","store_path":"{PATH}"}}"#
    )
}

/// A push as Port's client sends it.
pub(super) fn push(address: SocketAddr, token: &str, description: &str, body: &[u8]) -> Reply {
    Request::new("POST", "/v1/artifacts:push")
        .header("Authorization", &format!("Bearer {token}"))
        .header("x-port-audience", "port-hosted-demo")
        .header("x-port-artifact-transfer", description)
        .body(body)
        .send(address)
        .unwrap()
}

pub(super) fn pull(address: SocketAddr, token: &str, description: &str) -> Reply {
    Request::new("POST", "/v1/artifacts:pull")
        .header("Authorization", &format!("Bearer {token}"))
        .header("x-port-audience", "port-hosted-demo")
        .body(description.as_bytes())
        .send(address)
        .unwrap()
}

#[test]
fn the_contract_is_that_of_port() {
    let port = Port::new(Store::Hosted);
    let address = port.address.unwrap();
    let missing = pull(address, TOKEN, &description());
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["route"]["control_plane"], "demo");
    assert!(missing.json()["message"].as_str().unwrap().contains(PATH));

    let pushed = push(address, TOKEN, &description(), b"a kernel");
    assert_eq!(pushed.status, 200);
    let answer = pushed.json();
    assert_eq!(answer["route"]["candidate_nodes"], serde_json::json!([]));
    assert_eq!(answer["route"]["host_groups"], serde_json::json!([]));
    assert_eq!(answer["result"]["bytes_copied"], 8);
    assert_eq!(answer["result"]["store_path"], PATH);
    assert_eq!(answer["result"]["artifact_name"], "demo-kernel");
    assert!(answer["result"].get("filename").is_none());
    assert_eq!(std::fs::read(port.world.path(PATH)).unwrap(), b"a kernel");

    let pulled = pull(address, TOKEN, &description());
    assert_eq!((pulled.status, &pulled.body[..]), (200, &b"a kernel"[..]));
    let digest = pulled.header("x-lazaret-content-digest").unwrap();
    assert_eq!(digest, pushed.header("x-lazaret-content-digest").unwrap());

    for (token, audience) in [("wrong", "port-hosted-demo"), (TOKEN, "other"), ("", "")] {
        let refused = Request::new("POST", "/v1/artifacts:pull")
            .header("Authorization", &format!("Bearer {token}"))
            .header("x-port-audience", audience)
            .body(description().as_bytes())
            .send(address)
            .unwrap();
        assert_eq!(refused.status, 401, "{token} {audience}");
        assert!(refused.json()["message"].is_string());
    }
    let none = Request::new("POST", "/v1/artifacts:pull")
        .body(b"{}")
        .send(address);
    assert_eq!(none.unwrap().status, 401);
    assert_eq!(
        Request::new("GET", "/v1/artifacts:pull")
            .send(address)
            .unwrap()
            .status,
        405
    );
    assert_eq!(
        Request::new("GET", "/v2/").send(address).unwrap().status,
        404
    );
}

#[test]
fn content_must_have_the_digest_that_was_said() {
    let port = Port::new(Store::Hosted);
    let wrong = format!("sha256:{}", "0".repeat(64));
    for (digest, words) in [(&wrong[..], "has digest"), ("md5:1", "has no digest")] {
        let refused = Request::new("POST", "/v1/artifacts:push")
            .header("Authorization", &format!("Bearer {TOKEN}"))
            .header("x-port-audience", "port-hosted-demo")
            .header("x-port-artifact-transfer", &description())
            .header("x-lazaret-content-digest", digest)
            .body(b"a kernel")
            .send(port.address.unwrap())
            .unwrap();
        assert_eq!(refused.status, 400);
        assert!(refused.json()["message"].as_str().unwrap().contains(words));
    }
    assert!(!port.world.path(PATH).exists());
}

#[test]
fn a_client_with_another_token_is_refused() {
    let port = Port::new(Store::Hosted);
    port.write_local("kernel", "standard", b"a kernel");
    let arguments = [
        "artifacts",
        "push",
        "--artifact",
        "demo-kernel",
        "--architecture",
        "x86_64",
    ];
    let mut command = port.lazaret().command(arguments);
    command.env("PORT_DEMO_TOKEN", "another");
    lazaret_testing::program::finish(command)
        .fails(3, &["control plane 'demo' answered 401", "check the token"]);
    port.lazaret()
        .run(arguments)
        .fails(2, &["variable PORT_DEMO_TOKEN is not set"]);
    assert!(!port.world.path(PATH).exists());
    let cache = port.cache("kernel", "standard", "vmlinux");
    assert!(!cache.exists(), "a failed push leaves no copy");
}

#[test]
fn a_token_goes_nowhere_without_encryption() {
    let world = World::new();
    let text = document("demo-fs", Store::Hosted, None);
    let text = text.replace("https://port.example.internal", "http://192.0.2.1:7040");
    world.write("port.toml", text);
    let path = "artifacts/kernel/demo/x86_64/firecracker/standard/vmlinux";
    world.write(path, "a kernel");
    let mut command = world.lazaret().command([
        "artifacts",
        "push",
        "--artifact",
        "demo-kernel",
        "--architecture",
        "x86_64",
    ]);
    command.env("PORT_DEMO_TOKEN", TOKEN);
    lazaret_testing::program::finish(command).fails(2, &["gets no token", "use https"]);
}

#[test]
fn the_server_says_what_it_lacks() {
    let world = World::new();
    world.write("port.toml", document("demo-fs", Store::Hosted, None));
    let lazaret = world.lazaret();
    lazaret
        .run(["control-plane", "serve", "--control-plane", "dem"])
        .fails(2, &["has no control plane 'dem'", "did you mean demo?"]);
    lazaret
        .run([
            "control-plane",
            "serve",
            "--control-plane",
            "demo",
            "--config",
            "port.toml",
        ])
        .fails(2, &["PORT_DEMO_TOKEN is not set"]);
}

/// Two control planes beside a registry; the audience chooses.
#[test]
fn a_registry_serves_control_planes_too() {
    let world = World::new();
    world.write("token", format!("{TOKEN}\n"));
    world.write("other-token", "other");
    world.write(
        "registry.toml",
        "listen = ['127.0.0.1:0']\nroot = 'root'\n\
         [[control_planes]]\nname = 'demo'\naudience = 'port-hosted-demo'\ntoken_file = 'token'\n\
         [[control_planes]]\nname = 'other'\naudience = 'others'\ntoken_file = 'other-token'\nfolder = 'elsewhere'\n",
    );
    let (_server, address) = serve(&world, &["serve", "--config", "registry.toml"]);
    world.write(
        "port.toml",
        document("demo-fs", Store::Hosted, Some(address)),
    );
    world.write(
        "artifacts/kernel/demo/x86_64/firecracker/standard/vmlinux",
        "a kernel",
    );
    let mut command = world.lazaret().command(
        ["artifacts", "push", "--artifact", "demo-kernel"]
            .into_iter()
            .chain(STANDARD),
    );
    command.env("PORT_DEMO_TOKEN", TOKEN);
    lazaret_testing::program::finish(command).success();
    let stored = "root/hosted/demo/artifacts/demo-fs/port/demo-kernel/v1/x86_64/firecracker/standard/vmlinux";
    assert_eq!(std::fs::read(world.path(stored)).unwrap(), b"a kernel");
    let other = description().replace("hosted/demo/", "hosted/other/");
    let asked = Request::new("POST", "/v1/artifacts:pull")
        .header("Authorization", "Bearer other")
        .header("x-port-audience", "others")
        .body(other.as_bytes())
        .send(address)
        .unwrap();
    assert_eq!(asked.status, 404, "{:?}", asked.json());
    assert_eq!(
        Request::new("GET", "/v2/").send(address).unwrap().status,
        200
    );
}

#[test]
fn faulty_settings_of_control_planes_are_refused() {
    let world = World::new();
    world.write("token", "t");
    world.write(
        "registry.toml",
        "[[control_planes]]\nname = '../x'\naudience = 'a'\ntoken_file = 'token'\n\
         [[control_planes]]\nname = 'b'\naudience = 'a'\ntoken_file = 'absent'\nheader = 'a b'\n",
    );
    world
        .lazaret()
        .run(["serve", "--config", "registry.toml", "--check"])
        .fails(
            5,
            &[
                "control_planes[0].name",
                "another control plane is for this audience",
                "it is no name of a header",
                "control_planes[1].token_file",
            ],
        );
}

#[test]
fn control_planes_can_be_given_by_a_flag() {
    let world = World::new();
    world.write("token", "t");
    let planes = r#"[{"name":"demo","audience":"a","token_file":"token","largest":"1GiB"}]"#;
    let lazaret = world.lazaret();
    lazaret
        .run(["serve", "--check", "--control-planes", planes])
        .success();
}

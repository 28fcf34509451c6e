//! Documents that users have: artifacts, credentials, catalogues, users and settings.

use lazaret_testing::http::{Answer, Peer};

use super::bombs::repeat;
use super::cost::{Cost, LARGEST, check, idle};
use crate::support::{World, tool};

/// JSON of one kind of value over and over, in an object.
fn list_of(piece: &[u8]) -> Vec<u8> {
    repeat(b"{\"kind\":\"agent\",\"a\":[", piece, b"0]}")
}

fn json() -> Vec<(&'static str, Vec<u8>)> {
    let names: Vec<String> = (0..LARGEST / 15)
        .map(|number| format!("\"{number:07}\":0"))
        .collect();
    vec![
        ("numbers", list_of(b"0,")),
        ("lists", list_of(b"[],")),
        ("lists of one", list_of(b"[0],")),
        ("objects of one", list_of(b"{\"\":0},")),
        ("texts", list_of(b"\"\",")),
        ("members", format!("{{{}}}", names.join(",")).into_bytes()),
        (
            "depth",
            [&b"[".repeat(LARGEST / 2)[..], &b"]".repeat(LARGEST / 2)].concat(),
        ),
        ("depth of objects", b"{\"a\":".repeat(LARGEST / 5)),
        ("a long number", repeat(b"{\"a\":", b"9", b"}")),
        ("escapes", repeat(b"{\"a\":\"", b"\\u0000", b"\"}")),
        ("half a text", repeat(b"{\"a\":\"", b"a", b"")),
    ]
}

fn yaml() -> Vec<(&'static str, Vec<u8>)> {
    let aliases: String = (0..24)
        .map(|level| match level {
            0 => "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
            _ => format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level - 1); 9].join(", ")
            ),
        })
        .collect();
    let anchors: String = (0..LARGEST / 30)
        .map(|number| format!("- &a{number:07} x\n"))
        .collect();
    let text = repeat(b"a: &a ", b"x", b"\n");
    let copies = [
        &text[..LARGEST / 2],
        b"\nb:\n",
        &repeat(b"", b"- *a\n", b"")[..LARGEST / 2 - 10 - (LARGEST / 2 - 10) % 5],
    ]
    .concat();
    vec![
        ("aliases", aliases.into_bytes()),
        ("anchors", anchors.into_bytes()),
        ("copies of a text", copies),
        ("a list", repeat(b"kind: agent\na:\n", b"- \n", b"")),
        (
            "lists in lists",
            repeat(b"kind: agent\na:\n", b"- - -\n", b""),
        ),
        ("flow lists", repeat(b"kind: agent\na: [", b"[],", b"0]\n")),
        (
            "flow objects",
            repeat(b"kind: agent\na: [", b"{a: b},", b"0]\n"),
        ),
        ("depth", repeat(b"a: ", b"[", b"")),
        ("depth by indentation", repeat(b"", b"- ", b"x\n")),
        ("comments", repeat(b"", b"#\n", b"a: b\n")),
        ("documents", repeat(b"", b"---\n", b"")),
        ("folded text", repeat(b"a: >\n", b"  x\n", b"")),
        ("quoted text", repeat(b"a: \"", b"x\n\n", b"\"\n")),
        ("tabs", repeat(b"a:", b"\t", b"")),
        ("complex keys", repeat(b"", b"? ", b"")),
        ("spaces", repeat(b"a: b", b" ", b"\nc: d\n")),
    ]
}

#[test]
fn artifacts() {
    for (name, text) in json().into_iter().chain(yaml()) {
        let world = World::new();
        world.write("a.yaml", text);
        let arguments = ["validate", "--family", "agent", "a.yaml"];
        check(
            &format!("artifact: {name}"),
            &world.lazaret(),
            &world,
            &arguments,
        );
    }
}

#[test]
fn credentials() {
    let entries = |entry: &str| {
        let names: Vec<String> = (0..LARGEST / (entry.len() + 12))
            .map(|number| format!("\"{number:07}\":{entry}"))
            .collect();
        format!("{{\"auths\":{{{}}}}}", names.join(",")).into_bytes()
    };
    let mut all = json();
    all.push(("entries", entries("{}")));
    all.push(("entries with a name", entries("{\"username\":\"a\"}")));
    all.push((
        "base64",
        repeat(
            b"{\"auths\":{\"127.0.0.1:1\":{\"auth\":\"",
            b"YTph",
            b"\"}}}",
        ),
    ));
    let peer = Peer::start(|_| Answer::new(401).with("WWW-Authenticate", "Basic realm=\"a\""));
    let reference = format!("{}/a:b", peer.address);
    for (name, text) in all {
        let world = World::new();
        world.write("credentials.json", &text);
        let mut command = world.lazaret().command(["auth", "list"]);
        command.env("LAZARET_CREDENTIALS", world.path("credentials.json"));
        Cost::of(&command, &world).assert_bounded(&format!("credentials: {name}"), idle());
        world.write("docker/config.json", &text);
        let mut command = world.lazaret().command(["pull", &reference]);
        command.env("DOCKER_CONFIG", world.path("docker"));
        Cost::of(&command, &world)
            .assert_bounded(&format!("credentials of docker: {name}"), idle());
    }
}

#[test]
fn helpers() {
    let peer = Peer::start(|_| Answer::new(401).with("WWW-Authenticate", "Basic realm=\"a\""));
    let reference = format!("{}/a:b", peer.address);
    for (name, script) in [
        ("without end", "exec cat /dev/zero"),
        ("of errors without end", "exec cat /dev/zero >&2"),
        ("of 4 MiB", "head -c 4194304 /dev/zero"),
        ("of depth", "yes [ | head -c 60000"),
    ] {
        let world = World::new();
        let config = format!("{{\"credHelpers\":{{\"{}\":\"hostile\"}}}}", peer.address);
        world.write("docker/config.json", config);
        let helper = world.write(
            "bin/docker-credential-hostile",
            format!("#!/bin/sh\n{script}\n"),
        );
        tool("chmod", &["755", helper.to_str().unwrap()]);
        let mut command = world.lazaret().command(["pull", &reference]);
        command.env("DOCKER_CONFIG", world.path("docker"));
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", world.path("bin").display()));
        Cost::of(&command, &world).assert_bounded(&format!("helper: {name}"), idle());
    }
}

#[test]
fn catalogues() {
    let mut all = json();
    all.push((
        "images",
        repeat(
            b"{\"version\":1,\"images\":[",
            b"{\"name\":\"\",\"arch\":\"\",\"url\":\"\",\"sha256\":\"\",\"size\":0},",
            b"]}",
        ),
    ));
    for (name, text) in all {
        let world = World::new();
        world.write("catalogue.json", &text);
        let mut command = world.lazaret().command(["catalogue", "ls"]);
        command.env("LAZARET_CATALOGUE", world.path("catalogue.json"));
        Cost::of(&command, &world).assert_bounded(&format!("catalogue: {name}"), idle());
    }
}

#[test]
fn settings() {
    let sections: Vec<u8> = (0..LARGEST / 16)
        .flat_map(|number| format!("[a{number:07}]\n").into_bytes())
        .collect();
    let dotted: Vec<u8> = (0..100u32)
        .flat_map(|number| {
            [
                &b"a.".repeat(20_000)[..],
                format!("{number} = 1\n").as_bytes(),
            ]
            .concat()
        })
        .collect();
    for (name, text) in [
        ("sections", sections),
        ("lists of tables", repeat(b"", b"[[access]]\n", b"")),
        ("depth", repeat(b"a = ", b"[", b"")),
        ("depth of tables", repeat(b"a = ", b"{a=", b"")),
        ("dotted names", dotted),
        ("a long section", repeat(b"[a", b".a", b"]\n")),
        ("lists", repeat(b"a = [", b"[],", b"]\n")),
        (
            "rules",
            repeat(b"", b"[[access]]\nsubjects=['*']\nactions=['pull']\n", b""),
        ),
    ] {
        let world = World::new();
        world.write("registry.toml", &text);
        let arguments = ["serve", "--check", "--config", "registry.toml"];
        check(
            &format!("settings: {name}"),
            &world.lazaret(),
            &world,
            &arguments,
        );
    }
    let hash = "$2y$05$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234";
    let users: String = (0..LARGEST / 72)
        .map(|number| format!("u{number:07}:{hash}\n"))
        .collect();
    for (name, text) in [
        ("users", users.into_bytes()),
        ("empty lines", b"\n".repeat(LARGEST)),
        ("a long line", b"a".repeat(LARGEST)),
        ("short lines", b"a:b\n".repeat(LARGEST / 4)),
    ] {
        let world = World::new();
        world.write("htpasswd", &text);
        let file = world.path("htpasswd");
        world.write(
            "registry.toml",
            format!("[auth.htpasswd]\nfile = {file:?}\n"),
        );
        let arguments = ["serve", "--check", "--config", "registry.toml"];
        check(
            &format!("htpasswd: {name}"),
            &world.lazaret(),
            &world,
            &arguments,
        );
    }
}

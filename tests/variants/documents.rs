//! `artifacts check`, and documents with faults.

use super::port::{Port, STANDARD, Store};

#[test]
fn a_sound_document_is_valid() {
    let port = Port::new(Store::Folder);
    let checked = port.run(&["artifacts", "check"]).success();
    assert_eq!(checked.stdout, "port.toml: valid\n");
    std::fs::rename(port.world.path("port.toml"), port.world.path("other.toml")).unwrap();
    port.run(&["artifacts", "check", "--config", "other.toml"])
        .success();
    port.run(&["artifacts", "check"])
        .fails(4, &["there is no 'port.toml'", "--config FILE"]);
}

#[test]
fn every_fault_is_shown_with_its_place() {
    let port = Port::new(Store::Folder);
    let text = std::fs::read_to_string(port.world.path("port.toml")).unwrap();
    let text = text
        .replacen("version = \"v1\"", "version = \"..\"", 1)
        .replacen("audience = ", "audiense = ", 1)
        .replacen("platform = \"linux\"", "platform = \"plan9\"", 1);
    port.world.write("port.toml", text);
    let checked = port.run(&["artifacts", "check"]).status(5);
    let lines: Vec<&str> = checked.stdout.lines().collect();
    for part in [
        "port.toml:4:80: artifacts.kernels.demo-kernel.reference.version: the version '..' leads to a folder",
        "'audience' is missing",
        "audiense: is not known and has no effect; did you mean audience?",
        "'plan9' is no platform; known are linux, macos, windows",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(part)),
            "{}",
            checked.stdout
        );
    }
    let json = port
        .run(&["artifacts", "check", "--format", "json"])
        .status(5);
    assert_eq!(json.json()["faults"].as_array().unwrap().len(), 3);
    assert_eq!(json.json()["faults"][0]["line"], 4);
    // No other command does anything with it.
    port.write_local("kernel", "standard", b"a kernel");
    port.artifacts("push", "demo-kernel", &STANDARD)
        .fails(5, &["port.toml:4:80:", "leads to a folder"]);
    assert!(!port.world.path("artifact-store").exists());
}

//! Clients that others have made, and the one in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Daemon;
use super::forward::forward;
use crate::support::{Image, World, finish};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_example_in_python_runs() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "api-python");
    let daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    let folder = root().join("clients/python");
    let mut example = Command::new("python3");
    example.args(["-B", "-W", "error::SyntaxWarning"]);
    example
        .arg(folder.join("example.py"))
        .arg("api-python")
        .arg(&daemon.socket);
    example.env("PYTHONPATH", &folder);
    let shown = finish(example).success().stdout;
    let expected = "machine running\n\
                    exec 7 b'hello\\n' b'oops\\n'\n\
                    copy written on the host\n\
                    wait 3\n\
                    logs b'ready\\ngot word\\n'\n\
                    left []\n";
    assert_eq!(shown, expected);
}

#[test]
fn schemathesis_finds_no_fault() {
    let world = World::new();
    let daemon = Daemon::start(&world.lazaret(), &world.path(""), &[]);
    let installed = finish(Command::new(root().join("scripts/schemathesis.sh"))).success();
    let folder = root().join(installed.stdout.trim()).join("bin");
    let address = forward(&daemon.socket);
    let mut schemathesis = Command::new(folder.join("python3"));
    schemathesis
        .arg(folder.join("st"))
        .args([
            "run",
            root().join("docs/reference/api.json").to_str().unwrap(),
            "--phases",
            "coverage,fuzzing",
        ])
        .args([
            "--url",
            &format!("http://{address}"),
            "--seed",
            "1",
            "--max-examples",
            "12",
        ])
        // A notation in a string may be wrong although the description allows it.
        .args(["--exclude-checks", "positive_data_acceptance"])
        // What is followed has no end, and it can make no archives.
        .args([
            "--exclude-operation-id",
            "events",
            "--exclude-operation-id",
            "copyIn",
        ])
        .args(["--workers", "2", "--no-color", "--request-timeout", "20"])
        .args(["--generation-database", "none", "--warnings", "off"])
        // It leaves its findings where it runs.
        .current_dir(world.path(""))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    finish(schemathesis).success();
    assert_eq!(daemon.done("GET", "/v1/ping", "")["ok"], true);
}

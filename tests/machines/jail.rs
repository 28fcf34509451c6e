//! What confines QEMU, as users see it. What a process in the jail can do is tested in `crates/vm`.

use lazaret_testing::program::finish;
use serde_json::Value;

use super::Machine;
use crate::support::{Image, World};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_machine_says_what_confines_it() {
    // A file of the caller's that its programs inherit.
    let foreign = tempfile::NamedTempFile::new().unwrap();
    rustix::io::fcntl_setfd(foreign.as_file(), rustix::io::FdFlags::empty()).unwrap();
    let machine = Machine::run("confined", &["--boot", "cold"], "exec sleep 1000");
    let described = json(&machine.with(&["inspect", "{}"]).success().stdout);
    let jail = &described[0]["machine"]["jail"];
    assert_eq!(jail["mode"], "auto");
    let holds: Vec<&str> = jail["holds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part.as_str().unwrap())
        .collect();
    assert!(
        holds.contains(&"privileges") && holds.contains(&"system-calls"),
        "{jail}"
    );
    // Whoever is root here has all of it, or is told why not.
    for missing in jail["missing"].as_array().unwrap() {
        assert!(!missing["reason"].as_str().unwrap().is_empty(), "{jail}");
    }
    // The same parts as the check finds.
    let check = machine
        .with(&["system", "check", "--format", "json"])
        .success();
    let check = json(&check.stdout);
    assert_eq!(check["runs"], true);
    let findings = check["findings"].as_array().unwrap();
    let of_jail = findings.iter().filter_map(|finding| {
        let part = finding["subject"]
            .as_str()
            .unwrap()
            .strip_prefix("jail: ")?;
        (finding["status"] == "ok").then_some(part)
    });
    assert_eq!(of_jail.collect::<Vec<_>>(), holds);
    let pid = described[0]["state"]["pid"].as_u64().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let holder = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    for process in [pid.to_string(), holder.unwrap().trim().to_owned()] {
        let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        let mut open = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        assert!(open.all(|path| path != foreign.path()), "{process}");
    }
    machine.with(&["rm", "-f", "{}"]).success();
}

#[test]
fn a_jail_can_be_left_out_or_required() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "jailed");
    let run = [
        "run", "-d", "--boot", "cold", "--jail", "off", "--name", "free", "jailed", "sleep", "1000",
    ];
    lazaret.run(run).success();
    let described = json(&lazaret.run(["inspect", "free"]).success().stdout);
    assert_eq!(
        described[0]["machine"]["jail"]["holds"],
        serde_json::json!([])
    );
    lazaret.run(["rm", "-f", "free"]).success();
    // A script in QEMU's place: nobody knows what it opens.
    let real = crate::support::tool("sh", &["-c", "command -v qemu-system-x86_64"]);
    let script = world.write(
        "emulator/qemu-system-x86_64",
        format!("#!/bin/sh\nexec {} \"$@\"\n", real.trim()),
    );
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        script.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let with_script = |arguments: &[&str]| {
        let mut command = lazaret.command(arguments);
        command.env("PATH", &path);
        finish(command)
    };
    let refused = with_script(&[
        "run", "--rm", "--boot", "cold", "--jail", "require", "jailed", "true",
    ]);
    refused.fails(
        125,
        &[
            "the hypervisor cannot be jailed",
            "files (the hypervisor is a script",
        ],
    );
    let check = with_script(&["system", "check"]).success();
    let line = check
        .stdout
        .lines()
        .find(|line| line.starts_with("jail: landlock"))
        .unwrap();
    assert!(
        line.contains("missing") && line.contains("script"),
        "{line}"
    );
    assert!(
        check.stdout.contains("jail: landlock: needs Linux 5.13"),
        "{}",
        check.stdout
    );
    with_script(&["run", "--rm", "--boot", "cold", "jailed", "true"]).success();
}

#[test]
fn a_check_fails_only_when_nothing_can_run() {
    let world = World::new();
    let check = world.lazaret().run(["system", "check", "--format", "json"]);
    let found = json(&check.stdout);
    assert_eq!(
        (found["runs"].as_bool(), check.status),
        (Some(false), Some(1))
    );
    let kernel = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["subject"] == "kernel");
    assert_eq!(kernel.unwrap()["status"], "missing");
    assert!(
        kernel.unwrap()["advice"]
            .as_str()
            .unwrap()
            .contains("kernel import")
    );
    // A kernel that the first run fetches is no failure.
    let mut fetching = world
        .lazaret()
        .command(["system", "check", "--format", "json"]);
    fetching.env("LAZARET_KERNEL_SOURCE", "auto");
    let fetching = finish(fetching).success();
    let found = json(&fetching.stdout);
    assert_eq!(found["runs"], true);
}

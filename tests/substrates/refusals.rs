//! What is refused before anything is started, and hypervisors that do not do what they should.

use serde_json::Value;

use super::script;
use crate::support::{Image, Output, World, finish};

/// Runs `true` in an image with these flags and variables.
fn run(world: &World, variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let lazaret = world.imported(Image::busybox(), "refused");
    let arguments = [&["run", "--rm"], flags, &["refused", "true"]].concat();
    let mut command = lazaret.command(arguments);
    for (name, value) in variables {
        command.env(name, value);
    }
    finish(command)
}

#[test]
fn what_a_hypervisor_lacks_is_told_before_anything_is_made() {
    let world = World::new();
    let program = script(&world.path("programs"), "firecracker", "exit 1");
    let program = program.to_str().unwrap();
    let variables = [
        ("LAZARET_FIRECRACKER", program),
        ("LAZARET_ACCELERATOR", "kvm"),
    ];
    let with = |flags: &[&str], texts: &[&str]| {
        let fixed = ["--substrate", "firecracker", "--name", "never-made"];
        let flags = [&fixed, flags].concat();
        run(&world, &variables, &flags).fails(125, texts);
    };
    with(
        &["--boot", "template"],
        &["Firecracker does not support templates", "--boot cold"],
    );
    with(
        &["--volume", "/etc:/host"],
        &["does not support folders of the host", "--substrate qemu"],
    );
    with(
        &["--network", "open"],
        &["does not support networks", "--network none"],
    );
    with(&["--publish", "8080"], &["nor published ports"]);
    let tcg = [variables[0], ("LAZARET_ACCELERATOR", "tcg")];
    run(&world, &tcg, &["--substrate", "firecracker"]).fails(
        125,
        &[
            "Firecracker does not support emulation",
            "LAZARET_ACCELERATOR",
        ],
    );
    let unknown = run(&world, &[], &["--substrate", "avf"]);
    unknown.fails(2, &["expected one of qemu, firecracker, cloud-hypervisor"]);
    let machines = world.machine().run(["ps", "-a", "--format", "json"]);
    assert!(
        !machines.success().stdout.contains("never-made"),
        "a machine was made"
    );
}

#[test]
fn a_hypervisor_that_is_not_there_is_told_with_its_source() {
    let world = World::new();
    let kvm = ("LAZARET_ACCELERATOR", "kvm");
    for (substrate, variable) in [
        ("firecracker", "LAZARET_FIRECRACKER"),
        ("cloud-hypervisor", "LAZARET_CLOUD_HYPERVISOR"),
    ] {
        let missing = run(
            &world,
            &[kvm, ("PATH", "/nowhere")],
            &["--substrate", substrate],
        );
        missing.fails(125, &["was not found", "releases", variable]);
        let wrong = run(
            &world,
            &[kvm, (variable, "/bin/true")],
            &["--substrate", substrate],
        );
        wrong.fails(125, &["at /bin/true does not run"]);
    }
}

#[test]
fn the_check_tells_which_hypervisors_there_are() {
    let world = World::new();
    let program = script(&world.path("programs"), "firecracker", "exit 1");
    let mut command = world
        .machine()
        .command(["system", "check", "--format", "json"]);
    command
        .env("LAZARET_FIRECRACKER", &program)
        .env("LAZARET_CLOUD_HYPERVISOR", "/nowhere/cloud-hypervisor")
        .env("LAZARET_ACCELERATOR", "kvm");
    let check: Value = serde_json::from_str(&finish(command).stdout).unwrap();
    let finding = |subject: &str| {
        let findings = check["findings"].as_array().unwrap();
        let found = findings.iter().find(|found| found["subject"] == subject);
        found.unwrap().clone()
    };
    let firecracker = finding("firecracker");
    assert_eq!(firecracker["status"], "ok", "{firecracker}");
    let found = firecracker["found"].as_str().unwrap();
    assert_eq!(found, format!("1.16.0 at {}", program.display()));
    assert_eq!(finding("cloud-hypervisor")["status"], "missing");
}

#[test]
fn a_hypervisor_that_fails_says_why() {
    let world = World::new();
    for (name, body, text) in [
        ("ends", "echo 'Error: bad drive' >&2; exit 152", "bad drive"),
        (
            "panics",
            "echo 'Kernel panic - not syncing'",
            "the console ends with: Kernel panic",
        ),
    ] {
        let program = script(&world.path(name), "firecracker", body);
        let variables = [
            ("LAZARET_FIRECRACKER", program.to_str().unwrap()),
            ("LAZARET_ACCELERATOR", "kvm"),
        ];
        let failed = run(&world, &variables, &["--substrate", "firecracker"]);
        failed.fails(125, &["before the guest answered", text]);
    }
}

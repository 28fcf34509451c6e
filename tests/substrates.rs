//! Machines of Firecracker and Cloud Hypervisor.
//!
//! The real programs need KVM, and no distribution of the tests has them: stand-ins take their command lines
//! and have QEMU emulate the machine (`lazaret_testing::hypervisor`). `make test-substrates` does the same with
//! the real ones, where they are.

mod refusals;

use std::path::{Path, PathBuf};
use std::process::Command;

use lazaret_testing::hypervisor;
use serde_json::Value;

use crate::machines::eventually;
use crate::support::{Image, Layer, Lazaret, Output, World, finish};

/// A home, and programs in the place of both hypervisors.
struct Place {
    lazaret: Lazaret,
    substrate: &'static str,
    /// The variable with the path of the program, and that path.
    program: (&'static str, PathBuf),
    /// Whether the program is a stand-in, for which no KVM is needed.
    is_stand_in: bool,
    world: World,
}

fn variable(substrate: &str) -> &'static str {
    match substrate {
        "firecracker" => "LAZARET_FIRECRACKER",
        _ => "LAZARET_CLOUD_HYPERVISOR",
    }
}

impl Place {
    /// With a stand-in for the hypervisor.
    fn emulated(substrate: &'static str) -> Self {
        let world = World::new();
        let programs = world.path("programs");
        hypervisor::install(&programs).unwrap();
        let program = (variable(substrate), programs.join(substrate));
        let is_stand_in = true;
        Self::new(world, substrate, program, is_stand_in)
    }

    /// With the real hypervisor, or why that is impossible.
    fn real(substrate: &'static str) -> Result<Self, String> {
        let name = variable(substrate);
        let given = std::env::var_os(name).map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path).map(|folder| folder.join(substrate));
        let program = given.or_else(|| found.find(|path| path.is_file()));
        let program = program
            .ok_or_else(|| format!("there is no {substrate} in PATH, and {name} is not set"))?;
        let opened = std::fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/kvm");
        opened.map_err(|error| format!("/dev/kvm: {error}"))?;
        let world = World::new();
        let place = Self::new(world, substrate, (name, program), false);
        let check = place.run(&["system", "check", "--format", "json"]);
        let check: Value = serde_json::from_str(&check.stdout).unwrap();
        let findings = check["findings"].as_array().unwrap();
        let kvm = findings
            .iter()
            .find(|found| found["subject"] == "accelerator");
        match kvm {
            Some(found) if found["status"] == "ok" => Ok(place),
            found => Err(format!("KVM runs no guest here: {found:?}")),
        }
    }

    fn new(
        world: World,
        substrate: &'static str,
        program: (&'static str, PathBuf),
        is_stand_in: bool,
    ) -> Self {
        // More than one layer, which QEMU would be given as the parts of one disk.
        let image = Image::busybox().layer(Layer::new().file("etc/second", b"layer\n"));
        let lazaret = world.imported(image, &image_of(substrate));
        Self {
            lazaret,
            substrate,
            program,
            is_stand_in,
            world,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.lazaret.command(arguments);
        command.env(self.program.0, &self.program.1);
        if self.is_stand_in {
            command.env("LAZARET_ACCELERATOR", "kvm");
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        finish(self.command(arguments))
    }

    /// `run` with the hypervisor, these flags, and a script in the image.
    fn script(&self, flags: &[&str], script: &str) -> Output {
        let image = image_of(self.substrate);
        let begin = ["-q", "run", "--substrate", self.substrate];
        self.run(&[&begin, flags, &[&*image, "sh", "-c", script]].concat())
    }

    fn inspect(&self, name: &str) -> Value {
        let described = self.run(&["inspect", name]).success().stdout;
        serde_json::from_str::<Value>(&described).unwrap()[0].clone()
    }
}

fn image_of(substrate: &str) -> String {
    format!("of-{substrate}")
}

/// What a machine does under every hypervisor.
fn machines_run(place: &Place) {
    let substrate = place.substrate;
    let script = "cat /etc/second; echo out; echo err >&2; mount | grep -c ' / '; exit 7";
    let output = place.script(&["--rm"], script);
    assert_eq!(output.stdout, "layer\nout\n1\n", "{output:?}");
    assert!(output.stderr.contains("err\n"), "{output:?}");
    assert_eq!(output.status, Some(7), "{output:?}");

    // One that stays, with a volume, its own name, and another command beside its workload.
    let name = &*format!("stays-{substrate}");
    let volume = &*format!("kept-{substrate}:/data");
    let flags = ["-d", "--name", name, "-v", volume, "--cpus", "1"];
    let script = "read line < /data/count; echo $((line + 1)) > /data/count; cat /data/count; \
                  echo x > /kept; exec sleep 1000";
    place.script(&flags, script).success();
    let described = place.inspect(name);
    assert_eq!(described["machine"]["substrate"], substrate);
    assert_eq!(described["machine"]["accelerator"], "kvm");
    assert_eq!(described["machine"]["qemu"], Value::Null);
    assert_eq!(described["state"]["begun"], "cold");
    let holds = described["machine"]["jail"]["holds"].as_array().unwrap();
    assert!(holds.contains(&"privileges".into()), "{described}");
    let logs = || place.run(&["logs", name]).success().stdout;
    eventually("the first count", || logs().ends_with("1\n"));
    let exec = ["exec", name, "sh", "-c", "cat /kept; ls -l /dev/vsock"];
    assert!(place.run(&exec).stdout.starts_with("x\n"));
    let file = place.world.write("sent", "sent\n");
    let target = &*format!("{name}:/tmp/sent");
    place.run(&["cp", file.to_str().unwrap(), target]).success();
    let exec = ["exec", name, "cat", "/tmp/sent"];
    assert_eq!(place.run(&exec).success().stdout, "sent\n");
    // The door is closed behind the guest.
    let folder = PathBuf::from(described["folder"].as_str().unwrap());
    let door = folder.join("hypervisor/vsock_1024");
    assert!(!door.exists() && door.parent().unwrap().exists());

    refuses_what_it_cannot_do(place, name);

    // It is started again by the same hypervisor, and finds what it wrote.
    place.run(&["stop", "--time", "1", name]).success();
    assert!(!door.parent().unwrap().exists());
    place.run(&["start", name]).success();
    eventually("the second count", || logs().ends_with("2\n"));
    let described = place.inspect(name);
    assert_eq!(described["machine"]["substrate"], substrate);
    let pid = described["state"]["pid"].as_u64().unwrap();

    // A hypervisor that dies takes the machine with it, and nothing else.
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    eventually("the end", || {
        place.inspect(name)["state"]["running"] == Value::Bool(false)
    });
    let described = place.inspect(name);
    assert_eq!(described["state"]["status"], "lost", "{described}");
    let console = std::fs::read_to_string(folder.join("console.log")).unwrap();
    assert!(!console.contains("Kernel panic"), "{console}");
    place.run(&["rm", "-f", name]).success();
    place
        .run(&["volume", "rm", &format!("kept-{substrate}")])
        .success();
}

fn refuses_what_it_cannot_do(place: &Place, name: &str) {
    let title = match place.substrate {
        "firecracker" => "Firecracker",
        _ => "Cloud Hypervisor",
    };
    let refused = |arguments: &[&str], what: &str| {
        let output = place.run(arguments);
        let text = format!("{title} does not support {what}");
        assert!(output.stderr.contains(&text), "{arguments:?}: {output:?}");
        assert_ne!(output.status, Some(0));
    };
    refused(&["pause", name], "pausing machines");
    refused(&["fork", name], "checkpoints and forks");
    refused(
        &["checkpoint", "create", name, "saved"],
        "checkpoints and forks",
    );
    assert_eq!(place.inspect(name)["state"]["status"], "running");
}

#[test]
fn machines_run_by_firecracker() {
    machines_run(&Place::emulated("firecracker"));
}

#[test]
fn machines_run_by_cloud_hypervisor() {
    machines_run(&Place::emulated("cloud-hypervisor"));
}

/// The real program, if it is here.
fn machines_run_for_real(substrate: &'static str) {
    match Place::real(substrate) {
        Ok(place) => machines_run(&place),
        Err(reason) => eprintln!("{substrate}: skipped: {reason}"),
    }
}

#[test]
#[ignore = "needs Firecracker and KVM: make test-substrates"]
fn machines_run_by_the_real_firecracker() {
    machines_run_for_real("firecracker");
}

#[test]
#[ignore = "needs Cloud Hypervisor and KVM: make test-substrates"]
fn machines_run_by_the_real_cloud_hypervisor() {
    machines_run_for_real("cloud-hypervisor");
}

/// A program that does `body`, in the place of a hypervisor.
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    let version = match name {
        "firecracker" => "Firecracker v1.16.0",
        _ => "cloud-hypervisor v53.0.0",
    };
    let text = format!("#!/bin/sh\n[ \"$1\" = --version ] && echo '{version}' && exit\n{body}\n");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

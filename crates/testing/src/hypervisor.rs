//! Stands in for Firecracker and Cloud Hypervisor, where neither they nor KVM are.
//!
//! It takes the command lines and configurations that the real ones take, refuses what they refuse, and
//! has a plain QEMU emulate the machine: with the same devices on the same bus, in the same order, and
//! without serials where they have none. Their vsock device is that of the rust-vmm project
//! (`scripts/vsock-device.sh`), which leads the guest's connections to UNIX sockets exactly as they do.
//!
//! `examples/hypervisor.rs` is the program; [`install`] makes tests find it.

mod cloud_hypervisor;
mod emulator;
mod firecracker;
mod machine;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use machine::Refusal;

use crate::made::made;

/// Plays the hypervisor of that name until its machine ends; returns its exit status.
#[must_use]
pub fn play(name: &str, arguments: &[String]) -> u8 {
    if arguments.iter().any(|argument| argument == "--version") {
        println!("{}", version(name));
        return 0;
    }
    let machine = match name {
        "firecracker" => firecracker::read(arguments),
        "cloud-hypervisor" => cloud_hypervisor::read(arguments),
        _ => Err(Refusal(2, format!("no hypervisor is called '{name}'"))),
    };
    match machine {
        Ok(machine) => emulator::run(&machine),
        Err(Refusal(status, reason)) => {
            eprintln!("Error: {reason}");
            status
        }
    }
}

/// The first line of what it says of its version.
fn version(name: &str) -> String {
    match name {
        "firecracker" => "Firecracker v1.16.0".to_owned(),
        name => format!("{name} v53.0.0"),
    }
}

/// Makes a folder with programs `firecracker` and `cloud-hypervisor` that stand in for the real ones; builds
/// what they start.
///
/// # Errors
/// When a file cannot be written.
///
/// # Panics
/// When it does not build, or the vsock device is missing.
pub fn install(folder: &Path) -> std::io::Result<()> {
    let device = emulator::vsock_device();
    assert!(device.is_file(), "run scripts/vsock-device.sh");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "lazaret-testing",
        ])
        .args(["--example", "hypervisor"])
        .status()?;
    assert!(built.success(), "the stand-in does not build");
    let program = made("debug/examples/hypervisor").canonicalize()?;
    std::fs::create_dir_all(folder)?;
    for name in ["firecracker", "cloud-hypervisor"] {
        let path = folder.join(name);
        let script = format!("#!/bin/sh\nexec '{}' {name} \"$@\"\n", program.display());
        std::fs::write(&path, script)?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! The guest's side of every machine; `vm` is its peer on the host.
//!
//! As PID 1 on an initramfs, which holds nothing else but kernel modules, this program either
//! serves the host's workload, or boots from a disk. On such a disk it is the agent, and also
//! PID 1 if the image has no systemd. It knows nothing of images, layers and registries: the host
//! attaches the disks and sends the rest as frames (`protocol`).
//!
//! | started as | role |
//! |---|---|
//! | PID 1 on an initramfs | [`workload`]; with a root on the command line [`switch`] |
//! | PID 1 on a disk | [`init`] |
//! | `lazaret-agent serve`, `port-guest-agent --socket ...` | [`agent`] |
//! | `lazaret-agent network` | [`network`] |
//! | `lazaret-agent copy REQUEST` | [`copy`], as a child of any of them |
//! | `lazaret-agent processes` | [`top`], the same |
//! | `lazaret-agent freeze NUMBER` | [`hold`], as a child of [`workload`] |
//! | `lazaret-agent sshd`, `sshd-keys` | [`sshd`] |
//!
//! Content of the initramfs:
//!
//! ```text
//! /init                      this program, mode 0755
//! /lib/modules/load          one path per line, relative to /lib/modules, in load order
//! /lib/modules/load.devices  the same, for the devices that differ between machines
//! /lib/modules/load.network  the same, for machines with a network device
//! /lib/modules/load.boot     the same, for machines that boot a disk
//! /lib/modules/load.verity   the same, for disks that are checked by dm-verity
//! /lib/modules/load.folders  the same, for folders of the host
//! /lib/modules/load.vsock    the same, for machines whose host is reached over vsock
//! /lib/modules/*.ko          uncompressed
//! /dev/console /dev/null     character devices 5:1 and 1:3; without /dev/null the standard
//!                            library aborts before `main`
//! /dev /proc /sys /mnt       empty folders
//! ```
//!
//! PID 1 loads the modules, connects to the host over a virtio-serial port or vsock, builds the root file
//! system as the host asks, runs the workload in it, and more commands beside it, and reports
//! the outcome of each. Whatever happens, the machine then stops: it never waits for a person.
//!
//! Nothing here may panic: when PID 1 dies, the kernel panics, and the host would
//! not learn the cause.

mod additions;
mod agent;
mod bus;
mod capabilities;
mod children;
mod closing;
mod console;
mod copy;
mod disks;
mod disposition;
mod drain;
mod duplicate;
mod entropy;
mod error;
mod folders;
mod freeze;
mod hold;
mod init;
mod inroot;
mod keystore;
mod link;
mod memory;
mod modules;
mod mount_point;
mod mounts;
mod netlink;
mod network;
mod overlay;
mod parameters;
mod poll;
mod port;
mod power;
mod process;
mod program;
mod pump;
mod queue;
mod root;
mod sessions;
mod settings;
mod signal;
mod sshd;
mod switch;
mod terminal;
mod top;
mod trust;
mod user;
mod verity;
mod volumes;
mod vsock;
mod workload;

use std::process::ExitCode;

use error::{Result, one_line};
use parameters::Parameters;

fn main() -> ExitCode {
    let role = std::env::args().nth(1).unwrap_or_default();
    if !rustix::process::getpid().is_init() {
        return service(&role);
    }
    let result = if power::is_machine() {
        machine()
    } else {
        init::run()
    };
    if let Err(error) = result {
        console::say(&one_line(&error));
    }
    power::off();
    // The kernel has refused to restart. Ending PID 1 makes it panic, which ends the
    // machine as well (`panic=-1`).
    ExitCode::FAILURE
}

/// Runs one of the services of a disk.
fn service(role: &str) -> ExitCode {
    let argument = || std::env::args().nth(2).unwrap_or_default();
    let result = match role {
        "copy" => return copy::run(&argument()),
        "processes" => return top::run(),
        "freeze" => return hold::run(&argument()),
        // As the init program of a guest image of Port starts its agent. That one listens where these
        // options say; this one finds its host by the port that the machine has.
        "serve" | "--socket" | "--vsock-port" | "--root" => agent::serve(),
        "network" => network::bring_up(),
        "sshd" => sshd::bring_up(),
        "sshd-keys" => sshd::make_host_keys(),
        _ => {
            console::say(
                "usage: lazaret-agent serve|network|sshd|sshd-keys (or PID 1 of a machine)",
            );
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::say(&one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// On an initramfs: boots from the disk of the command line, or serves the host's workload.
fn machine() -> Result<()> {
    root::mount_kernel_folders()?;
    modules::load_all(modules::MACHINE);
    let parameters = Parameters::of_kernel();
    power::settle(&parameters);
    match switch::root(&parameters) {
        Some(device) => match switch::boot(&parameters, device)? {},
        None => workload::serve(vsock::wanted(&parameters)?),
    }
}

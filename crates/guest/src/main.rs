//! PID 1 of every machine.
//!
//! The kernel starts this program from an initramfs that holds nothing else but kernel
//! modules. It loads them, connects to the host over a virtio-serial port, builds the root
//! file system that the host asks for, runs one workload in it and reports how that ended.
//! Whatever happens, the machine then stops: it never waits for a person.
//!
//! The initramfs:
//!
//! ```text
//! /init                    this program, mode 0755
//! /lib/modules/load        one path per line, relative to /lib/modules, in load order
//! /lib/modules/*.ko        uncompressed
//! /dev/console /dev/null   character devices 5:1 and 1:3; without /dev/null the standard
//!                          library aborts before `main`
//! /dev /proc /sys /mnt     empty folders
//! ```
//!
//! Nothing here may panic: the death of PID 1 is the death of the kernel, and the host would
//! learn nothing about the cause.

mod console;
mod disks;
mod entropy;
mod error;
mod inroot;
mod loopback;
mod modules;
mod mounts;
mod port;
mod power;
mod process;
mod program;
mod pump;
mod queue;
mod root;
mod settings;
mod user;

use std::process::ExitCode;

use lazaret_protocol::{BootConfig, Frame, Hello, Kind, Outcome, VERSION};

use error::{Error, Result, one_line};
use port::Port;

fn main() -> ExitCode {
    if !power::is_machine() {
        console::say("this program is PID 1 of a machine; it refuses to run anywhere else");
        return ExitCode::from(125);
    }
    if let Err(error) = serve() {
        console::say(&one_line(&error));
    }
    power::off();
    // Only when the kernel refuses to restart: ending PID 1 makes it panic, which ends the
    // machine as well (`panic=-1`).
    ExitCode::FAILURE
}

/// From the first instruction to the last frame.
fn serve() -> Result<()> {
    root::mount_kernel_folders()?;
    modules::load_all();
    let mut port = Port::open()?;
    let last = match run(&mut port) {
        Ok(outcome) => Frame::json(Kind::Exit, &outcome),
        Err(Error::HostGone) => {
            power::kill_everything();
            return Err(Error::HostGone);
        }
        Err(error) => {
            console::say(&one_line(&error));
            Frame::json(Kind::Failure, &error.failure())
        }
    };
    power::kill_everything();
    port.finish(&last.map_err(|source| Error::Frame { source })?)
}

/// Brings the workload up, as the host asks, and stays with it to its end.
fn run(port: &mut Port) -> Result<Outcome> {
    let config = handshake(port)?;
    settings::apply(&config)?;
    root::assemble(&config)?;
    root::enter()?;
    let workload = process::launch(&config.process)?;
    port.queue(&Frame::empty(Kind::Started));
    pump::run(port, workload)
}

/// Says hello and waits for the host's [`BootConfig`], for as long as the host is there.
fn handshake(port: &mut Port) -> Result<BootConfig> {
    let kernel = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    let hello = Hello {
        version: VERSION,
        kernel,
    };
    port.queue(&Frame::json(Kind::Hello, &hello).map_err(|source| Error::Frame { source })?);
    let frame = port.receive()?;
    if frame.kind != Kind::Boot {
        return Err(Error::UnexpectedFrame { kind: frame.kind });
    }
    let config: BootConfig =
        serde_json::from_slice(&frame.payload).map_err(|source| Error::BootConfig { source })?;
    if config.version != VERSION {
        return Err(Error::Version {
            host: config.version,
        });
    }
    Ok(config)
}

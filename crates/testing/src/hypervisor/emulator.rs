//! Has QEMU emulate a machine.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, set_parent_process_death_signal};

use super::machine::Machine;
use crate::made::made;

/// Longest time for the vsock device to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(30);

/// What a kernel needs on an emulated processor, beside what the machine's owner wants.
const EMULATED: &str = "tsc_early_khz=2000000 tsc=reliable no_timer_check mitigations=off";

/// Emulates the machine until it ends; returns the hypervisor's exit status.
pub(super) fn run(machine: &Machine) -> u8 {
    match emulate(machine) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            eprintln!("Error: {error}");
            1
        }
    }
}

fn emulate(machine: &Machine) -> std::io::Result<bool> {
    let socket = format!("{}.device", machine.vsock);
    let mut device = Command::new(vsock_device());
    device
        .args(["--guest-cid", &machine.guest_cid.to_string()])
        .args(["--uds-path", &machine.vsock, "--socket", &socket]);
    let mut device = start(&mut device)?;
    let deadline = Instant::now() + LISTENS_WITHIN;
    while !Path::new(&socket).exists() {
        if Instant::now() > deadline || device.try_wait()?.is_some() {
            return Err(std::io::Error::other("the vsock device does not listen"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut qemu = Command::new("/usr/bin/qemu-system-x86_64");
    qemu.args(arguments(machine, &socket));
    let status = start(&mut qemu)?.wait()?;
    // The device ends with this process, which in a jail may not kill it.
    let _ends_soon = device.kill();
    Ok(status.success())
}

/// Starts a program that ends with this one, and has its open files.
#[allow(unsafe_code)]
fn start(command: &mut Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::inherit());
    let end_with_parent = || Ok(set_parent_process_death_signal(Some(Signal::KILL))?);
    // SAFETY: between fork and exec it makes one system call, and allocates nothing.
    unsafe { command.pre_exec(end_with_parent) };
    command.spawn()
}

/// The arguments of QEMU.
fn arguments(machine: &Machine, socket: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["-no-user-config", "-nodefaults", "-display", "none"]);
    let bus = if machine.has_pci { "pci" } else { "device" };
    let kind = match machine.has_pci {
        true => "q35",
        false => "microvm,rtc=on,pit=on,pic=on,isa-serial=on,acpi=on,usb=off,pcie=off",
    };
    add(&["-machine", &format!("{kind},memory-backend=ram")]);
    let size = machine.memory_mib;
    add(&[
        "-object",
        &format!("memory-backend-memfd,id=ram,size={size}M,share=on"),
    ]);
    add(&["-accel", "tcg,tb-size=256", "-cpu", "max,erms=off,fsrm=off"]);
    add(&["-m", &format!("{size}M"), "-smp", &machine.cpus.to_string()]);
    if machine.ends_with_restart {
        // The keyboard controller resets the processor.
        add(&["-no-reboot", "-device", "i8042"]);
    }
    add(&["-kernel", &machine.kernel]);
    if let Some(initramfs) = &machine.initramfs {
        add(&["-initrd", initramfs]);
    }
    let command_line = format!("{} {EMULATED}", machine.command_line);
    add(&["-append", &command_line]);
    let console = &machine.console;
    add(&["-chardev", &format!("file,id=console,path={console}")]);
    add(&["-serial", "chardev:console", "-monitor", "none"]);
    for (number, disk) in machine.disks.iter().enumerate() {
        let switch = if disk.read_only { "on" } else { "off" };
        let path = &disk.path;
        add(&[
            "-blockdev",
            &format!(
                "driver=raw,node-name=disk{number},read-only={switch},file.driver=file,\
                 file.filename={path},file.locking=off"
            ),
        ]);
        let serial = disk
            .serial
            .as_ref()
            .map(|serial| format!(",serial={serial}"));
        let serial = serial.unwrap_or_default();
        add(&[
            "-device",
            &format!("virtio-blk-{bus},drive=disk{number}{serial}"),
        ]);
    }
    add(&["-chardev", &format!("socket,id=vsock,path={socket}")]);
    add(&["-device", &format!("vhost-user-vsock-{bus},chardev=vsock")]);
    add(&["-device", &format!("virtio-rng-{bus}")]);
    arguments
}

/// The program of the vsock device.
pub(super) fn vsock_device() -> PathBuf {
    made("tools/vhost-device-vsock-0.3.0/bin/vhost-device-vsock")
}

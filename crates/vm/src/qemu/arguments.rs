//! Turns a plan into QEMU's command line.
//!
//! The machine is `microvm`: no firmware, no PCI, devices on virtio-mmio. The options and their
//! measured effects are described in `docs/design/machines.md`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use lazaret_protocol::CONTROL_PORT;

use crate::{Accelerator, Disk, DiskFormat, LaunchPlan};

/// Kernel parameters of every guest: few messages, and a restart instead of a hang, which
/// `-no-reboot` turns into an exit of QEMU.
const COMMAND_LINE: &str = "console=ttyS0 quiet panic=-1 reboot=t cryptomgr.notests";

/// Kernel parameters for an emulated processor: its clock cannot be calibrated on a busy host, and
/// mitigations of a real processor's faults only cost time.
const TCG_COMMAND_LINE: &str = "tsc_early_khz=2000000 tsc=reliable no_timer_check mitigations=off";

/// Size of the emulator's cache of translated code in MiB; QEMU's default is 1 GiB.
const TCG_CACHE_MIB: u32 = 256;

/// The emulated processor: all that can be emulated, but string instructions that are not fast.
/// Kernel and C library copy memory with them where the processor says that they are, and the
/// emulator executes them byte by byte.
const TCG_PROCESSOR: &str = "max,erms=off,fsrm=off";

/// File descriptors of the sockets that QEMU inherits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// Descriptor of the stream of frames.
    pub control: i32,
    /// Descriptor of the guest's console.
    pub console: i32,
    /// Descriptor of QEMU's monitor.
    pub monitor: i32,
}

/// The way in which a machine begins; descriptors are those that QEMU inherits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The kernel boots.
    Boot,
    /// The kernel boots in memory that becomes a template, with empty disks.
    Template {
        /// Descriptor of the memory, which the machine writes.
        memory: i32,
    },
    /// The machine goes on where a template stopped.
    Restore {
        /// Descriptor of the template's memory, of which the machine writes copies of its own.
        memory: i32,
    },
}

/// The arguments of QEMU for a machine whose kernel boots.
#[must_use]
pub fn arguments(plan: &LaunchPlan, descriptors: Descriptors) -> Vec<OsString> {
    arguments_for(plan, descriptors, Beginning::Boot)
}

/// The arguments of QEMU. The devices are the same ones in the same order however a machine begins:
/// QEMU finds their states by that.
pub(super) fn arguments_for(
    plan: &LaunchPlan,
    descriptors: Descriptors,
    beginning: Beginning,
) -> Vec<OsString> {
    let Descriptors {
        control,
        console,
        monitor,
    } = descriptors;
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |parts: &[&str]| arguments.extend(parts.iter().map(OsString::from));
    add(&["-no-user-config", "-nodefaults", "-nographic", "-no-reboot"]);
    add(&[
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ]);
    let machine = "microvm,rtc=on,pit=on,pic=on,isa-serial=on,acpi=on,usb=off,pcie=off";
    match memory(plan, beginning) {
        None => add(&["-machine", machine]),
        Some(memory) => {
            add(&["-object", &memory]);
            add(&["-machine", &format!("{machine},memory-backend=ram")]);
        }
    }
    match plan.accelerator {
        Accelerator::Kvm => add(&["-accel", "kvm"]),
        Accelerator::Tcg => add(&["-accel", &format!("tcg,tb-size={TCG_CACHE_MIB}")]),
    }
    add(&["-cpu", processor(plan.accelerator)]);
    add(&[
        "-m",
        &format!("{}M", plan.memory_mib),
        "-smp",
        &plan.cpus.to_string(),
    ]);
    if let Beginning::Restore { .. } = beginning {
        arguments.extend(["-incoming".into(), "defer".into()]);
    } else {
        arguments.extend(["-kernel".into(), plan.kernel.clone().into_os_string()]);
        arguments.extend(["-initrd".into(), plan.initramfs.clone().into_os_string()]);
        arguments.extend(["-append".into(), command_line(plan).into()]);
    }
    let mut add = |parts: &[&str]| arguments.extend(parts.iter().map(OsString::from));
    add(&[
        "-chardev",
        &format!("socket,id=console,fd={console}"),
        "-serial",
        "chardev:console",
    ]);
    add(&["-chardev", &format!("socket,id=control,fd={control}")]);
    add(&["-device", "virtio-serial-device"]);
    add(&[
        "-device",
        &format!("virtserialport,chardev=control,name={CONTROL_PORT}"),
    ]);
    add(&["-object", "rng-random,id=entropy,filename=/dev/urandom"]);
    add(&["-device", "virtio-rng-device,rng=entropy"]);
    add(&["-nic", "none", "-monitor", "none"]);
    add(&["-chardev", &format!("socket,id=monitor,fd={monitor}")]);
    add(&["-mon", "chardev=monitor,mode=control"]);
    for (number, disk) in plan.disks.iter().enumerate() {
        let block = match beginning {
            Beginning::Template { .. } => format!("driver=null-co,node-name=disk{number}").into(),
            Beginning::Boot | Beginning::Restore { .. } => block(number, disk),
        };
        arguments.extend(["-blockdev".into(), block]);
        let device = format!(
            "virtio-blk-device,drive=disk{number},werror=report,rerror=report,serial={}",
            disk.serial
        );
        arguments.extend(["-device".into(), device.into()]);
    }
    arguments
}

/// The file that is the machine's memory, if it is one.
fn memory(plan: &LaunchPlan, beginning: Beginning) -> Option<String> {
    let (memory, share) = match beginning {
        Beginning::Boot => return None,
        Beginning::Template { memory } => (memory, "on"),
        Beginning::Restore { memory } => (memory, "off"),
    };
    let size = plan.memory_mib;
    Some(format!(
        "memory-backend-file,id=ram,size={size}M,mem-path=/proc/self/fd/{memory},share={share}"
    ))
}

/// The backend of a disk.
fn block(number: usize, disk: &Disk) -> OsString {
    // A writable disk that ends with its machine has nothing to flush for. Writes are
    // never held back, not even by a full disk of the host: the guest hears of the failure,
    // where QEMU's own choice is to stop the machine and wait for room.
    let mode = match (disk.read_only, disk.lasting) {
        (true, _) => "read-only=on",
        (false, true) => "read-only=off,discard=unmap",
        (false, false) => "read-only=off,cache.no-flush=on,discard=unmap",
    };
    let driver = match disk.format {
        DiskFormat::Raw => "raw",
        DiskFormat::Parts => "vmdk",
    };
    let options =
        format!("driver={driver},node-name=disk{number},{mode},file.driver=file,file.filename=");
    path(&options, &disk.path)
}

/// The processor that the guest sees.
pub(super) fn processor(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "host",
        Accelerator::Tcg => TCG_PROCESSOR,
    }
}

/// The kernel's command line.
pub(crate) fn command_line(plan: &LaunchPlan) -> String {
    let mut words = vec![COMMAND_LINE];
    if plan.accelerator == Accelerator::Tcg {
        words.push(TCG_COMMAND_LINE);
    }
    words.extend(plan.cmdline.iter().map(String::as_str));
    words.join(" ")
}

/// An option value that ends with a path; QEMU escapes commas by doubling them.
fn path(before: &str, path: &Path) -> OsString {
    let mut value = before.as_bytes().to_vec();
    for byte in path.as_os_str().as_bytes() {
        value.push(*byte);
        if *byte == b',' {
            value.push(b',');
        }
    }
    OsString::from_vec(value)
}

//! Turns a plan into QEMU's command line.
//!
//! The machine is `microvm`: no firmware, no PCI, devices on virtio-mmio. The options and their
//! measured effects are described in `docs/design/machines.md`.

use std::ffi::OsString;
use std::path::Path;

use lazaret_protocol::{CONTROL_PORT, FOLDERS_PORT};

use crate::{Accelerator, Disk, DiskFormat, DiskRange, LaunchPlan};

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

/// The numbers of the descriptors that QEMU inherits. It opens nothing of the machine's by a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors {
    /// Descriptor of the stream of frames.
    pub control: i32,
    /// Descriptor of the guest's console.
    pub console: i32,
    /// Descriptor of QEMU's monitor.
    pub monitor: i32,
    /// Descriptors of kernel and initramfs, for a machine that boots.
    pub boot: Option<(i32, i32)>,
    /// Descriptor of the socket for the frames of the network, one a message. Without it, the network
    /// device has nobody to talk to.
    pub frames: Option<i32>,
    /// Descriptor of the stream to the server of the host's folders; without it, nobody is there.
    pub folders: Option<i32>,
    /// The descriptors of each disk: its file, or the list of its parts and those. A template has none.
    pub disks: Vec<Vec<i32>>,
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
pub fn arguments(plan: &LaunchPlan, descriptors: &Descriptors) -> Vec<OsString> {
    arguments_for(plan, descriptors, Beginning::Boot)
}

/// The arguments of QEMU. The devices are the same ones in the same order however a machine begins:
/// QEMU finds their states by that.
pub(super) fn arguments_for(
    plan: &LaunchPlan,
    descriptors: &Descriptors,
    beginning: Beginning,
) -> Vec<OsString> {
    let Descriptors {
        control,
        console,
        monitor,
        boot,
        frames,
        folders,
        disks,
    } = descriptors;
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |parts: &[&str]| arguments.extend(parts.iter().map(OsString::from));
    if let Some(folder) = plan.console_log.as_deref().and_then(Path::parent) {
        // For people who look at a list of processes; QEMU opens nothing there.
        let name = folder.display().to_string().replace(',', ",,");
        add(&["-name", &name]);
    }
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
    match boot {
        None => add(&["-incoming", "defer"]),
        Some((kernel, initramfs)) => {
            add(&["-kernel", &again(*kernel)]);
            add(&["-initrd", &again(*initramfs)]);
            add(&["-append", &command_line(plan)]);
        }
    }
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
    // Every machine has the port, so that one template is for those with and without folders.
    match folders {
        Some(folders) => add(&["-chardev", &format!("socket,id=folders,fd={folders}")]),
        None => add(&["-chardev", "null,id=folders"]),
    }
    add(&[
        "-device",
        &format!("virtserialport,chardev=folders,name={FOLDERS_PORT}"),
    ]);
    add(&["-object", "rng-random,id=entropy,filename=/dev/urandom"]);
    add(&["-device", "virtio-rng-device,rng=entropy"]);
    add(&["-nic", "none", "-monitor", "none"]);
    add(&["-chardev", &format!("socket,id=monitor,fd={monitor}")]);
    add(&["-mon", "chardev=monitor,mode=control"]);
    if let Some(network) = &plan.network {
        let backend = match frames {
            Some(socket) => format!("dgram,id=network,local.type=fd,local.str={socket}"),
            None => "hubport,id=network,hubid=0".to_owned(),
        };
        add(&["-netdev", &backend]);
        let device = format!(
            "virtio-net-device,netdev=network,mac={},host_mtu={}",
            network.mac, network.mtu
        );
        add(&["-device", &device]);
    }
    for descriptor in disks.iter().flatten() {
        add(&["-add-fd", &format!("fd={descriptor},set={descriptor}")]);
    }
    for (number, disk) in plan.disks.iter().enumerate() {
        let file = disks.get(number).and_then(|files| files.first());
        let block = match file {
            None => format!("driver=null-co,node-name=disk{number}"),
            Some(file) => block(number, disk, *file),
        };
        add(&["-blockdev", &block]);
        let device = format!(
            "virtio-blk-device,drive=disk{number},werror=report,rerror=report,serial={}",
            disk.serial
        );
        add(&["-device", &device]);
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
        "memory-backend-file,id=ram,size={size}M,mem-path={},share={share}",
        again(memory)
    ))
}

/// The path by which a file is opened again, where QEMU takes no descriptor.
fn again(descriptor: i32) -> String {
    format!("/proc/self/fd/{descriptor}")
}

/// The path by which QEMU knows a descriptor, which it then only copies.
pub(super) fn given(descriptor: i32) -> String {
    format!("/dev/fdset/{descriptor}")
}

/// The backend of a disk.
fn block(number: usize, disk: &Disk, file: i32) -> String {
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
        DiskFormat::Range(DiskRange { offset, length, .. }) => {
            &format!("raw,offset={offset},size={length}")
        }
    };
    let file = given(file);
    format!("driver={driver},node-name=disk{number},{mode},file.driver=file,file.filename={file}")
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

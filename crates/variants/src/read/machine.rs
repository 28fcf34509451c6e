//! `machines.NAME`, and what host, kernel and guest image must be for it.

use std::collections::BTreeMap;

use super::declared::{Declared, DeclaredHost};
use crate::section::Section;
use crate::{
    Architecture, Connection, GuestControl, HostPlatform, Machine, MachineVolume, ProtectionMode,
    PvmDecision, Selector, Substrate,
};

/// Reads all machines.
pub(super) fn read_machines(
    section: &Section<'_>,
    declared: &Declared,
) -> BTreeMap<String, Machine> {
    let mut machines = BTreeMap::new();
    for (name, section) in section.named() {
        if let Some(machine) = read_machine(&name, section, declared) {
            machines.insert(name, machine);
        }
    }
    machines
}

fn read_machine(name: &str, section: Section<'_>, declared: &Declared) -> Option<Machine> {
    let host = section.filled("host");
    let kernel = section.filled("kernel");
    let guest_image = section.filled("guest_image");
    let substrate = section.parsed::<Substrate>("substrate");
    let protection_mode = section.parsed::<ProtectionMode>("protection_mode");
    let architecture = section.parsed::<Architecture>("architecture");
    let vcpu_count = section.number("vcpu_count", 1..=4096);
    let memory_mib = section.number("memory_mib", 1..=16_777_216);
    let kernel_args = section.text("kernel_args");
    let rootfs_read_only = section.boolean("rootfs_read_only");
    let guest = section.section("guest").and_then(read_guest);
    let volumes = read_volumes(&section);

    if let Some(text) = &kernel_args
        && text.chars().any(char::is_control)
    {
        section.fault("kernel_args", "has control characters");
    }
    let known_host = host.as_ref().and_then(|host| {
        let known = declared.hosts.get(host);
        if known.is_none() {
            section.fault("host", "is no host of the document");
        }
        known
    });
    if let (Some(host), Some(substrate)) = (known_host, substrate) {
        check_host(&section, host, substrate);
    }
    let selector = architecture.zip(substrate).zip(protection_mode);
    let selector = selector.map(|((architecture, substrate), protection_mode)| Selector {
        architecture,
        substrate,
        protection_mode,
    });
    let selector = selector.and_then(|selector| match selector.resolved() {
        Ok(selector) => Some(selector),
        Err(error) => {
            section.fault("architecture", error.to_string());
            None
        }
    });
    if let Some(selector) = selector {
        check_mode(&section, selector, known_host);
    }
    for (key, name, artifacts) in [
        ("kernel", &kernel, &declared.kernels),
        ("guest_image", &guest_image, &declared.guest_images),
    ] {
        if let Some(name) = name {
            check_artifact(&section, key, artifacts.get(name), selector);
        }
    }
    section.finish();
    Some(Machine {
        name: name.to_owned(),
        host: host?,
        kernel: kernel?,
        guest_image: guest_image?,
        substrate: substrate?,
        protection_mode: protection_mode?,
        architecture: architecture?,
        vcpu_count: vcpu_count?,
        memory_mib: memory_mib?,
        kernel_args: kernel_args?,
        rootfs_read_only: rootfs_read_only?,
        guest: guest?,
        volumes,
    })
}

/// Whether the host can have the substrate at all.
fn check_host(section: &Section<'_>, host: &DeclaredHost, substrate: Substrate) {
    let Some(platform) = host.platform else {
        return;
    };
    match substrate {
        Substrate::Firecracker | Substrate::CloudHypervisor | Substrate::Qemu
            if platform != HostPlatform::Linux =>
        {
            let message = format!("is {substrate}, which needs a host with linux, not {platform}");
            section.fault("substrate", message);
        }
        Substrate::Avf => {
            if platform != HostPlatform::Macos {
                let message = format!("is avf, which needs a host with macos, not {platform}");
                section.fault("substrate", message);
            }
            let connection = host.connection.as_ref();
            if connection.is_some_and(|connection| *connection != Connection::Local) {
                section.fault("substrate", "is avf, which needs a local host");
            }
        }
        _ => {}
    }
}

/// Whether there are machines with this protection.
fn check_mode(section: &Section<'_>, selector: Selector, host: Option<&DeclaredHost>) {
    if selector.protection_mode != ProtectionMode::Pvm {
        return;
    }
    if !selector.is_supported() {
        let message = format!(
            "is pvm, which needs x86_64 and firecracker, not {} and {}",
            selector.architecture, selector.substrate
        );
        section.fault("protection_mode", message);
    }
    let lanes = host.map_or(&[][..], |host| &host.pvm_lanes);
    let lane = lanes
        .iter()
        .find(|lane| lane.architecture.resolved().ok() == Some(selector.architecture));
    if lane.is_some_and(|lane| lane.decision == PvmDecision::ResearchOnly) {
        let message = "is pvm, which is for research only on this host";
        section.fault("protection_mode", message);
    }
}

/// Whether the document has the artifact in this variant.
fn check_artifact(
    section: &Section<'_>,
    key: &str,
    variants: Option<&Option<Vec<Selector>>>,
    selector: Option<Selector>,
) {
    match (variants, selector) {
        (None, _) => section.fault(
            key,
            format!("is no {} of the document", key.replace('_', " ")),
        ),
        (Some(Some(variants)), Some(selector)) if !variants.contains(&selector) => {
            section.fault(key, format!("has no variant {selector}"));
        }
        _ => {}
    }
}

fn read_guest(section: Section<'_>) -> Option<GuestControl> {
    // 0 to 2 are the hypervisor, the loopback and the host; the last one means any.
    let vsock_cid = section.number("vsock_cid", 3..=u32::MAX - 1);
    let control_port = section.number("control_port", 1..=65535);
    let console_log = section.file("console_log");
    section.finish();
    Some(GuestControl {
        vsock_cid: vsock_cid?,
        control_port: control_port?,
        console_log: console_log?,
    })
}

fn read_volumes(section: &Section<'_>) -> Vec<MachineVolume> {
    let sections = section.sections("volumes");
    if sections.len() > 1 {
        section.fault("volumes", "has more than one volume");
    }
    let read = |section: Section<'_>| {
        let name = section.filled("name");
        for (key, known) in [("backend", "host-file"), ("persistence", "persistent")] {
            if section.filled(key).is_some_and(|text| text != known) {
                section.fault(key, format!("is not {known}"));
            }
        }
        let path = section.file("path");
        section.finish();
        Some(MachineVolume {
            name: name?,
            path: path?,
        })
    };
    sections.into_iter().filter_map(read).collect()
}

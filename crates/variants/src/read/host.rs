//! `hosts.NAME`.

use std::collections::BTreeMap;

use super::control_plane::variable_name;
use super::declared::{Declared, DeclaredHost};
use crate::section::Section;
use crate::{Architecture, Connection, Host, HostPlatform, Provider, PvmDecision, PvmLane};

/// Reads all hosts.
pub(super) fn read_hosts(section: &Section<'_>, declared: &mut Declared) -> BTreeMap<String, Host> {
    let mut hosts = BTreeMap::new();
    for (name, section) in section.named() {
        let platform = section.parsed::<HostPlatform>("platform");
        let provider = section.parsed::<Provider>("provider");
        let connection = section
            .section("connection")
            .and_then(|section| read_connection(section, declared));
        let firecracker = section.section("firecracker").map(read_firecracker);
        section.finish();
        let (local_launch, notes, pvm_lanes) = firecracker.unwrap_or_default();
        let known = DeclaredHost {
            platform,
            connection: connection.clone(),
            pvm_lanes: pvm_lanes.clone(),
        };
        declared.hosts.insert(name.clone(), known);
        if let (Some(platform), Some(provider), Some(connection), Some(local_launch)) =
            (platform, provider, connection, local_launch)
        {
            let host = Host {
                name: name.clone(),
                platform,
                provider,
                connection,
                local_launch,
                notes,
                pvm_lanes,
            };
            hosts.insert(name, host);
        }
    }
    hosts
}

fn read_connection(section: Section<'_>, declared: &Declared) -> Option<Connection> {
    let connection = match section.filled("mode").as_deref() {
        None => None,
        Some("local") => Some(Connection::Local),
        Some("hosted-control-plane") => {
            let control_plane = section.filled("control_plane");
            if let Some(name) = &control_plane
                && !declared.control_planes.contains_key(name)
            {
                section.fault("control_plane", "is no control plane of the document");
            }
            control_plane.map(|control_plane| Connection::HostedControlPlane { control_plane })
        }
        Some("ssh") => {
            let destination = section.filled("destination");
            let user = section.maybe_text("user");
            let port = section.maybe_number("port", 1..=65535).unwrap_or(22);
            destination.map(|destination| Connection::Ssh {
                destination,
                user,
                port: u16::try_from(port).unwrap_or(22),
            })
        }
        Some(_) => {
            section.fault("mode", "is not one of local, hosted-control-plane, ssh");
            None
        }
    };
    for key in ["control_plane", "destination", "user", "port"] {
        section.ignore(key);
    }
    section.finish();
    connection
}

type Firecracker = (Option<bool>, Vec<String>, Vec<PvmLane>);

fn read_firecracker(section: Section<'_>) -> Firecracker {
    let local_launch = section.boolean("local_launch");
    if !section.has("notes") {
        section.fault_here("'notes' is missing");
    }
    let notes = section.maybe_texts("notes").unwrap_or_default();
    let lanes = section.sections("pvm_lanes");
    let lanes = lanes.into_iter().filter_map(read_lane).collect();
    section.finish();
    (local_launch, notes, lanes)
}

fn read_lane(section: Section<'_>) -> Option<PvmLane> {
    let architecture = section.parsed::<Architecture>("architecture");
    let decision = section.parsed::<PvmDecision>("decision");
    let host_kit = section.maybe_section("host_kit");
    let has_host_kit = host_kit.is_some();
    if let Some(kit) = host_kit
        && kit.has("firecracker_binary_env")
    {
        variable_name(&kit, "firecracker_binary_env");
    }
    if decision == Some(PvmDecision::Planned) && !has_host_kit {
        section.fault_here("is planned, but has no 'host_kit'");
    }
    for key in [
        "artifact_kit",
        "validation",
        "operator_prerequisites",
        "follow_on_work",
    ] {
        section.ignore(key);
    }
    section.finish();
    Some(PvmLane {
        architecture: architecture?,
        decision: decision?,
        has_host_kit,
    })
}

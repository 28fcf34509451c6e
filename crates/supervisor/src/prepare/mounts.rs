//! The volumes and the memory of a run: joins those of the request to those of the agent, and checks
//! them against each other and against the artifacts.

use std::path::PathBuf;

use std::collections::BTreeSet;

use lazaret_artifacts::{ArtifactMount, Error as Fault, GuestPath, RunSpec, Volume};
use lazaret_protocol::{MemoryMount, VolumeMount};

use super::folders::Settled;
use super::serial;
use crate::Error;
use crate::machines::{DiskContent, DiskDesign, FolderUse, VolumeUse};
use crate::volumes::Volumes;

/// A volume that a run is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeRequest {
    /// Its name; a new volume without a name if there is none.
    pub name: Option<String>,
    /// Its path in the machine.
    pub target: GuestPath,
    /// Whether the machine cannot write to it.
    pub read_only: bool,
    /// Whether an empty volume gets what the image has at the path.
    pub copy: bool,
}

/// A volume of a request, with the name that it has in any case.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) volume: Volume,
    anonymous: bool,
    copy: bool,
}

/// Gives the volumes without a name one.
pub(super) fn named(requests: &[VolumeRequest]) -> Vec<Named> {
    let name = |request: &VolumeRequest| Named {
        volume: Volume {
            source: request.name.clone().unwrap_or_else(Volumes::random_name),
            path: request.target.clone(),
            read_only: request.read_only,
        },
        anonymous: request.name.is_none(),
        copy: request.copy,
    };
    requests.iter().map(name).collect()
}

/// The volumes of a machine, as each of its parts wants them, and the folders of the host.
#[derive(Debug, Default)]
pub(super) struct Attached {
    pub(super) disks: Vec<DiskDesign>,
    pub(super) mounts: Vec<VolumeMount>,
    pub(super) uses: Vec<VolumeUse>,
    pub(super) folders: Vec<FolderUse>,
}

/// Files of the host that are disks of the machine, writable, and stay when it goes.
pub(super) fn own_files(files: &[PathBuf]) -> impl Iterator<Item = DiskDesign> {
    files.iter().enumerate().map(|(number, path)| DiskDesign {
        serial: format!("disk{number}"),
        read_only: false,
        content: DiskContent::Volume(path.clone()),
    })
}

/// Attaches the volumes of a settled run, and the folders of the host that were asked for.
pub(super) fn attach(
    spec: &RunSpec,
    named: &[Named],
    folders: &[Settled],
    volumes: &Volumes,
) -> Attached {
    let mut attached = Attached {
        folders: folders.iter().map(|folder| folder.used.clone()).collect(),
        ..Attached::default()
    };
    let mut serials: Vec<&str> = Vec::new();
    for volume in spec.volumes.iter().filter(|volume| !volume.is_host_path()) {
        let number = serials.iter().position(|name| *name == volume.source);
        let number = number.unwrap_or_else(|| {
            serials.push(&volume.source);
            attached.disks.push(DiskDesign {
                serial: serial::volume(serials.len() - 1),
                read_only: true,
                content: DiskContent::Volume(volumes.disk(&volume.source)),
            });
            serials.len() - 1
        });
        if let Some(disk) = attached.disks.get_mut(number) {
            disk.read_only &= volume.read_only;
        }
        let asked = named.iter().find(|named| named.volume == *volume);
        attached.mounts.push(VolumeMount {
            serial: serial::volume(number),
            target: volume.path.to_string(),
            read_only: volume.read_only,
            copy: asked.is_none_or(|named| named.copy),
        });
        attached.uses.push(VolumeUse {
            name: volume.source.clone(),
            target: volume.path.to_string(),
            read_only: volume.read_only,
            anonymous: asked.is_some_and(|named| named.anonymous),
        });
    }
    attached
}

/// Something at a path of the machine.
struct Place<'a> {
    path: &'a GuestPath,
    what: String,
}

/// Refuses two things at one path, and a volume or memory inside a read-only artifact, where its mount
/// point could not be made.
pub(super) fn check(
    (requested, folders): (&[Named], &[Settled]),
    memory: &[(GuestPath, MemoryMount)],
    spec: &RunSpec,
) -> Result<(), Error> {
    let volume = |volume: &Volume| match volume.is_host_path() {
        true => format!("host path {}", volume.source),
        false => format!("volume {}", volume.source),
    };
    let requested = requested.iter().map(|named| &named.volume);
    let requested = requested.chain(folders.iter().map(|folder| &folder.volume));
    let of_agent = spec
        .volumes
        .iter()
        .filter(|volume| !requested.clone().any(|named| named == *volume));
    let places: Vec<Place<'_>> = requested
        .clone()
        .chain(of_agent)
        .map(|found| Place {
            path: &found.path,
            what: volume(found),
        })
        .chain(memory.iter().map(|(path, _)| Place {
            path,
            what: "tmpfs".to_owned(),
        }))
        .collect();
    let conflict = |place: &Place<'_>, reason, first: String| {
        Err(Error::Artifact(Fault::MountConflict {
            path: place.path.to_string(),
            reason,
            first,
            second: place.what.clone(),
        }))
    };
    for (position, place) in places.iter().enumerate() {
        let same = |other: &&Place<'_>| other.path == place.path;
        if let Some(first) = places[..position].iter().find(same) {
            return conflict(place, "the path is taken by", first.what.clone());
        }
        let excludes = |mount: &&ArtifactMount| {
            let target = &mount.target;
            let is_inside = place.path.is_below(&target.path);
            target.path == *place.path || (target.read_only && is_inside)
        };
        if let Some(artifact) = spec.mounts.iter().find(excludes) {
            let reason = match artifact.target.path == *place.path {
                true => "the path is taken by",
                false => "the path lies inside the read-only",
            };
            return conflict(place, reason, artifact.reference.to_string());
        }
    }
    Ok(())
}

/// The folders that the image wants, without those that something is mounted on.
pub(super) fn image_volumes(
    spec: &RunSpec,
    attached: &Attached,
    memory: &[MemoryMount],
) -> Vec<String> {
    let volumes = attached.mounts.iter().map(|mount| mount.target.as_str());
    let folders = attached.folders.iter().map(|folder| folder.target.as_str());
    let taken: BTreeSet<&str> = volumes
        .chain(folders)
        .chain(memory.iter().map(|mount| mount.target.as_str()))
        .collect();
    let is_free = |path: &&String| !taken.contains(path.trim_end_matches('/'));
    spec.image_volumes.iter().filter(is_free).cloned().collect()
}

#[cfg(test)]
mod tests;

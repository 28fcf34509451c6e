//! Opens the two disks of a machine's root.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_protocol::{BootConfig, MACHINE_FILES, RootMode, SYSTEM_FOLDERS};
use lazaret_rootfs::{Change, DiskRange, DiskReader, Limits, Made, Overlay, PackSummary};

use crate::Error;
use crate::changes_fault::ChangesFault;
use crate::machines::{Found, Spec, StoredContent};

/// The folder of the root's overlay on the scratch disk (`crates/guest/src/overlay.rs`).
const UPPER: &[u8] = b"upper";

/// Whether the root of a machine cannot be written to.
pub(super) fn is_read_only(spec: &Spec) -> bool {
    spec.boot.root.mode == RootMode::ReadOnly
}

/// Checks that a machine writes to an overlay; returns the serial of its scratch disk.
pub(super) fn scratch_of(spec: &Spec) -> Result<&str, Error> {
    match &spec.boot.root.mode {
        RootMode::Overlay { serial } => Ok(serial),
        RootMode::Writable => Err(fault(spec, ChangesFault::OwnDisk)),
        RootMode::ReadOnly => Err(fault(spec, ChangesFault::ReadOnly)),
    }
}

pub(super) fn fault(spec: &Spec, fault: ChangesFault) -> Error {
    Error::Changes {
        machine: spec.name.clone(),
        fault,
    }
}

/// The disks of a machine that nobody writes to at the moment.
pub(super) struct Disks {
    spec: Spec,
    scratch: PathBuf,
    overlay: Overlay,
}

impl Disks {
    /// Opens them; the machine must have closed what it wrote to, unless it runs and holds still. Blocks.
    pub(super) fn open(found: &Found, is_still: bool) -> Result<Self, Error> {
        let (spec, folder) = (&found.spec, &found.folder);
        let ranges = ranges(spec, scratch_of(spec)?, folder)?;
        let scratch = ranges.first().map(|(path, _)| path.clone());
        let scratch = scratch.unwrap_or_default();
        let upper = open(spec, &scratch, ranges)?;
        if !is_still && !upper.is_closed() {
            return Err(fault(spec, ChangesFault::Unclosed));
        }
        let ranges = self::ranges(spec, &spec.boot.root.serial, folder)?;
        let root = ranges.first().map(|(path, _)| path.clone());
        let root = root.unwrap_or_default();
        let lower = open(spec, &root, ranges)?;
        let made = made(&lower, &spec.boot).map_err(failed(spec, &root))?;
        Ok(Self {
            spec: spec.clone(),
            scratch,
            overlay: Overlay {
                upper,
                folder: UPPER.to_vec(),
                lower,
                made,
            },
        })
    }

    /// All changes. Blocks.
    pub(super) fn changes(&self) -> Result<Vec<Change>, Error> {
        let changes = self.overlay.changes();
        changes.map_err(failed(&self.spec, &self.scratch))
    }

    /// Writes all changes as a layer. Blocks.
    pub(super) fn pack(&self, output: impl std::io::Write) -> Result<PackSummary, Error> {
        let packed = lazaret_rootfs::pack_changes(&self.overlay, output);
        packed.map_err(failed(&self.spec, &self.scratch))
    }
}

/// The files of the disk with this serial.
fn ranges(spec: &Spec, serial: &str, folder: &Path) -> Result<Vec<(PathBuf, DiskRange)>, Error> {
    let disk = spec.launch.disks.iter().find(|disk| disk.serial == serial);
    let disk = disk.ok_or_else(|| Error::MachineRecord {
        path: folder.to_owned(),
        reason: format!("it has no disk '{serial}'"),
    })?;
    let open = |name: &Path| {
        let path = folder.join(name);
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        Ok::<_, Error>((path, file))
    };
    match &disk.content {
        StoredContent::File(name) => {
            let (path, file) = open(name)?;
            let length = file.metadata().map_err(Error::io("inspect", &path))?.len();
            let offset = 0;
            let range = DiskRange {
                file,
                offset,
                length,
            };
            Ok(vec![(path, range)])
        }
        StoredContent::Range(path, range) => {
            let (path, file) = open(path)?;
            let range = DiskRange {
                file,
                offset: range.offset,
                length: range.length,
            };
            Ok(vec![(path, range)])
        }
        StoredContent::Parts(parts) => parts
            .iter()
            .map(|part| {
                let (path, file) = open(&part.file)?;
                let range = DiskRange {
                    file,
                    offset: part.offset,
                    length: part.length,
                };
                Ok((path, range))
            })
            .collect(),
    }
}

fn open(spec: &Spec, path: &Path, ranges: Vec<(PathBuf, DiskRange)>) -> Result<DiskReader, Error> {
    let ranges = ranges.into_iter().map(|(_, range)| range).collect();
    DiskReader::open_parts(ranges, Limits::default()).map_err(failed(spec, path))
}

/// What the guest makes in the image by itself (`crates/guest/src/root.rs`).
fn made(image: &DiskReader, boot: &BootConfig) -> Result<Made, lazaret_rootfs::Error> {
    let targets = boot.mounts.iter().map(|mount| &mount.target);
    let points = targets
        .chain(boot.disks.iter().map(|mount| &mount.target))
        .chain(boot.memory.iter().map(|mount| &mount.target))
        .chain(boot.folders.iter().map(|mount| &mount.target))
        .chain(&boot.volumes)
        .chain([&boot.process.working_dir])
        .map(String::as_str);
    Made::new(
        image,
        MACHINE_FILES,
        SYSTEM_FOLDERS.into_iter().chain(points),
    )
}

fn failed<'a>(
    spec: &'a Spec,
    path: &'a Path,
) -> impl FnOnce(lazaret_rootfs::Error) -> Error + use<'a> {
    move |source| match source {
        lazaret_rootfs::Error::Unclosed => fault(spec, ChangesFault::Unclosed),
        source @ (lazaret_rootfs::Error::Write { .. }
        | lazaret_rootfs::Error::Unpackable { .. }) => Error::Convert {
            subject: format!("the changes of machine '{}'", spec.name),
            source,
        },
        source => Error::Disk {
            path: path.to_owned(),
            source,
        },
    }
}

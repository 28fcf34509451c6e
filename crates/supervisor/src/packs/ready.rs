//! Opens packs for machines. Nothing is used that was not compared with its hash:
//!
//! | part | is compared |
//! |---|---|
//! | footer, manifest, signature, launch configuration | when the pack is opened |
//! | kernel, initramfs | when they are copied into memory, to boot |
//! | program, disks | here, as a whole, once for each file on each host; or |
//! | the root disk of a large pack that nobody checked yet | by the guest's kernel, block by block |

use std::path::Path;

use lazaret_oci::Platform;
use lazaret_pack::{Checked, Kind, Pack, Section};
use lazaret_protocol::Verity;
use lazaret_rootfs::check_verity;
use lazaret_vm::kernel::Kernel;
use lazaret_vm::{BootRange, BootRanges, DiskRange, FileIdentity};

use super::launch::Launch;
use super::trust::open;
use crate::machines::{Launch as MachineLaunch, PackUse};
use crate::pack_error::PackError;
use crate::prepare::{PackedDisk, PackedRun, Prepared, RunRequest, serial};
use crate::{Error, Home, blocking};

/// Largest pack that is compared as a whole when it is started first, in bytes: a fraction of a second.
const SMALL: u64 = 256 << 20;

impl Home {
    /// Settles the run of the pack that the request names. One of `keys`, the paths of public keys, must
    /// have signed it, if there are any.
    ///
    /// # Errors
    /// [`PackError`]; as [`Home::prepare`], without those of registries and stores.
    pub async fn prepare_pack(
        &self,
        request: RunRequest,
        keys: &[std::path::PathBuf],
    ) -> Result<Prepared, Error> {
        if !request.mounts.is_empty() {
            return Err(PackError::Mounts.into());
        }
        let path = std::path::absolute(&request.reference)
            .map_err(Error::io("find", Path::new(&request.reference)))?;
        let (keys, known) = (keys.to_vec(), self.known_packs());
        let packed = blocking(move || {
            let pack = open(&path, &keys)?;
            check_architecture(&pack)?;
            let file = identity(&pack)?;
            let is_known = known.has(&file, &pack.digest());
            if !is_known && file.size <= SMALL {
                compare(&pack)?;
                known.add(&file, &pack.digest());
            }
            packed(&pack, file, is_known || file.size <= SMALL)
        })
        .await?;
        self.prepare_packed(request, packed).await
    }

    /// Looks at the pack of a machine again, before the machine is started another time; returns what its
    /// file is now.
    ///
    /// # Errors
    /// [`PackError::Replaced`]; those of the pack.
    pub(crate) async fn look_again(
        &self,
        machine: &str,
        launch: &MachineLaunch,
    ) -> Result<Option<FileIdentity>, Error> {
        let Some(PackUse { path, digest }) = launch.pack.clone() else {
            return Ok(None);
        };
        let (machine, known) = (machine.to_owned(), self.known_packs());
        blocking(move || {
            let opened = Pack::open(&path);
            let pack = match opened {
                Ok(pack) if pack.digest() == digest => pack,
                Err(lazaret_pack::Error::Damaged { .. }) => opened?,
                _ => return Err(PackError::Replaced { machine, path }.into()),
            };
            let file = identity(&pack)?;
            if !known.has(&file, &digest) {
                compare(&pack)?;
                known.add(&file, &digest);
            }
            Ok(Some(file))
        })
        .await
    }

    pub(super) fn known_packs(&self) -> super::known::Known {
        super::known::Known::new(&self.settings.cache)
    }
}

/// Compares every byte of a pack. Blocks.
pub(super) fn compare(pack: &Pack) -> Result<(), Error> {
    for section in &pack.manifest().sections {
        compare_section(pack, section)?;
    }
    Ok(pack.check_gaps()?)
}

fn compare_section(pack: &Pack, section: &Section) -> Result<(), Error> {
    let checked = pack.check(section, |file, section| match tree(section) {
        Some(tree) => check_verity(file, section.offset, section.size, &tree),
        None => Ok(false),
    });
    Ok(checked?)
}

/// What the file of a pack is.
pub(super) fn identity(pack: &Pack) -> Result<FileIdentity, Error> {
    FileIdentity::of(pack.file()).map_err(Error::io("inspect", pack.path()))
}

/// Refuses a pack for another processor.
fn check_architecture(pack: &Pack) -> Result<(), Error> {
    let (host, of_pack) = (
        Platform::native().architecture,
        &pack.manifest().architecture,
    );
    if *of_pack == host {
        return Ok(());
    }
    Err(PackError::Architecture {
        path: pack.path().to_owned(),
        architecture: of_pack.clone(),
        host,
    }
    .into())
}

/// The launch configuration of a pack. Blocks.
pub(super) fn launch(pack: &Pack) -> Result<Launch, Error> {
    let launch = Launch::parse(&pack.launch()?);
    Ok(launch.map_err(|reason| bad_launch(pack, reason))?)
}

fn bad_launch(pack: &Pack, reason: String) -> PackError {
    PackError::Launch {
        path: pack.path().to_owned(),
        reason,
    }
}

fn packed(pack: &Pack, file: FileIdentity, is_compared: bool) -> Result<PackedRun, Error> {
    let launch = launch(pack)?;
    let (resolved, config) = launch
        .resolved()
        .map_err(|reason| bad_launch(pack, reason))?;
    let (kernel, initramfs) = (pack.single(Kind::Kernel)?, pack.single(Kind::Initramfs)?);
    let path = pack.path().to_owned();
    let disk = |section: &Section| PackedDisk {
        path: path.clone(),
        range: DiskRange {
            offset: section.offset,
            length: section.size,
            file,
        },
        verity: None,
    };
    let (mut root, mut artifacts) = (None, None);
    for section in pack.manifest().disks() {
        let place = match section.serial.as_str() {
            serial::ROOT => &mut root,
            serial::ARTIFACTS => &mut artifacts,
            other => {
                let reason = format!("nobody knows what disk '{other}' is for");
                return Err(bad_launch(pack, reason).into());
            }
        };
        *place = Some(disk(section));
        if is_compared {
            continue;
        }
        match section.serial.as_str() {
            serial::ROOT => {
                if let Some(root) = place {
                    root.verity = guest_tree(section);
                }
            }
            // The guest checks the root disk alone.
            _ => compare_section(pack, section)?,
        }
    }
    let root = root.ok_or_else(|| bad_launch(pack, "there is no root disk".to_owned()))?;
    if artifacts.is_some() == launch.artifacts.is_empty() {
        let reason = "the disk of its artifacts does not fit".to_owned();
        return Err(bad_launch(pack, reason).into());
    }
    let boot_ranges = BootRanges {
        kernel: boot_range(kernel),
        initramfs: boot_range(initramfs),
    };
    Ok(PackedRun {
        resolved,
        config,
        hostname: launch.hostname,
        image_digest: launch.image_digest,
        root,
        artifacts,
        kernel: Kernel {
            name: pack.manifest().release.clone(),
            release: pack.manifest().release.clone(),
            image: path.clone(),
            vmlinuz: path.clone(),
            modules: Vec::new(),
            // Not what the pack says that it is: what has been found out for another kernel is not its.
            digest: format!("sha256:{}", boot_ranges.kernel.sha256),
        },
        boot_ranges,
        pack: PackUse {
            path,
            digest: pack.digest(),
        },
    })
}

fn boot_range(section: &Section) -> BootRange {
    BootRange {
        offset: section.offset,
        length: section.size,
        sha256: match &section.checked {
            Checked::Sha256(hash) => hash.clone(),
            // No hash fits it.
            Checked::Verity { .. } => String::new(),
        },
    }
}

/// The tree of hashes of a disk, for the guest.
fn guest_tree(section: &Section) -> Option<Verity> {
    match &section.checked {
        Checked::Sha256(_) => None,
        Checked::Verity {
            hash_offset,
            root_hash,
            ..
        } => Some(Verity {
            root_hash: root_hash.clone(),
            hash_offset: *hash_offset,
        }),
    }
}

/// The tree of hashes of a disk.
fn tree(section: &Section) -> Option<lazaret_rootfs::Verity> {
    let Checked::Verity {
        data_blocks,
        hash_offset,
        root_hash,
        salt,
        ..
    } = &section.checked
    else {
        return None;
    };
    Some(lazaret_rootfs::Verity {
        root_hash: lazaret_values::unhex_array(root_hash)?,
        salt: lazaret_values::unhex_array(salt)?,
        data_blocks: *data_blocks,
        hash_offset: *hash_offset,
    })
}

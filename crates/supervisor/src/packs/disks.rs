//! The disks of a pack: EROFS, plain or compressed, with a dm-verity tree behind it.

use std::fs::File;
use std::path::Path;

use lazaret_images::ImageStore;
use lazaret_oci::Descriptor;
use lazaret_pack::Checked;
use lazaret_rootfs::{Compression, FileSystem, Options, Summary, append_verity};
use lazaret_values::hex;

use super::source::Subject;
use crate::Error;
use crate::image::convert::Conversion;
use crate::prepare::{artifacts, serial};

/// Version of what is written here; it is part of the input of a pack.
pub(super) const FORMAT: u32 = 1;

/// A finished disk, in a file without a name.
pub(super) struct MadeDisk {
    pub(super) serial: &'static str,
    pub(super) file: File,
    /// With the tree of hashes, in bytes.
    pub(super) size: u64,
    /// The root of the tree; the hash of its superblock is still missing.
    pub(super) checked: Checked,
}

/// Makes the root disk. Blocks.
pub(super) fn root(
    subject: &Subject,
    folder: &Path,
    compression: Option<Compression>,
) -> Result<MadeDisk, Error> {
    let open = |layer: &Descriptor| {
        let file = subject.layers.get(&layer.digest);
        file.cloned().ok_or_else(|| Error::BlobMissing {
            digest: layer.digest.clone(),
        })
    };
    let conversion = Conversion {
        name: &subject.name,
        manifest: &subject.manifest,
        config: &subject.config,
        open: &open,
        inject: &[],
    };
    let options = Options {
        file_system: FileSystem::Erofs,
        label: serial::ROOT.to_owned(),
        compression,
        ..Options::default()
    };
    finished(serial::ROOT, folder, &subject.name, |file| {
        conversion.run(file, options)
    })
}

/// Makes the disk of the artifacts, if there are any. Blocks.
pub(super) fn of_artifacts(
    subject: &Subject,
    store: &ImageStore,
    folder: &Path,
    compression: Option<Compression>,
) -> Result<Option<MadeDisk>, Error> {
    let mounts = &subject.spec.mounts;
    if mounts.is_empty() {
        return Ok(None);
    }
    let options = Options {
        compression,
        ..Options::default()
    };
    let made = finished(serial::ARTIFACTS, folder, "the artifacts", |file| {
        artifacts::write_artifacts(store, mounts, file, options)
    });
    made.map(Some)
}

fn finished(
    serial: &'static str,
    folder: &Path,
    subject: &str,
    write: impl FnOnce(File) -> Result<Summary, Error>,
) -> Result<MadeDisk, Error> {
    let failed = || Error::io("create a file in", folder);
    let file = tempfile::tempfile_in(folder).map_err(failed())?;
    let summary = write(file.try_clone().map_err(failed())?)?;
    let tree = append_verity(&file, summary.size, &summary.uuid);
    let tree = tree.map_err(|source| Error::Convert {
        subject: subject.to_owned(),
        source,
    })?;
    let size = file.metadata().map_err(failed())?.len();
    Ok(MadeDisk {
        serial,
        file,
        size,
        checked: Checked::Verity {
            data_blocks: tree.data_blocks,
            hash_offset: tree.hash_offset,
            root_hash: hex(&tree.root_hash),
            salt: hex(&tree.salt),
            superblock: String::new(),
        },
    })
}

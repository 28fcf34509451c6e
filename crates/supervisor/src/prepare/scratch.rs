//! The scratch disk, to which a machine writes.

use std::path::Path;

use lazaret_rootfs::{Options, empty_disk};

use super::cached::create;
use super::serial;
use crate::Error;

/// Size of the scratch disk, in bytes. It is sparse, so only written blocks take room.
const BYTES: u64 = 16 << 30;

/// Writes an empty scratch disk.
pub(super) fn write(path: &Path) -> Result<(), Error> {
    let options = Options {
        label: serial::SCRATCH.to_owned(),
        ..Options::default()
    };
    let written = empty_disk(create(path)?, BYTES, options);
    written.map(drop).map_err(|source| Error::Convert {
        subject: "the scratch disk".to_owned(),
        source,
    })
}

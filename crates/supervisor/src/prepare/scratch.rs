//! The scratch disk, to which a machine writes.

use std::path::Path;

use lazaret_rootfs::{Options, empty_disk};

use super::cached::create;
use super::serial;
use crate::Error;
use crate::room::{MOST, writable_bytes};

/// Writes an empty scratch disk of so many bytes, or of as many as the host can spare.
pub(super) fn write(path: &Path, wanted: Option<u64>) -> Result<(), Error> {
    let options = Options {
        label: serial::SCRATCH.to_owned(),
        ..Options::default()
    };
    let bytes = wanted.unwrap_or_else(|| writable_bytes(path, MOST));
    let written = empty_disk(create(path)?, bytes, options);
    written.map(drop).map_err(|source| Error::Convert {
        subject: "the scratch disk".to_owned(),
        source,
    })
}

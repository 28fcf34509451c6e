//! Whose packs are opened.

use std::path::{Path, PathBuf};

use lazaret_pack::{Pack, PublicKey};

use crate::Error;

/// Reads the keys of files.
pub(super) fn public_keys(files: &[PathBuf]) -> Result<Vec<PublicKey>, Error> {
    let keys = files.iter().map(|file| PublicKey::read(file));
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Opens a pack; where keys are given, one of them must have signed it.
pub(super) fn open(path: &Path, keys: &[PathBuf]) -> Result<Pack, Error> {
    let keys = public_keys(keys)?;
    let pack = Pack::open(path)?;
    if !keys.is_empty() {
        pack.require(&keys)?;
    }
    Ok(pack)
}

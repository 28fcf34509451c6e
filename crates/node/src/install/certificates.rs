//! The certificates of a mirror's authorities, for engines that take them from a folder `HOST:PORT` alone.

use std::path::Path;

use super::draft::Draft;
use super::error::Error;
use super::wish::Wish;

/// Files `*.crt` in the folder of a host are authorities.
const FILE: &str = "lazaret-mirror.crt";

/// Copies the certificates of the wish, if it has any, below `folder`, which is given as the engine sees it.
pub(super) fn add(wish: &Wish, folder: &Path, draft: &mut Draft) -> Result<(), Error> {
    let Some(given) = wish.mirror.certificates() else {
        return Ok(());
    };
    let source = draft.tree.at(given)?;
    let text = draft.tree.look(&source)?.unwrap_or_default();
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Error::Certificates { path: source });
    }
    let host = wish.mirror.origin().host();
    let target = draft.tree.at(&folder.join(host).join(FILE))?;
    let why = "the engine trusts the mirror's certificate";
    draft.put(target, text, why, None)
}

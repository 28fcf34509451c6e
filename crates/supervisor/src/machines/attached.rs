//! The volumes of a machine: claims them while it runs, and removes those that go with it.

use std::collections::BTreeMap;

use super::record::{Spec, VolumeUse};
use crate::Error;
use crate::volumes::{Claim, Volumes};

/// Claims volumes: to write alone, or to read with others. `holders` names the machines that have
/// one.
///
/// # Errors
/// [`Error::VolumeInUse`], [`Error::VolumeUnclosed`], [`Error::VolumeNotFound`].
pub(crate) fn claim_all(
    volumes: &Volumes,
    uses: &[VolumeUse],
    holders: impl Fn(&str) -> Result<Vec<String>, Error>,
) -> Result<Vec<Claim>, Error> {
    // A volume with several paths is claimed once: to write if it is written to at one of them.
    let mut wanted: BTreeMap<&str, bool> = BTreeMap::new();
    for volume in uses {
        *wanted.entry(&volume.name).or_insert(true) &= volume.read_only;
    }
    let claim = |(name, read_only): (&str, bool)| match volumes.claim(name, read_only)? {
        Some(_) if read_only && volumes.is_unclosed(name)? => Err(Error::VolumeUnclosed {
            name: name.to_owned(),
        }),
        Some(claim) => Ok(claim),
        None => Err(Error::VolumeInUse {
            name: name.to_owned(),
            machines: holders(name)?,
        }),
    };
    wanted.into_iter().map(claim).collect()
}

/// Removes the volumes that were made for a machine, which has gone. One that another machine uses
/// by now stays.
pub(super) fn discard(
    spec: &Spec,
    is_used: impl Fn(&str) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut names: Vec<&str> = spec
        .volumes
        .iter()
        .filter(|volume| volume.anonymous)
        .map(|volume| volume.name.as_str())
        .collect();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let volumes = Volumes::new(&spec.launch.volumes);
    let lock = volumes.lock()?;
    for name in names {
        if is_used(name)? {
            continue;
        }
        match volumes.remove(name, &lock) {
            Ok(true) | Err(Error::VolumeNotFound { .. }) => {}
            Ok(false) => tracing::warn!(name, "a volume in use is not removed"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

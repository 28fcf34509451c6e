//! Referrer entries of a repository. An entry counts only while its manifest is linked, so
//! that it can be written before and removed after the manifest.

use std::fs;
use std::path::{Path, PathBuf};

use lazaret_oci::{Descriptor, Digest};
use serde::{Deserialize, Serialize};

use super::metadata::{digest_path, read_record};
use super::tree::children;
use crate::durable::Staging;
use crate::{Error, Referrer};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: u32,
    descriptor: Descriptor,
}

fn folder(repository: &Path, subject: &Digest) -> PathBuf {
    digest_path(&repository.join("referrers"), subject)
}

fn entry_path(repository: &Path, subject: &Digest, referrer: &Digest) -> PathBuf {
    let name = format!("{}-{}", referrer.algorithm().name(), referrer.hex());
    folder(repository, subject).join(name)
}

pub(super) fn put(
    staging: &Staging,
    repository: &Path,
    digest: &Digest,
    referrer: &Referrer,
) -> Result<(), Error> {
    let entry = Entry {
        version: 1,
        descriptor: referrer.descriptor.clone(),
    };
    let bytes = serde_json::to_vec(&entry).expect("descriptors have string keys only");
    let path = entry_path(repository, &referrer.subject, digest);
    staging.publish_bytes(&path, &bytes)
}

pub(super) fn remove(
    staging: &Staging,
    repository: &Path,
    subject: &Digest,
    digest: &Digest,
) -> Result<(), Error> {
    let path = entry_path(repository, subject, digest);
    staging.durability.remove(&path)?;
    Ok(())
}

pub(super) fn list(repository: &Path, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
    let mut found = Vec::new();
    for path in children(&folder(repository, subject))? {
        let Some(entry) = read_record::<Entry>(&path)? else {
            continue;
        };
        let manifest = digest_path(&repository.join("manifests"), &entry.descriptor.digest);
        if fs::exists(&manifest).unwrap_or(false) {
            found.push(entry.descriptor);
        }
    }
    found.sort_unstable_by(|a, b| a.digest.cmp(&b.digest));
    Ok(found)
}

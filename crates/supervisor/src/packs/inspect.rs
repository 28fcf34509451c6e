//! `pack inspect` and `pack verify`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lazaret_pack::{Checked, Pack, Section, Signature};
use serde::Serialize;
use serde_json::Value;

use super::foreign::{self, ForeignSummary};
use super::ready;
use super::trust::open;
use crate::pack_error::PackError;
use crate::{Error, Home, blocking};

/// What a pack says of itself.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum InspectedPack {
    /// One of Lazaret.
    Own {
        /// The file.
        path: PathBuf,
        /// Always `lazaret`.
        kind: &'static str,
        /// Version of the format.
        version: u32,
        /// Length of the file in bytes.
        size: u64,
        /// Digest of its manifest.
        digest: String,
        /// Digest of everything that it was made of.
        input: String,
        /// The processor that it is for.
        architecture: String,
        /// `uname -r` of its machine.
        release: String,
        /// Digest of its kernel with the modules.
        kernel: String,
        /// The key that signed it.
        key: Option<String>,
        /// Its parts.
        parts: Vec<PackPart>,
        /// Its launch configuration.
        launch: Value,
    },
    /// One of smolvm.
    Foreign(ForeignSummary),
}

/// A part of a pack.
#[derive(Debug, Clone, Serialize)]
pub struct PackPart {
    /// `program`, `kernel`, `initramfs`, `disk` or `launch configuration`.
    pub kind: &'static str,
    /// The serial of a disk.
    pub serial: Option<String>,
    /// Its first byte in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
    /// `sha256:...` of the whole, or `verity:...`, the root of the tree of hashes behind a disk.
    pub check: String,
}

/// A pack of which every byte was compared.
#[derive(Debug, Clone, Serialize)]
pub struct VerifiedPack {
    /// The file.
    pub path: PathBuf,
    /// Digest of its manifest.
    pub digest: String,
    /// Length of the file in bytes.
    pub size: u64,
    /// The key that signed it.
    pub key: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

impl Home {
    /// Compares every byte of a pack with its hashes. One of `keys`, the paths of public keys, must have
    /// signed it, if there are any.
    ///
    /// # Errors
    /// [`PackError`].
    pub async fn verify_pack(&self, path: &Path, keys: &[PathBuf]) -> Result<VerifiedPack, Error> {
        let (path, keys, known) = (path.to_owned(), keys.to_vec(), self.known_packs());
        blocking(move || {
            let started = Instant::now();
            let pack = open_own(&path, &keys)?;
            ready::launch(&pack)?;
            ready::compare(&pack)?;
            known.add(&ready::identity(&pack)?, &pack.digest());
            Ok(VerifiedPack {
                digest: format!("sha256:{}", pack.digest()),
                size: pack.footer().file,
                key: key(&pack),
                seconds: started.elapsed().as_secs_f64(),
                path,
            })
        })
        .await
    }

    /// Reads what a pack says of itself. Its disks are not compared.
    ///
    /// # Errors
    /// [`PackError`].
    pub async fn inspect_pack(
        &self,
        path: &Path,
        keys: &[PathBuf],
    ) -> Result<InspectedPack, Error> {
        let (path, keys) = (path.to_owned(), keys.to_vec());
        blocking(move || {
            if let Some(summary) = foreign::summary(&path)? {
                return Ok(InspectedPack::Foreign(summary));
            }
            let pack = open(&path, &keys)?;
            let launch = ready::launch(&pack)?;
            let manifest = pack.manifest();
            Ok(InspectedPack::Own {
                kind: "lazaret",
                version: manifest.version,
                size: pack.footer().file,
                digest: format!("sha256:{}", pack.digest()),
                input: manifest.input.clone(),
                architecture: manifest.architecture.clone(),
                release: manifest.release.clone(),
                kernel: manifest.kernel.clone(),
                key: key(&pack),
                parts: manifest.sections.iter().map(part).collect(),
                launch: serde_json::to_value(&launch).unwrap_or_default(),
                path,
            })
        })
        .await
    }
}

/// Opens a pack of Lazaret; of one of smolvm it says what it is.
fn open_own(path: &Path, keys: &[PathBuf]) -> Result<Pack, Error> {
    match open(path, keys) {
        Err(Error::Pack(PackError::Format(lazaret_pack::Error::NoPack { .. })))
            if lazaret_pack::ForeignPack::open(path).is_ok_and(|found| found.is_some()) =>
        {
            let path = path.to_owned();
            Err(PackError::Foreign { path }.into())
        }
        opened => opened,
    }
}

fn key(pack: &Pack) -> Option<String> {
    pack.signature()
        .map(Signature::key)
        .map(ToString::to_string)
}

fn part(section: &Section) -> PackPart {
    PackPart {
        kind: section.kind.name(),
        serial: Some(section.serial.clone()).filter(|serial| !serial.is_empty()),
        offset: section.offset,
        size: section.size,
        check: match &section.checked {
            Checked::Sha256(hash) => format!("sha256:{hash}"),
            Checked::Verity { root_hash, .. } => format!("verity:{root_hash}"),
        },
    }
}

//! The packs that were checked on this host, by what their files were then.
//!
//! ```text
//! <cache>/packs/<SHA-256 of the file's identity>     the digest of its manifest
//! ```
//! A record says that every byte of the file with that device, inode, size and times was compared. A write
//! to the file changes its times, another file has another inode. Without a record everything is only slower.

use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use lazaret_vm::FileIdentity;

/// Most records; a host with more packs begins anew.
const MOST: usize = 1000;
/// Length of a record in bytes.
const LENGTH: u64 = 64;

/// The folder of the records.
#[derive(Debug, Clone)]
pub(super) struct Known {
    folder: PathBuf,
}

impl Known {
    pub(super) fn new(cache: &Path) -> Self {
        Self {
            folder: cache.join("packs"),
        }
    }

    /// Whether the whole file was compared, and has the manifest of this digest. Blocks.
    pub(super) fn has(&self, file: &FileIdentity, digest: &str) -> bool {
        let read = lazaret_files::read_regular(&self.place(file), LENGTH);
        read.is_ok_and(|text| text == digest.as_bytes())
    }

    /// Notes that the whole file was compared. Blocks.
    pub(super) fn add(&self, file: &FileIdentity, digest: &str) {
        let place = self.place(file);
        let add = || {
            std::fs::create_dir_all(&self.folder)?;
            let records = lazaret_files::children(&self.folder).map_err(std::io::Error::other)?;
            if records.len() >= MOST {
                for record in records {
                    let _gone_or_in_use = std::fs::remove_file(record);
                }
            }
            lazaret_files::replace(&place, digest.as_bytes(), 0o600).map_err(std::io::Error::other)
        };
        if let Err(error) = add() {
            tracing::debug!(%error, "not noted");
        }
    }

    fn place(&self, file: &FileIdentity) -> PathBuf {
        let text = serde_json::to_vec(file).unwrap_or_default();
        self.folder.join(Digest::of(&text).hex())
    }
}

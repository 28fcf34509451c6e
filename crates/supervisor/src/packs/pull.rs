//! `pack pull`.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_files::NewFile;
use lazaret_oci::{Digest, Manifest, Reference};
use lazaret_pack::{MOST_SECTIONS, Pack};
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;

use super::artifact::{ARTIFACT, CONFIG, FOREIGN, PART};
use super::trust::public_keys;
use super::{create, ready};
use crate::pack_error::PackError;
use crate::{Error, Home, ProgressSink, blocking};

/// A pack that was pulled.
#[derive(Debug, Clone, Serialize)]
pub struct PulledPack {
    /// The file.
    pub path: PathBuf,
    /// Where it came from.
    pub reference: String,
    /// Digest of the manifest in the registry.
    pub digest: Digest,
    /// Length of the file in bytes.
    pub size: u64,
    /// Digest of the pack's manifest; none of a pack of another program.
    pub pack: Option<String>,
}

impl Home {
    /// Pulls a pack into a file. An existing file is replaced once the new one is whole and every byte was
    /// compared; where `keys` are given, the paths of public keys, one of them must have signed it. Packs of
    /// smolvm are pulled as they are.
    ///
    /// # Errors
    /// [`PackError`]; those of the registry. Nothing is at `output` then that was not there before.
    pub async fn pull_pack(
        &self,
        reference: &Reference,
        output: &Path,
        keys: &[PathBuf],
        progress: ProgressSink,
    ) -> Result<PulledPack, Error> {
        let reference = reference.normalized();
        let keys = public_keys(keys)?;
        lazaret_files::check_output(output)?;
        let document = self.client.manifest(&reference).await?;
        let refused = |reason: String| PackError::NoArtifact {
            reference: Box::new(reference.clone()),
            reason,
        };
        let manifest = document.manifest();
        let manifest = manifest.ok_or_else(|| refused("it is an index".to_owned()))?;
        let is_foreign = is_foreign(manifest).map_err(&refused)?;
        let new = NewFile::output(output)?;
        self.fetch_parts(&reference, manifest, new.file()?, output, &progress)
            .await?;
        let (known, output) = (self.known_packs(), output.to_owned());
        let place = output.clone();
        let (size, pack) = blocking(move || {
            let file = new.file()?;
            let size = file
                .metadata()
                .map_err(Error::io("inspect", &output))?
                .len();
            if is_foreign {
                new.publish()?;
                return Ok((size, None));
            }
            let pack = Pack::of_file(new.file()?, &output)?;
            if !keys.is_empty() {
                pack.require(&keys)?;
            }
            ready::compare(&pack)?;
            create::set_executable(&file, &output)?;
            new.publish()?;
            known.add(&ready::identity(&pack)?, &pack.digest());
            Ok((size, Some(format!("sha256:{}", pack.digest()))))
        })
        .await?;
        Ok(PulledPack {
            path: place,
            reference: reference.to_string(),
            digest: document.digest().clone(),
            size,
            pack,
        })
    }

    async fn fetch_parts(
        &self,
        reference: &Reference,
        manifest: &Manifest,
        file: File,
        output: &Path,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let mut file = tokio::fs::File::from_std(file);
        for part in &manifest.layers {
            progress.started(part);
            self.client.blob_to(reference, part, &mut file).await?;
            progress.finished(part);
        }
        let flushed = file.flush().await;
        flushed.map_err(Error::io("write", output))
    }
}

/// Whether a manifest is that of a pack of smolvm; of neither program's, what it is.
fn is_foreign(manifest: &Manifest) -> Result<bool, String> {
    let all = |wanted: &str| {
        manifest
            .layers
            .iter()
            .all(|layer| layer.media_type == wanted)
    };
    let count = manifest.layers.len();
    match manifest.effective_artifact_type() {
        ARTIFACT if manifest.config.media_type != CONFIG || !all(PART) => {
            Err("its parts are of other types".to_owned())
        }
        ARTIFACT if !(2..=MOST_SECTIONS + 1).contains(&count) => {
            Err(format!("it has {count} parts"))
        }
        ARTIFACT => Ok(false),
        FOREIGN if count != 1 || !all(FOREIGN) => Err("it has not one layer".to_owned()),
        FOREIGN => Ok(true),
        other => Err(format!("its type is '{other}'")),
    }
}

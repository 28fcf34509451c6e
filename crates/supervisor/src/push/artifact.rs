//! An artifact file with its content.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_artifacts::{Class, Family};
use lazaret_client::{BlobSource, BytesSource, FileSource};
use lazaret_oci::{
    Descriptor, Digest, EMPTY_CONFIG, Manifest, ManifestDocument, Reference, media_type,
};
use lazaret_rootfs::{PackMode, PackOptions, pack};
use tempfile::NamedTempFile;

use super::Pushed;
use crate::validation::read_config;
use crate::{Error, Home, ProgressSink};

pub(super) async fn push(
    home: &Home,
    path: &Path,
    family: Family,
    reference: &Reference,
    content: Option<PathBuf>,
    progress: ProgressSink,
) -> Result<Pushed, Error> {
    if content.is_some() && family.class() == Class::Runtime {
        return Err(Error::NoContent { family });
    }
    let config = read_config(path, family)?;
    let blob = config.blob();
    let config = Descriptor::of(family.config_media_type(), &blob);
    let mut blobs: Vec<(Descriptor, Arc<dyn BlobSource>)> =
        vec![(config.clone(), Arc::new(BytesSource(blob.into())))];
    // Held until everything is pushed: the file goes with it.
    let mut packed = None;
    let layer = match content {
        Some(content) => {
            let (layer, file) = pack_content(home, content).await?;
            blobs.push((layer.clone(), Arc::new(FileSource(file.path().to_owned()))));
            packed = Some(file);
            layer
        }
        // A manifest has at least one layer (image-spec 1.1, manifest.md).
        None => {
            let empty = Descriptor::empty();
            blobs.push((empty.clone(), Arc::new(BytesSource(EMPTY_CONFIG.into()))));
            empty
        }
    };
    let manifest = ManifestDocument::of_manifest(Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: Some(family.artifact_type().to_owned()),
        config,
        layers: vec![layer],
        subject: None,
        annotations: Default::default(),
    });
    home.client
        .push_blobs(reference, &blobs, None, &progress)
        .await?;
    let pushed = home.client.push_manifest(reference, &manifest).await?;
    let size = blobs.iter().map(|(blob, _)| blob.size).sum::<u64>() + manifest.raw().len() as u64;
    Ok(Pushed {
        kind: family.to_string(),
        reference: reference.to_string(),
        digest: pushed.digest,
        size,
        layers: usize::from(packed.is_some()),
    })
}

/// Packs a file or folder as one layer, the same bytes wherever and by whom it is done.
async fn pack_content(home: &Home, content: PathBuf) -> Result<(Descriptor, NamedTempFile), Error> {
    let folder = home.scratch.path().to_owned();
    let epoch = home.settings.source_date_epoch.unwrap_or(0);
    crate::blocking(move || {
        let file =
            NamedTempFile::new_in(&folder).map_err(Error::io("create a file in", &folder))?;
        let options = PackOptions {
            mode: PackMode::Reproducible,
            epoch: u32::try_from(epoch).unwrap_or(u32::MAX),
        };
        let summary = pack(&content, file.as_file(), options).map_err(|source| Error::Convert {
            subject: format!("'{}'", content.display()),
            source,
        })?;
        let digest = Digest::from_sha256(summary.digest);
        Ok((
            Descriptor::new(media_type::LAYER_GZIP, digest, summary.size),
            file,
        ))
    })
    .await
}

//! Pushes an artifact file with its content.

use std::path::{Path, PathBuf};

use lazaret_artifacts::{Class, Family};
use lazaret_images::{Blob, FileRange, Graph, Made};
use lazaret_oci::{Descriptor, Digest, EMPTY_CONFIG, Manifest, Reference, media_type};
use lazaret_rootfs::{PackMode, PackOptions, pack};

use super::pushed::Pushed;
use crate::validation::read_config;
use crate::{Error, Home, ProgressSink, blocking};

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
    let config = Blob::of_bytes(family.config_media_type(), config.blob());
    let layers = usize::from(content.is_some());
    let layer = match content {
        Some(content) => pack_content(home, content).await?,
        // A manifest has at least one layer (image-spec 1.1, manifest.md).
        None => Blob::of_bytes(media_type::EMPTY, EMPTY_CONFIG),
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: Some(family.artifact_type().to_owned()),
        config: config.descriptor().clone(),
        layers: vec![layer.descriptor().clone()],
        subject: None,
        annotations: Default::default(),
    };
    let made = Made::new(manifest, vec![config, layer]);
    let graph = Graph::of(made.node());
    home.publish(&graph, &made, reference, &progress).await?;
    Ok(Pushed::of(&family.to_string(), &graph, layers, reference))
}

/// Refuses a push without content to a tag whose artifact has some: its files would be lost.
pub(super) async fn check_content(
    home: &Home,
    family: Family,
    reference: &Reference,
) -> Result<(), Error> {
    if family.class() == Class::Runtime || reference.tag.is_none() {
        return Ok(());
    }
    let document = match home.client.manifest(reference).await {
        // Who may not read may still push; then nobody here knows what is there.
        Err(
            lazaret_client::Error::NotFound { .. }
            | lazaret_client::Error::Denied { .. }
            | lazaret_client::Error::Unauthorized { .. },
        ) => return Ok(()),
        document => document?,
    };
    let has_content = document.manifest().is_some_and(|manifest| {
        let mut layers = manifest.layers.iter();
        Family::of_manifest(manifest).is_some()
            && layers.any(|layer| layer.media_type != media_type::EMPTY)
    });
    if has_content {
        let reference = Box::new(reference.clone());
        return Err(Error::LosesContent { reference });
    }
    Ok(())
}

/// Packs a file or folder as one layer. The bytes depend neither on the host nor on the user.
async fn pack_content(home: &Home, content: PathBuf) -> Result<Blob, Error> {
    let folder = home.scratch.path()?.to_owned();
    let epoch = home.settings.source_date_epoch.unwrap_or(0);
    blocking(move || {
        let packed = tempfile::tempfile_in(&folder);
        let packed = packed.map_err(Error::io("create a file in", &folder))?;
        let options = PackOptions {
            mode: PackMode::Reproducible,
            epoch: u32::try_from(epoch).unwrap_or(u32::MAX),
        };
        let summary = pack(&content, &packed, options).map_err(|source| Error::Convert {
            subject: format!("'{}'", content.display()),
            source,
        })?;
        let digest = Digest::from_sha256(summary.digest);
        let layer = Descriptor::new(media_type::LAYER_GZIP, digest, summary.size);
        Ok(Blob::new(layer, FileRange::whole(packed, &content)?))
    })
    .await
}

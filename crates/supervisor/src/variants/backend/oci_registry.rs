//! An OCI registry as a store: a tag for each variant, whose manifest has the file as its layer.
//!
//! ```text
//! <version>-<selector>   artifactType application/vnd.lazaret.kernel.v1, the empty configuration,
//!                        the file (Port's layer type), perhaps the initial RAM disk; titles are paths
//! <version>              the index of all variants (`index`)
//! ```
//! What `oras push` made is read as well: of any artifact type, with any title. Titles never decide a
//! path here.

use async_trait::async_trait;
use lazaret_client::Client;
use lazaret_images::{Blob, Target as _};
use lazaret_oci::{
    Descriptor, EMPTY_CONFIG, Manifest, ManifestDocument, Reference, media_type as oci,
};
use lazaret_values::Printable;
use lazaret_variants::{INITRD, media_type};
use tokio::io::AsyncWriteExt as _;

use super::index::agree;
use super::port::{Backend, Fetched, landing};
use crate::registry_images::RegistryImages;
use crate::variants::item::{Content, Item, Part};
use crate::variants_error::VariantsError;
use crate::{Error, ProgressSink};

/// A registry, which the reference of the artifact names.
pub(in crate::variants) struct OciRegistry {
    pub(in crate::variants) client: Client,
}

#[async_trait]
impl Backend for OciRegistry {
    async fn put(
        &self,
        item: &Item,
        contents: &[Content],
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let reference = item.reference().oci(item.selector)?;
        let target = RegistryImages::new(&self.client, &reference, progress);
        let config = Blob::of_bytes(oci::EMPTY, EMPTY_CONFIG);
        target.put_blob(&config).await?;
        let mut layers = Vec::new();
        for content in contents {
            let kind = match content.part {
                Part::Main => media_type::layer(item.kind()),
                Part::Initrd => media_type::INITRD_LAYER,
            };
            let mut layer = Descriptor::new(kind, content.digest.clone(), content.size);
            let title = (media_type::TITLE.to_owned(), item.title(content.part));
            layer.annotations = [title].into();
            target
                .put_blob(&Blob::new(layer.clone(), content.range.clone()))
                .await?;
            layers.push((content.part != Part::Main, layer));
        }
        // The file itself comes first: Port and tools take the first layer.
        layers.sort_by_key(|(is_further, _)| *is_further);
        let document = ManifestDocument::of_manifest(Manifest {
            schema_version: 2,
            media_type: Some(oci::MANIFEST.to_owned()),
            artifact_type: Some(media_type::artifact(item.kind()).to_owned()),
            config: config.descriptor().clone(),
            layers: layers.into_iter().map(|(_, layer)| layer).collect(),
            subject: None,
            annotations: Default::default(),
        });
        self.client.push_manifest(&reference, &document).await?;
        agree(&self.client, item, progress).await
    }

    async fn get(&self, item: &Item, progress: &ProgressSink) -> Result<Vec<Fetched>, Error> {
        let reference = item.reference().oci(item.selector)?;
        let document = match self.client.manifest(&reference).await {
            Err(lazaret_client::Error::NotFound { .. }) => return Ok(Vec::new()),
            outcome => outcome?,
        };
        let refused = |reason: String| VariantsError::Manifest {
            reference: reference.to_string(),
            kind: item.kind().as_str(),
            reason,
        };
        let manifest = document.manifest();
        let manifest = manifest.ok_or_else(|| refused("it is an index".to_owned()))?;
        let (main, initrd) = layers(item, manifest).map_err(refused)?;
        let mut fetched = Vec::new();
        let parts = [(Part::Initrd, initrd), (Part::Main, Some(main))];
        for (part, layer) in parts {
            if let Some(layer) = layer.filter(|_| item.parts().contains(&part)) {
                fetched.push(self.fetch(item, part, &reference, layer, progress).await?);
            }
        }
        Ok(fetched)
    }
}

impl OciRegistry {
    async fn fetch(
        &self,
        item: &Item,
        part: Part,
        reference: &Reference,
        layer: &Descriptor,
        progress: &ProgressSink,
    ) -> Result<Fetched, Error> {
        use futures_util::TryStreamExt as _;
        let new = landing(item, part).await?;
        let mut file = tokio::fs::File::from_std(new.file()?);
        progress.started(layer);
        let mut blob = self.client.blob(reference, layer).await?;
        while let Some(piece) = blob.try_next().await? {
            let written = file.write_all(&piece).await;
            written.map_err(Error::io("write", new.path()))?;
            progress.advanced(layer, piece.len() as u64);
        }
        let flushed = file.flush().await;
        flushed.map_err(Error::io("write", new.path()))?;
        progress.finished(layer);
        Fetched::new(part, new, layer.digest.clone())
    }
}

/// The layers of the file and of its initial RAM disk.
fn layers<'a>(
    item: &Item,
    manifest: &'a Manifest,
) -> Result<(&'a Descriptor, Option<&'a Descriptor>), String> {
    let is_initrd = |layer: &&Descriptor| {
        layer.media_type == media_type::INITRD_LAYER
            || (name_of(layer) == Some(INITRD) && item.filename(Part::Main) != INITRD)
    };
    let initrd = manifest.layers.iter().find(is_initrd);
    let others: Vec<_> = manifest
        .layers
        .iter()
        .filter(|layer| !is_initrd(layer))
        .collect();
    let own: Vec<_> = others
        .iter()
        .filter(|layer| layer.media_type == media_type::layer(item.kind()))
        .collect();
    let named = || {
        let is_named = |layer: &&&Descriptor| name_of(layer) == Some(item.filename(Part::Main));
        others.iter().find(is_named)
    };
    let main = match (&own[..], &others[..]) {
        ([one], _) => one,
        (_, [one]) => one,
        _ => named().ok_or_else(|| {
            let kinds: Vec<String> = manifest
                .layers
                .iter()
                .map(|layer| Printable::excerpt(&layer.media_type))
                .collect();
            format!("none of its layers is the file ({})", kinds.join(", "))
        })?,
    };
    Ok((main, initrd))
}

/// The last part of a layer's title.
fn name_of(layer: &Descriptor) -> Option<&str> {
    let title = layer.annotations.get(media_type::TITLE)?;
    title.rsplit('/').next()
}

#[cfg(test)]
mod tests;

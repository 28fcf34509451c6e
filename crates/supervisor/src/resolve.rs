//! The artifact source of `run`: asks registries, and for images the store.

use lazaret_artifacts::{
    ArtifactSource, Family, Fetched, FetchedKind, MAX_CONFIG_BYTES, parse_blob,
};
use lazaret_client::Client;
use lazaret_oci::{Digest, Manifest, ManifestContent, ManifestDocument, Reference, media_type};

use crate::Error;

/// Fetches manifests and configurations through the client.
pub(crate) struct RegistrySource<'a> {
    pub(crate) client: &'a Client,
    /// An image of the store with the digest of its manifest, for which no registry is asked.
    pub(crate) cached: Option<(&'a Reference, &'a Digest)>,
}

impl ArtifactSource for RegistrySource<'_> {
    type Error = Error;

    async fn fetch(&self, reference: &Reference) -> Result<Fetched, Error> {
        if let Some((name, digest)) = self.cached
            && name == reference
        {
            // A pinned digest was compared when the image was pulled.
            let digest = reference.digest.as_ref().unwrap_or(digest).clone();
            return Ok(Fetched {
                digest,
                kind: FetchedKind::Image,
            });
        }
        let document = self.client.manifest(reference).await?;
        let kind = match document.content() {
            ManifestContent::Index(_) => FetchedKind::Image,
            ManifestContent::Manifest(manifest) => {
                kind(self.client, reference, &document, manifest).await?
            }
        };
        // The client has verified a pinned digest of another algorithm than SHA-256.
        Ok(Fetched {
            digest: document.digest().clone(),
            kind,
        })
    }
}

async fn kind(
    client: &Client,
    reference: &Reference,
    document: &ManifestDocument,
    manifest: &Manifest,
) -> Result<FetchedKind, Error> {
    if let Some(family) = Family::of_manifest(manifest) {
        let blob = read_config(client, reference, document, manifest).await?;
        let config = parse_blob(&blob)?;
        return Ok(FetchedKind::Artifact {
            family,
            config,
            layers: manifest.layers.clone(),
        });
    }
    if media_type::is_image_config(&manifest.config.media_type) {
        return Ok(FetchedKind::Image);
    }
    Ok(FetchedKind::Unknown {
        artifact_type: manifest.effective_artifact_type().to_owned(),
    })
}

/// Reads the configuration blob of a typed artifact.
pub(crate) async fn read_config(
    client: &Client,
    reference: &Reference,
    document: &ManifestDocument,
    manifest: &Manifest,
) -> Result<Vec<u8>, Error> {
    if manifest.config.size > MAX_CONFIG_BYTES as u64 {
        return Err(Error::ConfigTooLarge {
            reference: Box::new(reference.pinned(document.digest().clone())),
            bytes: manifest.config.size,
        });
    }
    Ok(client
        .blob_bytes(reference, &manifest.config, MAX_CONFIG_BYTES as u64)
        .await?)
}

impl From<lazaret_artifacts::ResolveError<Error>> for Error {
    fn from(error: lazaret_artifacts::ResolveError<Error>) -> Self {
        match error {
            lazaret_artifacts::ResolveError::Fetch { reference, source } => Self::Fetch {
                reference: Box::new(reference),
                source: Box::new(source),
            },
            lazaret_artifacts::ResolveError::Artifact(error) => error.into(),
        }
    }
}

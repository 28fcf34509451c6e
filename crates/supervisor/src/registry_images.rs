//! A repository of a registry as a source and target of images: the adapter between the ports of
//! `images` and the verbs of `client`.
//!
//! The client verifies blobs that are pulled, the registry those that are pushed. Progress is
//! reported here, because only here bytes go over the network.

mod incoming;
mod outgoing;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lazaret_client::{Client, PushBlob};
use lazaret_images::{Blob, Error, Source, Target, Wanted};
use lazaret_oci::{Descriptor, Digest, ManifestDocument, Reference};

use crate::ProgressSink;
use crate::origins::Origins;
use incoming::Incoming;
use outgoing::Outgoing;

/// The repository of a reference. The reference's tag or digest is the image that it was opened
/// for.
#[derive(Clone)]
pub(crate) struct RegistryImages {
    client: Client,
    reference: Reference,
    progress: ProgressSink,
    /// Roots that were found, so that no root is asked for twice.
    roots: Arc<Mutex<HashMap<Digest, ManifestDocument>>>,
    /// Where blobs that are pushed may be mounted from.
    origins: Option<Origins>,
}

impl RegistryImages {
    /// The repository of `reference`. No request is sent yet.
    pub(crate) fn new(client: &Client, reference: &Reference, progress: &ProgressSink) -> Self {
        Self {
            client: client.clone(),
            reference: reference.clone(),
            progress: Arc::clone(progress),
            roots: Arc::default(),
            origins: None,
        }
    }

    /// The same, but blobs that another repository of the registry has are mounted from there.
    pub(crate) fn mounting(self, origins: &Origins) -> Self {
        Self {
            origins: Some(origins.clone()),
            ..self
        }
    }

    /// A reference to one manifest of the repository.
    fn pinned(&self, digest: &Digest) -> Reference {
        Reference {
            tag: None,
            ..self.reference.pinned(digest.clone())
        }
    }

    /// The reference that names the wanted manifest.
    fn named(&self, name: Option<&str>) -> Result<Reference, Error> {
        Ok(match name {
            None => self.reference.clone(),
            Some(name) => Reference {
                tag: Some(name.parse()?),
                digest: None,
                ..self.reference.clone()
            },
        })
    }
}

#[async_trait]
impl Source for RegistryImages {
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let reference = match wanted {
            Wanted::Only => self.named(None)?,
            Wanted::Name(name) => self.named(Some(name))?,
            Wanted::Digest(digest) => self.pinned(digest),
            Wanted::Index(index) => {
                return Err(Error::ImageMissing {
                    name: format!("@{index}"),
                });
            }
        };
        let document = self.client.manifest(&reference).await.map_err(failed)?;
        let digest = reference.digest.unwrap_or(document.digest().clone());
        let descriptor = Descriptor {
            digest: digest.clone(),
            ..document.descriptor()
        };
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        roots.insert(digest, document);
        Ok(descriptor)
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let digest = &descriptor.digest;
        let known = {
            let roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
            roots.get(digest).cloned()
        };
        match known {
            Some(document) => Ok(document),
            None => {
                let reference = self.pinned(digest);
                self.client.manifest(&reference).await.map_err(failed)
            }
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let content = Incoming {
            client: self.client.clone(),
            reference: self.reference.clone(),
            descriptor: descriptor.clone(),
            progress: Arc::clone(&self.progress),
        };
        Ok(Blob::new(descriptor.clone(), content))
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let list = self.client.referrers(&self.reference, subject, None);
        list.await.map_err(failed)
    }
}

#[async_trait]
impl Target for RegistryImages {
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error> {
        let look = self.client.blob_exists(&self.reference, &blob.digest);
        look.await.map_err(failed)
    }

    async fn put_blob(&self, blob: &Blob) -> Result<(), Error> {
        let descriptor = blob.descriptor();
        self.progress.started(descriptor);
        let (reporter, about) = (Arc::clone(&self.progress), descriptor.clone());
        let (origins, digest) = (self.origins.as_ref(), &descriptor.digest);
        let wishes = PushBlob {
            mount_from: origins.and_then(|origins| origins.beside(&self.reference, digest)),
            advanced: Some(Arc::new(move |bytes| reporter.advanced(&about, bytes))),
        };
        let content = Outgoing::new(blob.clone());
        let push = self
            .client
            .push_blob(&self.reference, descriptor, &content, &wishes);
        push.await.map_err(failed)?;
        self.progress.finished(descriptor);
        Ok(())
    }

    async fn put_manifest(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let reference = self.pinned(digest);
        let push = self.client.push_manifest(&reference, document);
        push.await.map(drop).map_err(failed)
    }

    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let reference = self.named(name)?;
        let push = self.client.push_known(&reference, digest, document);
        push.await.map(drop).map_err(failed)
    }
}

/// Wraps an error of the client in one of the ports; `crate::Error` unwraps it again.
fn failed(error: lazaret_client::Error) -> Error {
    Error::Elsewhere(Box::new(error))
}

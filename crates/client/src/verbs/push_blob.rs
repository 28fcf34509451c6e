//! Pushes a blob to a repository: `HEAD` first, then the uploads of [`crate::push`].

use lazaret_oci::{Descriptor, Reference};

use crate::auth::Scopes;
use crate::call::Call;
use crate::push::{BlobSource, PushBlob, Pushed};
use crate::{Client, Error, hub};

impl Client {
    /// Pushes a blob to the repository of `reference`, unless it exists there.
    ///
    /// The source may be read again from its start when a connection breaks. The registry verifies
    /// the digest.
    ///
    /// # Errors
    /// [`Error::Local`] when the source fails or is shorter than the descriptor's size.
    pub async fn push_blob(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        source: &dyn BlobSource,
        wishes: &PushBlob,
    ) -> Result<Pushed, Error> {
        let mut call = Call::on(
            reference,
            format!("push blob {} to {}", blob.digest, reference.base()),
        );
        let api_name = |repository| hub::api_name(&reference.registry, repository);
        call.scopes = Scopes::push(&api_name(&reference.repository));
        if self.has_blob(&call, reference, &blob.digest).await? {
            return Ok(Pushed::Present);
        }
        let mount = wishes.mount_from.as_ref().map(api_name);
        self.upload(&call, blob, source, wishes, mount.as_ref())
            .await
    }
}

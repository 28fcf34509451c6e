//! Copies anything to a registry; every push goes this way.

use lazaret_images::{Graph, Source, copy};
use lazaret_oci::Reference;

use crate::registry_images::RegistryImages;
use crate::{Error, Home, ProgressSink};

impl Home {
    /// Copies an image, index or artifact to a registry: blobs first, the root last, under the tag
    /// or digest of `reference`.
    pub(crate) async fn publish(
        &self,
        graph: &Graph,
        from: &dyn Source,
        reference: &Reference,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let to = RegistryImages::new(&self.client, reference, progress).mounting(&self.origins);
        let parallel = self.client.options().parallel;
        copy(graph, from, &to, None, parallel).await?;
        for blob in graph.blobs() {
            self.origins.remember(reference, &blob.digest);
        }
        Ok(())
    }
}

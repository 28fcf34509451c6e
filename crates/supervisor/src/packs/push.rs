//! `pack push`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use lazaret_images::{Blob, FileRange, Graph, Made};
use lazaret_oci::{Descriptor, Manifest, Reference, media_type};
use lazaret_pack::Pack;

use super::artifact::{ARTIFACT, CONFIG, PART, TITLE};
use super::ready;
use super::trust::open;
use crate::hash::copy_hashed;
use crate::push::Pushed;
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Pushes a pack, which is compared with its hashes before.
    ///
    /// # Errors
    /// [`PackError`](crate::PackError); those of the registry.
    pub async fn push_pack(
        &self,
        path: &Path,
        reference: &Reference,
        progress: ProgressSink,
    ) -> Result<Pushed, Error> {
        let reference = reference.normalized();
        let (path, known) = (path.to_owned(), self.known_packs());
        let (blobs, title) = blocking(move || {
            let pack = open(&path, &[])?;
            let file = ready::identity(&pack)?;
            if !known.has(&file, &pack.digest()) {
                ready::compare(&pack)?;
            }
            let title = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((blobs(&pack)?, title.into_owned()))
        })
        .await?;
        let layers = blobs.iter().skip(1).map(|blob| blob.descriptor().clone());
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: Some(ARTIFACT.to_owned()),
            config: blobs[0].descriptor().clone(),
            layers: layers.collect(),
            subject: None,
            annotations: [(TITLE.to_owned(), title)].into(),
        };
        let count = manifest.layers.len();
        let made = Made::new(manifest, blobs);
        let graph = Graph::of(made.node());
        self.publish(&graph, &made, &reference, &progress).await?;
        Ok(Pushed::of("pack", &graph, count, &reference))
    }
}

/// The manifest, and the pieces of the file.
fn blobs(pack: &Pack) -> Result<Vec<Blob>, Error> {
    let path = pack.path();
    let file = pack.file().try_clone().map_err(Error::io("open", path))?;
    let file = Arc::new(file);
    let begins = pack
        .manifest()
        .sections
        .iter()
        .map(|section| section.offset);
    let begins: Vec<u64> = begins.chain([pack.footer().manifest]).collect();
    let ends = begins.iter().skip(1).copied().chain([pack.footer().file]);
    let mut blobs = vec![Blob::of_bytes(CONFIG, pack.manifest().encode())];
    for (begin, end) in begins.iter().copied().zip(ends) {
        let name = path.display().to_string();
        let range = FileRange::part(file.clone(), name, begin, end - begin);
        let hashed = copy_hashed(&mut range.reader(), &mut io::sink());
        let (digest, size) = hashed.map_err(Error::io("read", path))?;
        blobs.push(Blob::new(Descriptor::new(PART, digest, size), range));
    }
    Ok(blobs)
}

//! OCI image layouts (image-spec 1.1, image-layout.md): an index and blobs named by digest.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lazaret_oci::{
    Descriptor, Digest, Index, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument,
};

use crate::Error;

/// The annotation that names an entry of `index.json`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A place with blobs: a layout folder, or the image store.
pub(crate) trait Blobs {
    /// The file that holds a blob.
    fn path(&self, digest: &Digest) -> Result<PathBuf, Error>;

    /// A small document, verified.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let path = self.path(&descriptor.digest)?;
        let bytes = read_bounded(&path, MAX_MANIFEST_BYTES)?;
        let actual = Digest::with(descriptor.digest.algorithm(), &bytes);
        if actual != descriptor.digest {
            return Err(Error::DigestMismatch {
                expected: descriptor.digest.clone(),
                actual,
                subject: path.display().to_string(),
            });
        }
        Ok(bytes)
    }

    /// A manifest or index, verified.
    fn document(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        Ok(ManifestDocument::parse(
            self.read(descriptor)?,
            Some(&descriptor.media_type),
        )?)
    }
}

/// A layout in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Whether `folder` is a layout.
    pub(crate) fn is_at(folder: &Path) -> bool {
        folder.join("index.json").is_file() && folder.join("oci-layout").is_file()
    }

    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The entry that `tag` names, or the only one.
    pub(crate) fn entry(&self, tag: Option<&str>) -> Result<Descriptor, Error> {
        let path = self.folder.join("index.json");
        let index = read_bounded(&path, MAX_MANIFEST_BYTES)?;
        choose(&index, tag, &self.folder)
    }
}

impl Blobs for Layout {
    /// Only a regular file is a blob: a link could lead to any file of this machine.
    fn path(&self, digest: &Digest) -> Result<PathBuf, Error> {
        let path = self
            .folder
            .join("blobs")
            .join(digest.algorithm().name())
            .join(digest.hex());
        let reason = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => return Ok(path),
            Ok(_) => format!("blob {digest} is not a regular file"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("blob {digest} is missing")
            }
            Err(source) => return Err(Error::io("inspect", &path)(source)),
        };
        Err(Error::Source {
            path: self.folder.clone(),
            reason,
        })
    }
}

/// The entry of an `index.json` that `tag` names, or the only one.
pub(crate) fn choose(index: &[u8], tag: Option<&str>, place: &Path) -> Result<Descriptor, Error> {
    let fail = |reason: String| Error::Source {
        path: place.to_owned(),
        reason,
    };
    let index: Index = serde_json::from_slice(index)
        .map_err(|error| fail(format!("index.json is not an image index: {error}")))?;
    let name = |entry: &Descriptor| entry.annotations.get(REF_NAME).cloned();
    let names: Vec<String> = index.manifests.iter().filter_map(name).collect();
    let mut matching: Vec<&Descriptor> = index
        .manifests
        .iter()
        .filter(|entry| match (tag, name(entry)) {
            (None, _) => true,
            // Docker writes whole references where others write tags.
            (Some(tag), Some(name)) => name == tag || name.ends_with(&format!(":{tag}")),
            (Some(_), None) => false,
        })
        .collect();
    matching.dedup_by(|a, b| a.digest == b.digest);
    match (&matching[..], tag) {
        ([entry], _) => Ok((*entry).clone()),
        ([], Some(tag)) => Err(fail(format!(
            "no image is tagged '{tag}'; there are: {}",
            names.join(", ")
        ))),
        ([], None) => Err(fail("it holds no image".to_owned())),
        (_, _) => Err(fail(format!(
            "it holds {} images; name one as LAYOUT:TAG, of: {}",
            matching.len(),
            names.join(", ")
        ))),
    }
}

/// Every document that `descriptor` leads to, children before parents, and the blobs that
/// the manifests among them need.
pub(crate) fn closure(
    blobs: &dyn Blobs,
    descriptor: &Descriptor,
) -> Result<(Vec<ManifestDocument>, Vec<Descriptor>), Error> {
    /// Indexes in indexes are rare; a cycle is impossible in honest content.
    const DEEPEST: usize = 4;
    fn visit(
        blobs: &dyn Blobs,
        descriptor: &Descriptor,
        depth: usize,
        documents: &mut Vec<ManifestDocument>,
        needed: &mut Vec<Descriptor>,
    ) -> Result<(), Error> {
        let document = blobs.document(descriptor)?;
        match document.content() {
            ManifestContent::Manifest(manifest) => needed.extend(manifest.blobs().cloned()),
            ManifestContent::Index(_) if depth == DEEPEST => {
                return Err(lazaret_oci::Error::Manifest {
                    reason: format!("indexes are nested more than {DEEPEST} deep"),
                }
                .into());
            }
            ManifestContent::Index(index) => {
                for entry in &index.manifests {
                    visit(blobs, entry, depth + 1, documents, needed)?;
                }
            }
        }
        if !documents
            .iter()
            .any(|known| known.digest() == document.digest())
        {
            documents.push(document);
        }
        Ok(())
    }
    let (mut documents, mut needed) = (Vec::new(), Vec::new());
    visit(blobs, descriptor, 0, &mut documents, &mut needed)?;
    Ok((documents, needed))
}

/// A regular file of at most `limit` bytes; symbolic links at its end are not followed.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = File::options()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    if bytes.len() > limit {
        return Err(Error::Source {
            path: path.to_owned(),
            reason: format!("it is larger than {limit} bytes"),
        });
    }
    Ok(bytes)
}

//! Writes images to a layout in a tar.
//!
//! ```text
//! open --put_blob, put_manifest, put_root--> open --finish--> finished: the file is there
//!   \-- a blob that is refused is cut off again      \-- dropped without it: no file
//! ```

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lazaret_files::{NewFile, blocking};
use lazaret_oci::{Descriptor, Digest, ManifestContent, ManifestDocument, Platform};
use tar::{Builder, Header};

use super::docker_list::DockerList;
use super::index_file::IndexFile;
use super::names::{INDEX, MARK, VERSION, blob as blob_name};
use crate::checked::Checked;
use crate::document::{known_as, referrer};
use crate::error::{Error, io as failed, unusable};
use crate::feed::feed;
use crate::{Blob, Target};

/// The programs that are to read a tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TarKind {
    /// Programs that read OCI layouts.
    Oci,
    /// Programs that read OCI layouts, and `docker load`.
    Docker,
}

/// A layout in a tar, as a target of images. The same images in the same order give the same
/// bytes.
#[derive(Clone)]
pub struct LayoutTar {
    path: Arc<Path>,
    open: Arc<Mutex<Option<Open>>>,
}

/// The state of a tar that is not finished yet.
struct Open {
    path: PathBuf,
    new: NewFile,
    tar: Builder<BufWriter<File>>,
    written: HashSet<Digest>,
    manifests: HashMap<Digest, ManifestDocument>,
    index: IndexFile,
    docker: Option<DockerList>,
}

impl LayoutTar {
    /// Begins a tar that will become the file `path`, whose folder must exist. An existing file is
    /// replaced at the end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: &Path, kind: TarKind) -> Result<Self, Error> {
        let new = NewFile::create(path, 0o644)?;
        let file = BufWriter::with_capacity(256 * 1024, new.file()?);
        let open = Open {
            path: path.to_owned(),
            new,
            tar: Builder::new(file),
            written: HashSet::new(),
            manifests: HashMap::new(),
            index: IndexFile::new(),
            docker: (kind == TarKind::Docker).then(DockerList::default),
        };
        Ok(Self {
            path: path.into(),
            open: Arc::new(Mutex::new(Some(open))),
        })
    }

    /// Runs a step on the unfinished tar. Calls wait for each other.
    fn with<T>(&self, act: impl FnOnce(&mut Open) -> Result<T, Error>) -> Result<T, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *open {
            Some(open) => act(open),
            None => Err(unusable(&self.path, "it is finished")),
        }
    }

    fn end(&self) -> Result<(), Error> {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match open {
            Some(open) => open.end(),
            None => Err(unusable(&self.path, "it is finished")),
        }
    }
}

impl Open {
    /// Appends a blob, unless the tar has it.
    fn put(
        &mut self,
        content: &mut dyn Read,
        descriptor: &Descriptor,
        subject: &str,
    ) -> Result<(), Error> {
        if self.written.contains(&descriptor.digest) {
            return Ok(());
        }
        let start = self.position()?;
        let name = blob_name(&descriptor.digest);
        let mut content = Checked::new(content, descriptor, subject);
        let appended = self.append(&name, descriptor.size, &mut content);
        let outcome = appended.and_then(|()| content.finish());
        if outcome.is_err() {
            self.cut(start)?;
            return outcome;
        }
        self.written.insert(descriptor.digest.clone());
        Ok(())
    }

    fn put_document(&mut self, digest: &Digest, document: &ManifestDocument) -> Result<(), Error> {
        let descriptor = known_as(document, digest);
        let subject = format!("manifest {digest}");
        self.put(&mut document.raw(), &descriptor, &subject)?;
        self.manifests.insert(digest.clone(), document.clone());
        Ok(())
    }

    fn put_root(&mut self, digest: &Digest, document: &ManifestDocument, name: Option<&str>) {
        self.index.add(known_as(document, digest), name);
        let image = match document.content() {
            ManifestContent::Manifest(manifest) => Some(manifest),
            // Docker's list cannot hold indexes.
            ManifestContent::Index(index) => index
                .select(&Platform::native())
                .and_then(|entry| self.manifests.get(&entry.digest))
                .and_then(ManifestDocument::manifest),
        };
        if let (Some(docker), Some(image)) = (&mut self.docker, image) {
            docker.add(image, name);
        }
    }

    fn append(&mut self, name: &str, size: u64, content: &mut dyn Read) -> Result<(), Error> {
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        let appended = self.tar.append_data(&mut header, name, content);
        appended.map_err(failed("write", &self.path))
    }

    fn position(&mut self) -> Result<u64, Error> {
        let position = self.tar.get_mut().stream_position();
        position.map_err(failed("write", &self.path))
    }

    /// Cuts off everything from offset `start` on, in bytes.
    fn cut(&mut self, start: u64) -> Result<(), Error> {
        let file = self.tar.get_mut();
        let cut = file.flush().and_then(|()| {
            file.get_ref().set_len(start)?;
            file.seek(io::SeekFrom::Start(start))
        });
        cut.map(drop).map_err(failed("write", &self.path))
    }

    fn end(mut self) -> Result<(), Error> {
        let docker = self.docker.take().map(DockerList::bytes);
        let index = self.index.bytes();
        let mut last = vec![(INDEX, &index[..]), (MARK, VERSION)];
        last.extend(docker.as_deref().map(|list| ("manifest.json", list)));
        for (name, mut bytes) in last {
            self.append(name, bytes.len() as u64, &mut bytes)?;
        }
        let written = self.tar.into_inner().and_then(|mut file| file.flush());
        written.map_err(failed("write", &self.path))?;
        Ok(self.new.publish()?)
    }
}

#[async_trait]
impl Target for LayoutTar {
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error> {
        let (this, digest) = (self.clone(), blob.digest.clone());
        blocking(move || this.with(|open| Ok(open.written.contains(&digest)))).await
    }

    async fn put_blob(&self, blob: &Blob) -> Result<(), Error> {
        let (this, subject) = (self.clone(), blob.subject());
        let descriptor = blob.descriptor().clone();
        feed(blob, move |content| {
            this.with(|open| open.put(content, &descriptor, &subject))
        })
        .await
    }

    async fn put_manifest(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let (this, digest, document) = (self.clone(), digest.clone(), document.clone());
        let put = move |open: &mut Open| {
            open.put_document(&digest, &document)?;
            if document.subject().is_some() {
                open.index.add(referrer(&document, &digest), None);
            }
            Ok(())
        };
        blocking(move || this.with(put)).await
    }

    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let (this, digest, document) = (self.clone(), digest.clone(), document.clone());
        let name = name.map(str::to_owned);
        let put = move |open: &mut Open| {
            open.put_document(&digest, &document)?;
            open.put_root(&digest, &document, name.as_deref());
            Ok(())
        };
        blocking(move || this.with(put)).await
    }

    async fn finish(&self) -> Result<(), Error> {
        let this = self.clone();
        blocking(move || this.end()).await
    }
}

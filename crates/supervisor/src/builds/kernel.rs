//! A kernel in the form that the hypervisor of its lane boots.

use std::path::Path;

use lazaret_variants::{Artifact, Selector};
use lazaret_vm::kernel::{BootFile, Source, Store};

use super::lane::{self, BuildSettings};
use super::origin::Asked;
use crate::build_error::BuildError;
use crate::kernel::{is_package, modules};
use crate::{Error, Home, ProgressSink, blocking};

/// Name of the kernel in a store of its own, which is only unpacked there.
const UNPACKED: &str = "kernel";

/// A kernel, ready to be put in its place.
pub(super) struct Ready {
    pub(super) content: Vec<u8>,
    /// The archive of its modules, if it came with some.
    pub(super) modules: Option<Vec<u8>>,
    pub(super) release: Option<String>,
    /// Its source, in words.
    pub(super) origin: String,
}

impl Home {
    /// Makes the kernel of a lane from its source.
    pub(super) async fn make_kernel(
        &self,
        artifact: &Artifact,
        selector: Selector,
        settings: &BuildSettings,
        asked: Asked,
        progress: &ProgressSink,
    ) -> Result<Ready, Error> {
        let source = lane::source(artifact, selector, settings)?;
        let raw = self.raw_kernel(&source, asked, progress).await?;
        let place = self.scratch.path()?.to_owned();
        blocking(move || ready(&raw.file, raw.origin, selector, &place)).await
    }
}

fn ready(file: &Path, origin: String, selector: Selector, place: &Path) -> Result<Ready, Error> {
    let entry = lane::entry(selector.substrate);
    let (boot, modules) = if is_package(file)? {
        let folder = tempfile::tempdir_in(place).map_err(Error::io("create a folder in", place))?;
        let store = Store::new(folder.path());
        let kernel = store.add(&Source::Package(file.to_owned()), Some(UNPACKED))?;
        let modules = match kernel.modules.is_empty() {
            true => None,
            false => Some(archive(&kernel, place)?),
        };
        (BootFile::read(&kernel.image, entry)?, modules)
    } else {
        (BootFile::read(file, entry)?, None)
    };
    let refused = |reason: String| BuildError::Kernel {
        origin: origin.clone(),
        selector: selector.to_string(),
        reason,
    };
    if boot.architecture != selector.architecture.to_string() {
        return Err(Error::Build(refused(format!(
            "it is for {}",
            boot.architecture
        ))));
    }
    if let Some(reason) = lane::refuses(selector.substrate, boot.form) {
        return Err(Error::Build(refused(reason.to_owned())));
    }
    Ok(Ready {
        content: boot.content,
        modules,
        release: boot.release,
        origin,
    })
}

fn archive(kernel: &lazaret_vm::kernel::Kernel, place: &Path) -> Result<Vec<u8>, Error> {
    use std::io::{Read as _, Seek as _};
    let file = tempfile::tempfile_in(place).map_err(Error::io("create a file in", place))?;
    modules::pack(kernel, &file)?;
    let mut bytes = Vec::new();
    let read = (&file)
        .rewind()
        .and_then(|()| (&file).read_to_end(&mut bytes));
    read.map_err(Error::io("read the archive in", place))?;
    Ok(bytes)
}

//! Finds what is built or pulled of a document, for machines.

use std::path::PathBuf;

use lazaret_oci::Digest;
use lazaret_variants::{Artifact, Document, Selector, StorePath};
use lazaret_vm::kernel::{Kernel, Source, Store};
use tempfile::TempDir;

use super::build::digest_of;
use super::{lane, place};
use crate::build_error::BuildError;
use crate::kernel::modules;
use crate::{Error, Home, blocking};

/// Digits of a digest in the name of a kernel.
const DIGITS: usize = 12;

impl Home {
    /// The kernel of a document, ready to boot. It gets a place beside the user's own kernels, under a
    /// name that says what is in it.
    pub(crate) async fn named_kernel(
        &self,
        document: &Document,
        name: &str,
        selector: Selector,
    ) -> Result<Kernel, Error> {
        let missing = || {
            let names = document.kernels.keys().map(String::as_str);
            BuildError::Variant(lazaret_variants::Error::NoArtifact {
                name: lazaret_values::Printable::excerpt(name),
                nearest: lazaret_values::nearest(name, names).map(str::to_owned),
            })
        };
        let artifact = document.kernels.get(name).ok_or_else(missing)?;
        let path = variant_file(artifact, selector)?;
        let (store, place) = (self.variant_kernels(), self.scratch.path()?.to_owned());
        let label = plain(name);
        blocking(move || {
            let beside = place::modules_of(&path);
            let has_modules = beside.is_file();
            let mut whole = digest_of(&path)?.to_string();
            if has_modules {
                whole += &digest_of(&beside)?.to_string();
            }
            let digest = Digest::of(whole.as_bytes());
            let known = format!("{label}-{}", &digest.hex()[..DIGITS]);
            if let Ok(kernel) = store.get(&known) {
                return Ok(kernel);
            }
            let folder =
                TempDir::new_in(&place).map_err(Error::io("create a folder in", &place))?;
            let unpacked = folder.path().join("modules");
            let count = match has_modules {
                true => modules::unpack(&beside, &unpacked)?,
                false => 0,
            };
            let source = Source::Files {
                image: path,
                modules: (count > 0).then_some(unpacked),
            };
            Ok(store.add(&source, Some(&known))?)
        })
        .await
    }

    /// The disk of a guest image.
    pub(crate) fn named_guest_image(
        &self,
        document: &Document,
        name: &str,
        selector: Selector,
    ) -> Result<(PathBuf, String), Error> {
        let missing = || {
            let names = document.guest_images.keys().map(String::as_str);
            BuildError::Variant(lazaret_variants::Error::NoArtifact {
                name: lazaret_values::Printable::excerpt(name),
                nearest: lazaret_values::nearest(name, names).map(str::to_owned),
            })
        };
        let artifact = document.guest_images.get(name).ok_or_else(missing)?;
        Ok((
            variant_file(artifact, selector)?,
            artifact.reference.version().to_owned(),
        ))
    }

    /// The kernel of this name: one of the user's own, or one of a document.
    pub(crate) fn any_kernel(&self, name: &str) -> Result<Kernel, Error> {
        match self.kernels.get(name) {
            Err(error @ lazaret_vm::Error::KernelNotFound { .. }) => {
                self.variant_kernels().get(name).map_err(|_| error.into())
            }
            found => Ok(found?),
        }
    }

    fn variant_kernels(&self) -> Store {
        Store::new(self.settings.data.join("variant-kernels"))
    }
}

/// The file of a variant: where it is built, else its copy in the cache.
fn variant_file(artifact: &Artifact, selector: Selector) -> Result<PathBuf, Error> {
    let variant = artifact.variant(selector).map_err(lane::unknown)?;
    let in_store = StorePath::new(&artifact.reference, variant.selector, &variant.filename);
    let in_store = in_store.map_err(lane::unknown)?;
    let cache = artifact.distribution.cache_root.join(in_store.as_str());
    if variant.path.is_file() {
        return Ok(variant.path.clone());
    }
    if cache.is_file() {
        return Ok(cache);
    }
    Err(Error::Build(BuildError::Absent {
        kind: artifact.kind.as_str(),
        name: artifact.name.clone(),
        selector: variant.selector.to_string(),
        path: variant.path.clone(),
        cache,
    }))
}

/// A name as part of that of a kernel: letters, digits, `-`, `_` and `.`.
fn plain(name: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let plain: String = name.chars().filter(is_plain).take(64).collect();
    let plain = plain.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    match plain {
        "" => "kernel".to_owned(),
        plain => plain.to_owned(),
    }
}

//! A guest image, and the initial RAM disk beside it.

use std::path::{Path, PathBuf};

use flate2::GzBuilder;
use lazaret_appliance::{ExtraFile, GuestImage, Inputs, Search};
use lazaret_values::Size;
use lazaret_variants::{
    Architecture, Artifact, Document, GuestRecipe, ProtectionMode, Selector, Substrate,
};
use lazaret_vm::kernel::{Chosen, choose_modules};

use super::program;
use crate::{Error, Home, ProgressSink, blocking, guest, initramfs};

/// Largest agent, in bytes.
const LARGEST_AGENT: u64 = 256 << 20;

/// What the user's environment says about guest images. It counts more than the document does.
#[derive(Debug, Clone, Default)]
pub struct GuestSettings {
    /// BusyBox.
    pub busybox: Option<PathBuf>,
    /// Size of the disk.
    pub size: Option<Size>,
}

/// A guest image, ready to be put in its place.
pub(super) struct Made {
    pub(super) image: GuestImage,
    /// The initial RAM disk, if there is to be one.
    pub(super) initrd: Option<Vec<u8>>,
    /// What it was made from, in words.
    pub(super) origin: String,
}

/// Whether a variant has an initial RAM disk beside it: what the document says, else those that Port
/// boots with one.
pub(super) fn has_initrd(recipe: &GuestRecipe, selector: Selector) -> bool {
    let usual = selector.architecture == Architecture::X86_64
        && selector.substrate == Substrate::Firecracker;
    let is_protected = selector.protection_mode == ProtectionMode::Pvm;
    recipe.initrd.unwrap_or(usual) || is_protected
}

impl Home {
    /// Plans a guest image and makes its initial RAM disk.
    pub(super) async fn make_guest(
        &self,
        document: &Document,
        artifact: &Artifact,
        selector: Selector,
        settings: &GuestSettings,
        progress: &ProgressSink,
    ) -> Result<Made, Error> {
        let recipe = artifact.recipe.guest().cloned().unwrap_or_default();
        let busybox = settings.busybox.clone().or_else(|| recipe.busybox.clone());
        let busybox = match busybox {
            Some(path) => path,
            None => program::find("busybox", &self.settings.search_path)?,
        };
        let origin = format!("busybox {}", busybox.display());
        let agent = match &recipe.agent {
            Some(path) => {
                lazaret_files::read_regular(path, LARGEST_AGENT).map_err(Error::io("read", path))?
            }
            None => guest::INIT.to_vec(),
        };
        let files = recipe.files.iter().map(extra_file);
        let size = settings.size.or(recipe.size);
        let inputs = Inputs {
            architecture: selector.architecture.to_string(),
            protection_mode: selector.protection_mode.to_string(),
            busybox,
            agent,
            files: files.collect::<Result<_, _>>()?,
            size: size.map(|size| size.0),
            epoch: self.epoch(),
        };
        let search = Search::standard(&inputs.architecture);
        progress.note(&format!("building the image of {}", artifact.name));
        let image = blocking(move || {
            let planned = GuestImage::plan(&inputs, &search);
            planned.map_err(|error| Error::Build(error.into()))
        });
        let image = image.await?;
        let initrd = match has_initrd(&recipe, selector) {
            true => Some(self.initrd(document, &recipe, selector).await?),
            false => None,
        };
        Ok(Made {
            image,
            initrd,
            origin,
        })
    }

    fn epoch(&self) -> u32 {
        let epoch = self.settings.source_date_epoch.unwrap_or_default();
        u32::try_from(epoch).unwrap_or(u32::MAX)
    }

    /// The initial RAM disk: our own init program, which puts an overlay over the disk and goes on
    /// there, with the modules of a kernel.
    async fn initrd(
        &self,
        document: &Document,
        recipe: &GuestRecipe,
        selector: Selector,
    ) -> Result<Vec<u8>, Error> {
        let name = recipe.kernel.clone().unwrap_or_default();
        let kernel = match (&recipe.kernel, &recipe.modules) {
            (_, Some(_)) | (None, None) => None,
            (Some(name), None) if document.kernels.contains_key(name) => {
                Some(self.named_kernel(document, name, selector).await?)
            }
            (Some(name), None) => Some(self.kernels.get(name)?),
        };
        let folder = recipe.modules.clone();
        blocking(move || {
            let modules = match (folder, kernel) {
                (Some(folder), _) => choose_modules(&folder)?,
                (None, Some(kernel)) => initramfs::modules(&kernel)?,
                (None, None) => Vec::new(),
            };
            pack(&name, modules)
        })
        .await
    }
}

fn pack(kernel: &str, modules: Vec<Chosen>) -> Result<Vec<u8>, Error> {
    let output = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), flate2::Compression::new(6));
    let written = initramfs::write(kernel, modules.into_iter().map(Ok), output)?;
    let finished = written.finish();
    finished.map_err(|source| Error::Io {
        action: "pack the initial RAM disk".to_owned(),
        source,
    })
}

fn extra_file(file: &lazaret_variants::ExtraFile) -> Result<ExtraFile, Error> {
    let mode = match file.mode {
        Some(mode) => mode,
        None => mode_of(&file.from)?,
    };
    Ok(ExtraFile {
        source: file.from.clone(),
        target: file.to.clone(),
        mode: u16::try_from(mode & 0o7777).unwrap_or(0o644),
    })
}

fn mode_of(path: &Path) -> Result<u32, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = std::fs::metadata(path).map_err(Error::io("read", path))?;
    // Who may write differs between hosts and means nothing in a guest.
    Ok(match found.permissions().mode() & 0o111 {
        0 => 0o644,
        _ => 0o755,
    })
}

//! One user's stores, settings and client for registries, opened together.
//!
//! Every operation of this crate begins here. This file knows none of them: each operation adds its
//! own `impl Home` in its module, and passes on only the parts that the work needs.

use std::path::PathBuf;
use std::sync::Arc;

use lazaret_client::{Client, Keychain, Options, Progress};
use lazaret_files::{LockedDirs, OwnDir};
use lazaret_images::ImageStore;
use lazaret_vm::{Qemu, kernel};
use tokio::sync::OnceCell;

use crate::checkpoints::Checkpoints;
use crate::machines::Machines;
use crate::origins::Origins;
use crate::volumes::Volumes;
use crate::{Error, Settings};

/// The receiver of progress reports of transfers.
pub type ProgressSink = Arc<dyn Progress>;

/// A user's stores, with their settings and client. Opening it cleans up after processes
/// that died, and makes nothing: what only reads works where nothing can be written.
pub struct Home {
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    pub(crate) images: ImageStore,
    pub(crate) kernels: kernel::Store,
    pub(crate) machines: Machines,
    pub(crate) volumes: Volumes,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) origins: Origins,
    /// This process's own folder, for files that it packs.
    pub(crate) scratch: OwnDir,
    qemu: OnceCell<Qemu>,
}

impl Home {
    /// Opens the stores, and removes what dead processes left: machines and staged content.
    ///
    /// # Errors
    /// When what dead processes left cannot be removed, or a store cannot be opened.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        let machines = Machines::open(settings.data.join("machines"))?;
        lazaret_vm::sweep_control_groups();
        let volumes = Volumes::new(&settings.data.join("volumes"));
        volumes.sweep()?;
        let checkpoints = Checkpoints::new(&settings.data.join("checkpoints"));
        checkpoints.sweep();
        LockedDirs::new(settings.runtime.join("registries")).sweep()?;
        let options = client_options(&settings);
        let keychain = Arc::new(Keychain::new(settings.credentials.clone()));
        Ok(Self {
            client: Client::new(options, keychain)?,
            images: ImageStore::open(settings.data.join("images"))?,
            origins: Origins::new(settings.cache.join("origins")),
            kernels: kernel::Store::new(settings.data.join("kernels")),
            scratch: OwnDir::open(&settings.runtime.join("scratch"))?,
            qemu: OnceCell::new(),
            machines,
            volumes,
            checkpoints,
            settings,
        })
    }

    /// Removes what processes have left that have died since this was opened, and records machines that
    /// are lost. A process that lives long asks for it before each operation.
    ///
    /// # Errors
    /// When what they left cannot be removed.
    pub fn settle(&self) -> Result<(), Error> {
        self.machines.settle_all()?;
        lazaret_vm::sweep_control_groups();
        self.checkpoints.sweep();
        self.volumes.sweep()
    }

    /// The folder of the templates that machines begin from.
    pub(crate) fn templates(&self) -> PathBuf {
        self.settings.cache.join("templates")
    }

    /// The emulator of machines, in words: its path and version.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub async fn emulator(&self) -> Result<String, Error> {
        let qemu = self.qemu().await?;
        Ok(format!("{} {}", qemu.path().display(), qemu.version()))
    }

    /// The installed QEMU; it is looked for once.
    pub(crate) async fn qemu(&self) -> Result<&Qemu, Error> {
        let find = || Qemu::find(&self.settings.search_path);
        Ok(self.qemu.get_or_try_init(find).await?)
    }
}

/// The options of the clients of registries.
pub(crate) fn client_options(settings: &Settings) -> Options {
    Options {
        plain_http: settings.plain_http.clone(),
        plain_http_all: settings.plain_http_all,
        tls: settings.tls.clone(),
        tls_all: settings.tls_all,
        certs_d: settings.certs_d.clone(),
        extra_ca: settings.ca_files.clone(),
        ..Options::default()
    }
}

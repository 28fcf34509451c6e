//! The registry as a value: stores and schemas, not yet listening.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_store::{BlobStore, Durability, FsBlobs, FsMetadata, LockedDir, LockedDirs, Metadata};

use crate::schemas::{FamilySchemas, Schemas};
use crate::{Error, Server};

/// Uploads that nobody writes to are dropped after this long.
const UPLOAD_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// No upload takes longer than this, however slowly it comes.
const SESSION_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where a registry keeps its content.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of everything.
    pub root: PathBuf,
    /// Whether acknowledged writes survive a power loss.
    pub durability: Durability,
}

/// A registry over its stores. Clones share them.
#[derive(Clone)]
pub struct Registry {
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) metadata: Arc<dyn Metadata>,
    pub(crate) schemas: Arc<dyn Schemas>,
    /// The folder of an ephemeral registry goes with its last clone.
    _folder: Option<Arc<LockedDir>>,
}

impl Registry {
    /// A registry over files.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub async fn open(options: Options) -> Result<Self, Error> {
        Self::over_files(options, None).await
    }

    /// An empty registry in a fresh folder below `parent`. The folder goes with the registry,
    /// or, when the process dies, with the next one made there.
    ///
    /// # Errors
    /// [`Error::Create`], [`Error::Open`].
    pub async fn ephemeral(parent: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(parent).map_err(|source| Error::Create {
            path: parent.to_owned(),
            source,
        })?;
        let folders = LockedDirs::new(parent);
        let open = |source| Error::Open {
            path: parent.to_owned(),
            source,
        };
        folders.sweep().map_err(open)?;
        let folder = folders.create().map_err(open)?;
        let options = Options {
            root: folder.path().to_owned(),
            durability: Durability::Ephemeral,
        };
        Self::over_files(options, Some(Arc::new(folder))).await
    }

    /// A registry over any stores and schemas.
    #[must_use]
    pub fn over(
        blobs: Arc<dyn BlobStore>,
        metadata: Arc<dyn Metadata>,
        schemas: Arc<dyn Schemas>,
    ) -> Self {
        Self {
            blobs,
            metadata,
            schemas,
            _folder: None,
        }
    }

    async fn over_files(options: Options, folder: Option<Arc<LockedDir>>) -> Result<Self, Error> {
        let Options { root, durability } = options;
        let open = |source| Error::Open {
            path: root.clone(),
            source,
        };
        let registry = Self {
            blobs: Arc::new(FsBlobs::open(&root, durability).map_err(open)?),
            metadata: Arc::new(FsMetadata::open(&root, durability).map_err(open)?),
            schemas: Arc::new(FamilySchemas),
            _folder: folder,
        };
        registry.expire_uploads().await.map_err(open)?;
        Ok(registry)
    }

    /// Drops the uploads that clients have given up.
    pub(crate) async fn expire_uploads(&self) -> Result<(), lazaret_store::Error> {
        self.blobs.expire_uploads(UPLOAD_IDLE).await?;
        self.metadata.expire_uploads(SESSION_AGE).await?;
        Ok(())
    }

    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Error::Listen`].
    pub async fn bind(&self, address: SocketAddr) -> Result<Server, Error> {
        Server::bind(self.clone(), address).await
    }
}

//! The sources from which kernels are imported.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    compression,
    folder::MAX_CHOSEN_BYTES,
    package,
    parts::{Parts, memory},
};
use crate::Error;

/// The kernel to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A Debian package with a kernel (`linux-image-*.deb`).
    Package(PathBuf),
    /// A boot image and its modules.
    Files {
        /// A bzImage (`vmlinuz`), or an uncompressed `vmlinux` with a PVH entry.
        image: PathBuf,
        /// Its folder of modules (`.../lib/modules/<release>`); without one, everything that the
        /// guest needs is assumed to be built in.
        modules: Option<PathBuf>,
    },
    /// The running kernel of this host: `/boot/vmlinuz-<release>` and `/lib/modules/<release>`.
    Host,
}

impl Source {
    /// Finds the parts; a package is unpacked into `scratch`.
    pub(super) fn parts(&self, scratch: &Path) -> Result<Parts, Error> {
        match self {
            Self::Package(file) => package::unpack(file, scratch),
            Self::Files { image, modules } => read_files(image, modules.clone()),
            Self::Host => {
                let release = rustix::system::uname()
                    .release()
                    .to_string_lossy()
                    .into_owned();
                host(Path::new("/"), &release)
            }
        }
    }
}

pub(super) fn host(root: &Path, release: &str) -> Result<Parts, Error> {
    let modules = root.join("lib/modules").join(release);
    let images = [
        root.join(format!("boot/vmlinuz-{release}")),
        modules.join("vmlinuz"),
    ];
    let lacks = |missing: &Path| Error::HostKernelMissing {
        release: release.to_owned(),
        missing: missing.to_owned(),
    };
    let origin = images
        .iter()
        .find(|path| path.exists())
        .ok_or_else(|| lacks(&images[0]))?;
    if !modules.is_dir() {
        return Err(lacks(&modules));
    }
    read_files(origin, Some(modules))
}

/// Reads a boot image, whose modules stay in their folder.
fn read_files(path: &Path, modules: Option<PathBuf>) -> Result<Parts, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let size = file.metadata().map_err(Error::io("inspect", path))?.len();
    let memory = memory(size);
    let image = compression::read_bounded(file, memory);
    let image = image.map_err(Error::unpack("the kernel", path))?;
    Ok(Parts {
        origin: path.to_owned(),
        room: memory - image.len() as u64,
        image,
        modules,
        modules_room: MAX_CHOSEN_BYTES,
    })
}

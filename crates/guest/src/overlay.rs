//! Overlays: what is written to a read-only folder goes elsewhere.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::mount::MountFlags;

use crate::error::{Context as _, Result};

/// Where everything writable lives that is not a plain memory file system.
pub(crate) const SCRATCH: &str = "/mnt/scratch";

/// Overlays `lower` on `target`, with `upper` and `work` in the folder `state`. The upper
/// folder stands for the lower one, so it takes over its owner and mode.
pub(crate) fn mount_writable(lower: &Path, state: &Path, target: &Path) -> Result<()> {
    let (upper, work) = (state.join("upper"), state.join("work"));
    std::fs::create_dir_all(&work).context(|| format!("make {}", work.display()))?;
    // A machine that is started again finds its earlier writes.
    if !upper.exists() {
        let take_over = || {
            let like = std::fs::metadata(lower)?;
            std::fs::create_dir(&upper)?;
            std::os::unix::fs::chown(&upper, Some(like.uid()), Some(like.gid()))?;
            let mode = std::fs::Permissions::from_mode(like.mode() & 0o7777);
            std::fs::set_permissions(&upper, mode)
        };
        take_over().context(|| format!("make {}", upper.display()))?;
    }
    let layers = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    mount_overlay(&layers, MountFlags::NOATIME, target)
}

/// Mounts an overlay of these layers on `target`.
pub(crate) fn mount_overlay(layers: &str, flags: MountFlags, target: &Path) -> Result<()> {
    let data = std::ffi::CString::new(layers)
        .map_err(std::io::Error::from)
        .context(|| "name the overlay's layers".to_owned())?;
    rustix::mount::mount("overlay", target, "overlay", flags, Some(data.as_c_str()))
        .context(|| format!("mount the overlay {layers} on {}", target.display()))
}

//! Mounts overlays: writes to a read-only folder go elsewhere.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::mount::MountFlags;

use crate::error::{Context as _, Result};

/// Folder of all writable data except plain memory file systems.
pub(crate) const SCRATCH: &str = "/mnt/scratch";

/// Mounts an overlay of `lower` on `target`, with `upper` and `work` in the folder `state`. The
/// upper folder represents the lower one, so it gets the same owner and mode.
pub(crate) fn mount_writable(lower: &Path, state: &Path, target: &Path) -> Result<()> {
    let (upper, work) = (state.join("upper"), state.join("work"));
    std::fs::create_dir_all(&work).context(|| format!("make {}", work.display()))?;
    // A machine that is started again keeps its earlier writes.
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
    // Whatever this kernel does by itself: the host reads the upper folder (`lazaret commit`), which
    // is to have everything, and nothing that refers to another place.
    let layers = format!(
        "lowerdir={},upperdir={},workdir={},redirect_dir=off,metacopy=off,index=off",
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

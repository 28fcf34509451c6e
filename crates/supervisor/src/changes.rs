//! What a machine has changed against its image: `diff` lists it, `commit` makes an image of it.
//!
//! ```text
//! machine runs      holder: freeze --> guest writes everything, holds writes back   `still`
//! machine has ended its folder is locked
//!                        |
//! scratch disk (upper), the image's disk (lower)  -> Overlay -> changes, or a layer `overlay`
//!                        |
//! the image's manifest and configuration + layer + instructions -> a new image      `commit`, `image`
//! ```
//! The scratch disk was written by the machine, which is not trusted: `lazaret-rootfs` reads it within
//! bounds. Volumes and file systems in memory are other disks, and no part of it.

mod commit;
mod image;
mod instruction;
mod overlay;
mod still;

pub use commit::{CommitRequest, Committed};
pub use lazaret_rootfs::{Change, ChangeKind};

use crate::{Error, Home};

impl Home {
    /// What a machine has changed against its image, in order of path. A machine whose root is
    /// read-only has changed nothing.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineAmbiguous`]; [`Error::Changes`] when its disk cannot
    /// be compared, or not now; [`Error::Disk`].
    pub async fn machine_changes(&self, name: &str) -> Result<Vec<Change>, Error> {
        let found = self.machine(name)?;
        if overlay::is_read_only(&found.spec) {
            return Ok(Vec::new());
        }
        self.read_changes(&found, |disks| disks.changes()).await
    }
}

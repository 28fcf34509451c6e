//! What is asked of a copy, and what is told of it.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Something that happens during a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyNews {
    /// This number of further bytes of the archive was carried.
    Carried(u64),
    /// Something is left out, or is not as it was.
    Warning(String),
}

/// The receiver of what happens during a copy.
pub type CopySink = Arc<dyn Fn(CopyNews) + Send + Sync>;

/// Where the files that go into a machine come from.
pub enum Inlet {
    /// A path of the host. With `/.` at its end it stands for the content of a folder.
    Path(PathBuf),
    /// A tar archive, which is unpacked into a folder as it is.
    Archive(Box<dyn Read + Send>),
}

/// Where the files that come out of a machine go.
pub enum Outlet {
    /// A path of the host.
    Path(PathBuf),
    /// A tar archive.
    Archive(Box<dyn Write + Send>),
}

/// A copy into a machine.
pub struct CopyIn {
    /// Name or id of the machine.
    pub machine: String,
    /// The target in the machine, relative to `/`.
    pub path: String,
    /// The source.
    pub from: Inlet,
    /// Whether a link that is the source is followed.
    pub follow: bool,
    /// Whether owners are kept. Otherwise everything belongs to root.
    pub owners: bool,
}

/// A copy out of a machine.
pub struct CopyOut {
    /// Name or id of the machine.
    pub machine: String,
    /// The source in the machine, relative to `/`. With `/.` at its end it stands for the content of
    /// a folder.
    pub path: String,
    /// The target.
    pub to: Outlet,
    /// Whether a link that is the source is followed.
    pub follow: bool,
    /// Whether owners are kept where that is permitted. Otherwise everything belongs to the caller.
    pub owners: bool,
}

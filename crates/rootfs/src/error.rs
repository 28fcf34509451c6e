//! The error type of this crate.

use std::io;

/// Everything that can go wrong between a layer and a disk.
///
/// Entry names are shown with their non-printable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading the bytes of a layer, or of a file to be added, failed.
    #[error("failed to read {what}")]
    Read {
        /// The thing that was read.
        what: String,
        /// The reader's error.
        source: io::Error,
    },
    /// The compressed stream is damaged or cut off.
    #[error("failed to decompress the layer as {format}")]
    Decompress {
        /// The format: `gzip` or `zstd`.
        format: &'static str,
        /// The decoder's error.
        source: io::Error,
    },
    /// The layer uses a compression that no image specification names.
    #[error("failed to decompress the layer: {format} is not supported")]
    UnsupportedCompression {
        /// The format that the first bytes indicate.
        format: &'static str,
    },
    /// The tar stream ended inside an entry.
    #[error("failed to read the layer: the archive ends inside {what}")]
    Truncated {
        /// The part that was cut off.
        what: String,
    },
    /// A tar header or extended header breaks the format.
    #[error("failed to read the layer: bad header at byte {offset}: {reason}")]
    BadHeader {
        /// Offset of the header in the uncompressed stream, in bytes.
        offset: u64,
        /// The rule that the header breaks.
        reason: String,
    },
    /// The entry has a type that cannot be part of an image.
    #[error("failed to apply {path}: tar entries of type {kind:?} are not supported")]
    UnsupportedEntry {
        /// Path of the entry.
        path: String,
        /// The type flag of its header.
        kind: char,
    },
    /// The entry's name, link target or parent cannot be accepted.
    #[error("failed to apply {path}: {reason}")]
    BadEntry {
        /// Path of the entry.
        path: String,
        /// The reason for refusing it.
        reason: EntryFault,
    },
    /// A limit of [`Limits`](crate::Limits) was reached.
    #[error("failed to apply the layer: more than {limit} {what}")]
    LimitExceeded {
        /// The thing that was counted.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A layer becomes more than layers of its compressed size do.
    #[error(
        "failed to apply the layer: more than {limit} {what}, too much for its compressed size"
    )]
    RatioExceeded {
        /// The thing that was counted.
        what: &'static str,
        /// The limit for the compressed bytes that were read.
        limit: u64,
    },
    /// The extended attributes do not fit: on ext4 the inode and one block, on EROFS 64 KiB.
    #[error("failed to store the extended attributes of {path}: {bytes} bytes do not fit")]
    XattrsTooLarge {
        /// Path of the entry.
        path: String,
        /// Size of the attributes in bytes.
        bytes: usize,
    },
    /// The content does not fit the disk of the requested size.
    #[error("failed to fit the content into a disk of {size} bytes: it needs at least {needed}")]
    DiskFull {
        /// Number of bytes that would have sufficed at the moment of the failure.
        needed: u64,
        /// Size of the disk in bytes.
        size: u64,
    },
    /// An earlier call on this builder failed, so its content is incomplete.
    #[error("failed to finish the disk: an earlier step failed")]
    Poisoned,
    /// Writing the output failed.
    #[error("failed to write {what}")]
    Write {
        /// The thing that was written.
        what: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// The disk that is read breaks its format, or has an unknown format.
    #[error("failed to read the disk: {reason}")]
    Damaged {
        /// The kind of damage.
        reason: &'static str,
    },
    /// The disk is mounted, or was not unmounted: parts of it are still in its journal only.
    #[error("failed to read the disk: it was not closed, its journal has to be replayed")]
    Unclosed,
    /// The name of a compression is unknown.
    #[error(
        "failed to compress as {text:?}: there are lz4, zstd and zstd:LEVEL, with levels 1 to 22"
    )]
    UnknownCompression {
        /// The name that was given.
        text: String,
    },
    /// A local file or folder to be packed cannot be read.
    #[error("failed to pack {path}")]
    Pack {
        /// The local path.
        path: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// A local file cannot be part of a layer.
    #[error("failed to pack {path}: {reason}")]
    Unpackable {
        /// The local path.
        path: String,
        /// The reason for refusing it.
        reason: &'static str,
    },
}

/// The reason for refusing one entry of a layer, or one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// The name has a `..` component.
    #[error("the name has a `..` component")]
    ParentComponent,
    /// The name has a NUL byte.
    #[error("the name has a NUL byte")]
    NulByte,
    /// A component is longer than 255 bytes.
    #[error("a component of the name is longer than 255 bytes")]
    ComponentTooLong,
    /// The whole name is longer than 4096 bytes.
    #[error("the name is longer than 4096 bytes")]
    NameTooLong,
    /// The entry has no name, or names the root but is no directory.
    #[error("the entry would replace the root directory")]
    ReplacesRoot,
    /// A parent of the entry is not a directory.
    #[error("a parent of the entry is not a directory")]
    ParentNotDirectory,
    /// The symbolic links on the way form a loop.
    #[error("too many levels of symbolic links")]
    SymlinkLoop,
    /// The symbolic link's target is empty, too long or has a NUL byte.
    #[error("the symbolic link's target is empty, longer than 4095 bytes or has a NUL byte")]
    BadSymlinkTarget,
    /// The hard link's target does not come earlier in the image.
    #[error("the hard link's target does not exist at this point of the image")]
    HardlinkTargetMissing,
    /// The hard link's target is a directory.
    #[error("the hard link's target is a directory")]
    HardlinkToDirectory,
    /// More than 65,000 names for one file.
    #[error("the file has more than 65000 hard links")]
    TooManyHardlinks,
    /// The whiteout names nothing, `.` or `..`, or is not a plain file.
    #[error("the whiteout is malformed")]
    BadWhiteout,
    /// An extended attribute's name or value breaks its format.
    #[error("an extended attribute is malformed")]
    BadXattr,
    /// The device number is outside what Linux can represent.
    #[error("the device number is out of range")]
    BadDevice,
    /// `lost+found` in the root of a disk must be a directory.
    #[error("lost+found must be a directory")]
    LostAndFound,
    /// The file is longer than ext4 can hold, or its sparse map is inconsistent.
    #[error("the file size is out of range")]
    BadSize,
}

impl Error {
    pub(crate) fn entry(path: &[u8], reason: EntryFault) -> Self {
        Self::BadEntry {
            path: show(path),
            reason,
        }
    }

    pub(crate) fn write(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { what, source }
    }
}

/// Renders a name from an archive as text; bytes that are not UTF-8 are lost.
pub(crate) fn show(path: &[u8]) -> String {
    lazaret_values::Printable::new(&String::from_utf8_lossy(path)).to_string()
}

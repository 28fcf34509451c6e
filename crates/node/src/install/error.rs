//! The errors of an installation.

use std::path::PathBuf;

use thiserror::Error;

/// A failed plan, installation or reversal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An address that is no `http://HOST[:PORT]` or `https://HOST[:PORT]`.
    #[error("'{text}' is no address of a server: {reason}")]
    Address {
        /// The start of the address, printable.
        text: String,
        /// The reason.
        reason: &'static str,
    },
    /// A name of a registry that no engine would look up.
    #[error("'{text}' is no name of a registry: {reason}")]
    Name {
        /// The start of the name, printable.
        text: String,
        /// The reason.
        reason: &'static str,
    },
    /// A path that is not absolute, or that has `..` in it.
    #[error("'{}' is no absolute path without '..'", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// Symbolic links lead out of the root folder.
    #[error("'{}' leads out of '{}'", path.display(), root.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// The root folder.
        root: PathBuf,
    },
    /// Something that is no regular file has the name of a file.
    #[error("'{}' is {kind}, and only a regular file is ever replaced", path.display())]
    Irregular {
        /// What has the name.
        path: PathBuf,
        /// Its kind, with article.
        kind: &'static str,
    },
    /// A file is not in its format.
    #[error("'{}' is no {format}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The format.
        format: &'static str,
        /// The place and the parser's reason, printable.
        reason: String,
    },
    /// A file has something else at a key than its engine would read there.
    #[error("'{}' has no {wanted} at '{key}'", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The key, printable.
        key: String,
        /// What should be there.
        wanted: &'static str,
    },
    /// containerd's configuration has a version that this program does not know.
    #[error("'{}' has version {version}, this program knows 1 to 4", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version.
        version: i64,
    },
    /// A file has something that the engine does not accept beside what would be added.
    #[error("'{}' has '{key}': {reason}", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
        /// The key, printable.
        key: String,
        /// What the engine would do.
        reason: &'static str,
    },
    /// A file cannot be extended without a loss of comments. It has to be done by hand.
    #[error("'{}' cannot be extended without a loss: {reason}", path.display())]
    Merge {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: &'static str,
        /// What to add to the file, in its format.
        add: String,
    },
    /// The file of the mirror's authorities has no certificate.
    #[error("there is no certificate in '{}'", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
    },
    /// A file is not any more as the plan found it.
    #[error("'{}' has changed since the plan was made", path.display())]
    Stale {
        /// The file.
        path: PathBuf,
    },
    /// Another process uses the record.
    #[error("another process uses the record in '{}'", folder.display())]
    Busy {
        /// The folder of the record.
        folder: PathBuf,
    },
    /// There is no record, so there is nothing to undo.
    #[error("nothing is installed: there is no record '{}'", path.display())]
    NoRecord {
        /// The record.
        path: PathBuf,
    },
    /// The record cannot be used.
    #[error("cannot use the record '{}': {reason}", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    Files(#[from] lazaret_files::Error),
}

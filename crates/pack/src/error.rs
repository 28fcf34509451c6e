//! The errors of packs.

use std::io;
use std::path::{Path, PathBuf};

/// A failure around a pack.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file without the footer of a pack.
    #[error("'{}' is no pack: {reason}", path.display())]
    NoPack {
        /// The file.
        path: PathBuf,
        /// What it is, or what it lacks.
        reason: &'static str,
    },
    /// A pack of a version that this program does not read.
    #[error("pack '{}' has version {version}, this program reads {}", path.display(), crate::layout::VERSION)]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A pack that is not as it was made.
    #[error("pack '{}' is damaged: {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        damage: Damage,
    },
    /// A pack without the signature that is required.
    #[error("pack '{}' {reason}", path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// What is wrong with its signature.
        reason: &'static str,
    },
    /// A file without a usable key.
    #[error("'{}' is no key for packs: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: &'static str,
    },
    /// A program that cannot be that of a pack.
    #[error("this program cannot be put into a pack: {reason}")]
    Program {
        /// The reason.
        reason: &'static str,
    },
    /// Something that does not fit into a pack.
    #[error("{what} has {size} bytes, and a pack takes at most {limit}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size in bytes.
        size: u64,
        /// Most bytes.
        limit: u64,
    },
    /// A file that cannot be read or written.
    #[error("failed to {action} '{}'", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// What is wrong with a damaged pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A field of the footer that cannot be.
    #[error("its footer: {0}")]
    Footer(&'static str),
    /// A manifest that is none, or not in its one form.
    #[error("its manifest: {0}")]
    Manifest(String),
    /// A section whose content is not that of the manifest.
    #[error("{0} is not what was packed")]
    Content(String),
    /// Bytes between sections that are not zero.
    #[error("there are bytes between its sections, at {0}")]
    Gap(u64),
    /// A signature that is not over this manifest.
    #[error("its signature: {0}")]
    Signature(&'static str),
}

/// For `map_err`: what was tried with which file.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Error + use<'a> {
    move |source| Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

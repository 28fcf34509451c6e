//! The errors of this crate. None of them contains a secret.

use std::path::PathBuf;

use thiserror::Error;

use crate::grant::GrantError;

/// A failed operation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A name of an integration or credential that cannot be one.
    #[error("'{name}' is no name of an integration or credential")]
    Name {
        /// The name given.
        name: String,
    },
    /// The file of secrets cannot be used.
    #[error("cannot use the secrets in '{}': {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The system's keyring refused or did not answer.
    #[error("the system's keyring failed: {reason}")]
    Keyring {
        /// The reason, printable.
        reason: String,
    },
    /// The token endpoint or client of a grant cannot be used.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The process ends.
    #[error(transparent)]
    Stopped(#[from] lazaret_files::Stopped),
}

/// Why a secret is not handed out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is none.
    #[error("no secret is stored")]
    Absent,
    /// The user has said that there never will be one.
    #[error("its use is denied on this host")]
    Denied,
    /// It was given for other hosts.
    #[error("the secret was given for {places}, not for '{host}'")]
    OtherHost {
        /// The hosts for which it was given.
        places: String,
        /// The host that would get it.
        host: String,
    },
    /// It was given for another part of a request.
    #[error("the secret was given for {given}, not for {wanted}")]
    OtherForm {
        /// The form for which it was given.
        given: String,
        /// The form in which it would be sent.
        wanted: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] Error),
    /// There is no access token.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

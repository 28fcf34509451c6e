//! A control plane, and the token of its clients.

use std::path::PathBuf;

use http::HeaderName;
use lazaret_files::{Beneath, blocking};
use lazaret_values::Secret;

use super::digests::Digests;
use crate::named_file::read_secret;

/// A control plane.
pub(crate) struct ControlPlane {
    /// Its name, which is a part of the paths that clients say.
    pub(crate) name: String,
    /// Whom its tokens are for.
    pub(crate) audience: String,
    /// The header with the token.
    pub(crate) header: HeaderName,
    /// The token of its clients.
    pub(crate) token: Token,
    /// Where content is kept.
    pub(crate) store: Beneath,
    /// Largest content in bytes.
    pub(crate) largest: u64,
    /// The digests of what was read.
    pub(crate) digests: Digests,
}

/// Where a token comes from.
pub(crate) enum Token {
    /// A file, which is read at each request.
    File(PathBuf),
    /// It is known.
    Known(Secret),
}

/// The token cannot be read; the log says why.
#[derive(Debug)]
pub(super) struct TokenFault;

impl ControlPlane {
    /// The token of its clients.
    ///
    /// # Errors
    /// When it cannot be read, or is empty: nobody is let in then.
    pub(super) async fn token(&self) -> Result<Secret, TokenFault> {
        let token = match &self.token {
            Token::Known(token) => token.clone(),
            Token::File(file) => {
                let path = file.clone();
                let read = blocking(move || {
                    Ok::<_, lazaret_files::Stopped>(
                        read_secret(&path).map_err(|error| (path, error)),
                    )
                });
                match read.await {
                    Ok(Ok(token)) => token,
                    Ok(Err((file, error))) => {
                        tracing::error!(file = %file.display(), %error, "the token was not read");
                        return Err(TokenFault);
                    }
                    Err(_) => return Err(TokenFault),
                }
            }
        };
        if token.reveal().is_empty() {
            return Err(TokenFault);
        }
        Ok(token)
    }
}

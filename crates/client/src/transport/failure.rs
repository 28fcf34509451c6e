//! Failures of an exchange.

use std::error::Error as StdError;
use std::io;

use lazaret_files::Stopped;
use lazaret_net::BodyError;

use crate::Error;
use crate::error::Cause;

/// The failure of an exchange. It names no operation yet: [`Failure::into_error`] adds it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The host that was addressed.
    pub(crate) host: String,
    pub(crate) kind: FailureKind,
}

#[derive(Debug)]
pub(crate) enum FailureKind {
    /// The network failed: worth another try.
    Network { reason: String },
    /// The proxy refused for good.
    Blocked { reason: String },
    /// TLS failed for good.
    Tls { reason: String, cause: Cause },
    /// The peer pointed to something that is refused, or broke the protocol. The text follows
    /// the peer's name.
    Refused { reason: String, cause: Cause },
    /// The local source of the body failed.
    Source(io::Error),
}

impl Failure {
    pub(crate) fn network(host: &str, reason: impl Into<String>) -> Self {
        Self {
            host: host.to_owned(),
            kind: FailureKind::Network {
                reason: reason.into(),
            },
        }
    }

    pub(crate) fn refused(host: &str, reason: impl Into<String>, cause: Cause) -> Self {
        Self {
            host: host.to_owned(),
            kind: FailureKind::Refused {
                reason: reason.into(),
                cause,
            },
        }
    }

    /// Whether another try can help.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.kind, FailureKind::Network { .. })
    }

    /// The public error, for the failed operation.
    pub(crate) fn into_error(self, operation: &str) -> Error {
        let registry = self.host;
        let operation = operation.to_owned();
        match self.kind {
            FailureKind::Network { reason } | FailureKind::Blocked { reason } => {
                Error::Unreachable {
                    registry,
                    operation,
                    reason,
                    cause: Cause::Other,
                }
            }
            FailureKind::Tls { reason, cause } => Error::Unreachable {
                registry,
                operation,
                reason,
                cause,
            },
            FailureKind::Refused { reason, cause } => Error::Protocol {
                registry,
                operation,
                reason,
                cause,
            },
            FailureKind::Source(source) => Error::Local { operation, source },
        }
    }
}

/// An error of the connector, which hyper carries as a source.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the server gave an HTTP response to an HTTPS client")]
    PlainPeer,
    #[error("{0}")]
    UnknownAuthority(String),
    #[error("the server's certificate is one of an authority")]
    AuthorityAsServer,
    #[error("{0}")]
    Tls(String),
    #[error("{host} is at {address}, where a server elsewhere may not send its clients")]
    OutOfReach {
        host: String,
        address: std::net::IpAddr,
    },
    #[error(
        "{host} cannot be looked up here, and a server elsewhere may not have the proxy do it: {reason}"
    )]
    Unknown { host: String, reason: String },
    #[error("proxy {proxy}: {reason}")]
    Proxy {
        proxy: String,
        reason: String,
        /// Whether another try can help.
        is_transient: bool,
    },
    #[error("no connection after {0:?}")]
    TimedOut(std::time::Duration),
    #[error("{0}")]
    Network(String),
}

impl From<Stopped> for ConnectError {
    fn from(stopped: Stopped) -> Self {
        Self::Tls(stopped.to_string())
    }
}

impl From<&ConnectError> for FailureKind {
    fn from(error: &ConnectError) -> Self {
        let reason = error.to_string();
        let tls = |cause| Self::Tls {
            reason: reason.clone(),
            cause,
        };
        match error {
            ConnectError::PlainPeer => tls(Cause::PlainServer),
            ConnectError::UnknownAuthority(_) => tls(Cause::UnknownAuthority),
            ConnectError::AuthorityAsServer => tls(Cause::AuthorityAsServer),
            ConnectError::Tls(_) => tls(Cause::Other),
            ConnectError::OutOfReach { .. } | ConnectError::Unknown { .. } => Self::Refused {
                reason: format!("is out of bounds: {reason}"),
                cause: Cause::Other,
            },
            ConnectError::Proxy {
                is_transient: false,
                ..
            } => Self::Blocked { reason },
            ConnectError::Proxy { .. } | ConnectError::TimedOut(_) | ConnectError::Network(_) => {
                Self::Network { reason }
            }
        }
    }
}

/// Converts a hyper error.
pub(super) fn classify(host: &str, error: &(dyn StdError + 'static)) -> Failure {
    let connect = chain(error).find_map(|error| error.downcast_ref::<ConnectError>());
    if let Some(connect) = connect {
        return Failure {
            host: host.to_owned(),
            kind: connect.into(),
        };
    }
    let cut_short = error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_incomplete_message);
    if cut_short {
        return Failure::network(host, "the connection was closed before the answer");
    }
    Failure::network(host, innermost(error))
}

/// The reason for which a body ended early, in one line.
pub(crate) fn describe(error: &BodyError) -> String {
    match error {
        BodyError::Broken(source) => format!("{error}: {}", innermost(source)),
        BodyError::Silent(_) | BodyError::Slow(_) => error.to_string(),
    }
}

/// The innermost cause, which is the most specific.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

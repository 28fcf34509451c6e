//! Why an exchange gave no answer.

use std::error::Error as StdError;
use std::io;

use crate::Error;

/// An exchange without an answer. It knows no object yet: [`Failure::into_error`] adds it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Where to.
    pub(crate) host: String,
    pub(crate) kind: FailureKind,
}

#[derive(Debug)]
pub(crate) enum FailureKind {
    /// The network: worth another try.
    Network { reason: String },
    /// The peer of a TLS handshake speaks HTTP.
    PlainPeer,
    /// TLS failed for good.
    Tls {
        reason: String,
        hint: Option<String>,
    },
    /// The peer pointed to something that is refused, or broke the protocol. The text goes on
    /// after the peer's name.
    Refused {
        reason: String,
        hint: Option<String>,
    },
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

    pub(crate) fn refused(host: &str, reason: impl Into<String>, hint: Option<&str>) -> Self {
        Self {
            host: host.to_owned(),
            kind: FailureKind::Refused {
                reason: reason.into(),
                hint: hint.map(str::to_owned),
            },
        }
    }

    /// Whether another try can help.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.kind, FailureKind::Network { .. })
    }

    /// The public error, for the operation that failed.
    pub(crate) fn into_error(self, operation: &str) -> Error {
        let registry = self.host;
        let operation = operation.to_owned();
        match self.kind {
            FailureKind::Network { reason } => Error::Unreachable {
                registry,
                operation,
                reason,
                hint: None,
            },
            FailureKind::PlainPeer => Error::Unreachable {
                hint: Some(format!(
                    "if {registry} is meant to be reached without TLS, set \
                     LAZARET_PLAIN_HTTP={registry} or pass --plain-http"
                )),
                registry,
                operation,
                reason: "the server gave an HTTP response to an HTTPS client".to_owned(),
            },
            FailureKind::Tls { reason, hint } => Error::Unreachable {
                registry,
                operation,
                reason,
                hint,
            },
            FailureKind::Refused { reason, hint } => Error::Protocol {
                registry,
                operation,
                reason,
                hint,
            },
            FailureKind::Source(source) => Error::Local { operation, source },
        }
    }
}

/// An error of the connector, carried through hyper as a source.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the server gave an HTTP response to an HTTPS client")]
    PlainPeer,
    #[error("{0}")]
    Tls(String),
    #[error("{host} is at {address}, where a server elsewhere may not send its clients")]
    OutOfReach {
        host: String,
        address: std::net::IpAddr,
    },
    #[error("no connection after {0:?}")]
    TimedOut(std::time::Duration),
    #[error("{0}")]
    Network(String),
}

/// Finds out what a hyper error means.
pub(super) fn classify(host: &str, error: &(dyn StdError + 'static)) -> Failure {
    let mut next = Some(error);
    let mut last = String::new();
    while let Some(current) = next {
        if let Some(connect) = current.downcast_ref::<ConnectError>() {
            let kind = match connect {
                ConnectError::PlainPeer => FailureKind::PlainPeer,
                ConnectError::Tls(reason) => FailureKind::Tls {
                    reason: reason.clone(),
                    hint: reason.contains("UnknownIssuer").then(|| {
                        "the certificate is not signed by a known authority; add its authority \
                         with the extra CA setting"
                            .to_owned()
                    }),
                },
                ConnectError::OutOfReach { .. } => FailureKind::Refused {
                    reason: format!("is out of bounds: {connect}"),
                    hint: None,
                },
                ConnectError::TimedOut(_) | ConnectError::Network(_) => FailureKind::Network {
                    reason: connect.to_string(),
                },
            };
            return Failure {
                host: host.to_owned(),
                kind,
            };
        }
        last = current.to_string();
        next = current.source();
    }
    let reason = if error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_incomplete_message)
    {
        "the connection was closed before the answer".to_owned()
    } else {
        last
    };
    Failure::network(host, reason)
}

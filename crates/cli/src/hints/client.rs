//! Hints for failures between this machine and a registry.

use lazaret_client::{Cause, Error};

use super::artifacts;

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Unauthorized {
            registry,
            credentials_sent: false,
            ..
        } => Some(format!("log in first: lazaret login {registry}")),
        Error::Unauthorized { registry, .. } => Some(format!(
            "the stored credentials were not accepted; replace them: lazaret login {registry}"
        )),
        Error::Denied { .. } => Some("ask for access, or log in as someone who has it".to_owned()),
        Error::RateLimited {
            retry_after: Some(wait),
            ..
        } => Some(format!("try again in {} s", wait.as_secs().max(1))),
        Error::RateLimited { registry, .. } => Some(format!(
            "wait a while, or log in for a higher limit: lazaret login {registry}"
        )),
        Error::Integrity { .. } => Some(
            "nothing was kept; try again, and report it to the registry's operator if it stays"
                .to_owned(),
        ),
        Error::Unreachable {
            registry, cause, ..
        }
        | Error::Protocol {
            registry, cause, ..
        } => of_cause(*cause, registry),
        Error::Document { source, .. } => artifacts::reference(source),
        Error::CredentialHelper { helper, .. } => Some(format!(
            "install or unlock {helper}, or log in again to keep the credentials in lazaret's own file"
        )),
        Error::CredentialFile { path, .. } => Some(format!("correct or remove {}", path.display())),
        _ => None,
    }
}

fn of_cause(cause: Cause, registry: &str) -> Option<String> {
    match cause {
        Cause::PlainServer => Some(format!(
            "if {registry} is meant to be reached without TLS, set \
             LAZARET_PLAIN_HTTP={registry} or pass --plain-http"
        )),
        Cause::UnknownAuthority => Some(format!(
            "the certificate is not signed by a known authority; name its authority's PEM file \
                 in LAZARET_CA_FILE, or put it at ~/.config/lazaret/certs.d/{registry}/ca.crt"
        )),
        Cause::AuthorityAsServer => Some(
            "make a certificate that is no authority's: `openssl req -x509 ... -addext \
             basicConstraints=critical,CA:FALSE`"
                .to_owned(),
        ),
        Cause::TlsTurnedOff => Some(
            "the server (or a proxy in front of it) is set up to hand out http:// addresses; \
             TLS is never turned off on its word"
                .to_owned(),
        ),
        Cause::PlainNotListed => {
            Some("hosts reached without TLS must be listed in LAZARET_PLAIN_HTTP".to_owned())
        }
        _ => None,
    }
}

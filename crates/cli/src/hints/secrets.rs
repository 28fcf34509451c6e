//! Advice about services with credentials, and about logs.

use lazaret_supervisor::{CredentialNotice, IntegrationError};

const KNOWN: &str = "`lazaret connect --known` lists the integrations";

/// The advice for an error, if there is any.
pub(super) fn hint(error: &IntegrationError) -> Option<String> {
    match error {
        IntegrationError::NotFound { .. } => Some(format!(
            "{KNOWN}; or give its document with --integration FILE"
        )),
        IntegrationError::Ambiguous { references, .. } => Some(format!(
            "say which one with --integration: {}",
            references.join(", ")
        )),
        IntegrationError::WhichCredential { names, .. } => Some(format!(
            "say which one with --credential: {}",
            names.join(", ")
        )),
        IntegrationError::NoCredential { names, .. } if names.is_empty() => None,
        IntegrationError::NoCredential { names, .. } => {
            Some(format!("it has: {}", names.join(", ")))
        }
        IntegrationError::Secrets(lazaret_supervisor::SecretsError::Keyring { .. }) => {
            Some("LAZARET_KEYRING=off keeps secrets in a file".to_owned())
        }
        _ => None,
    }
}

/// The advice for a notice.
pub(super) fn notice(notice: &CredentialNotice) -> String {
    match notice {
        CredentialNotice::NotStored { name, artifact, .. }
        | CredentialNotice::OtherHosts { name, artifact, .. }
        | CredentialNotice::OtherForm { name, artifact, .. } => {
            let from = artifact.as_ref();
            let from = from.map_or_else(String::new, |from| format!(" --integration {from}"));
            format!(
                "`lazaret connect {} --credential {}{from}` stores it",
                name.integration(),
                name.credential()
            )
        }
        _ => KNOWN.to_owned(),
    }
}

/// The advice for a log that cannot be used.
pub(super) fn audit(error: &lazaret_supervisor::AuditError) -> Option<String> {
    match error {
        lazaret_supervisor::AuditError::Absent { .. } => {
            Some("`lazaret audit ls` lists the logs".to_owned())
        }
        lazaret_supervisor::AuditError::End { path, .. } => {
            Some(format!("look at it, and move it away: {}", path.display()))
        }
        _ => None,
    }
}

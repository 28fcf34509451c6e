//! Ways to log in.

use std::path::Path;

use super::issuer::Issuer;
use super::registry::Authority;
use crate::support::{Lazaret, tool};

/// A way to log in, as in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// No login.
    Open,
    /// User name and password with each request.
    Basic,
    /// The token service.
    Tokens,
    /// An API key in place of the password.
    ApiKey,
    /// A token of an OpenID Connect issuer in place of the password.
    Oidc,
    /// A client certificate.
    Certificate,
}

/// A user name and a password.
pub(super) type Login = (String, String);

impl Scheme {
    pub(super) const ALL: [Self; 6] = [
        Self::Open,
        Self::Basic,
        Self::Tokens,
        Self::ApiKey,
        Self::Oidc,
        Self::Certificate,
    ];

    /// The settings for this way to log in.
    pub(super) fn settings(self, folder: &Path, issuer: &Issuer) -> String {
        let users = "[auth.htpasswd]\nfile = \"htpasswd\"\n";
        match self {
            Self::Open => String::new(),
            Self::Basic => {
                write_users(folder);
                users.to_owned()
            }
            Self::Tokens => {
                write_users(folder);
                format!("{users}[auth.tokens]\n")
            }
            Self::ApiKey => "[auth]\napi_keys = true\n".to_owned(),
            Self::Oidc => format!(
                "[[auth.oidc]]\nname = \"ci\"\nissuer = \"{}\"\naudiences = [\"registry\"]\n",
                issuer.url
            ),
            Self::Certificate => "[auth.certificates]\n".to_owned(),
        }
    }

    /// The login of a client. The database exists, because the registry was started before.
    pub(super) fn login(
        self,
        lazaret: &Lazaret,
        settings: &Path,
        issuer: &Issuer,
    ) -> Option<Login> {
        let password = match self {
            Self::Open | Self::Certificate => return None,
            Self::Basic | Self::Tokens => "secret".to_owned(),
            Self::Oidc => issuer.token("registry"),
            Self::ApiKey => {
                let settings = settings.to_str().unwrap();
                let arguments = ["registry", "key", "create", "alice", "--config", settings];
                lazaret.run(arguments).success().stdout.trim().to_owned()
            }
        };
        Some(("alice".to_owned(), password))
    }
}

fn write_users(folder: &Path) {
    let users = tool("htpasswd", &["-Bbn", "-C", "5", "alice", "secret"]);
    std::fs::write(folder.join("htpasswd"), users).unwrap();
}

/// Writes the certificate of the user `alice`: `client.cert` and `client.key`.
pub(super) fn write_client_certificate(authority: &Authority, folder: &Path) {
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "alice");
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    authority.issue(
        parameters,
        &folder.join("client.cert"),
        &folder.join("client.key"),
    );
}

//! Settings of authentication.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lazaret_values::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// Who is known. Without anything here (and without access rules) everybody may everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The registry as clients see it: `https://registry.example.com`. It goes into the address
    /// of the token service [default: what the client asked for].
    pub external_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether Basic credentials are taken everywhere, not only by the token service.
    pub basic: bool,
    /// Name shown by clients that ask for a password.
    pub realm: String,
    /// Groups of users: `ci = ["alice", "bob"]`.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Users and passwords in a file.
    pub htpasswd: Option<Htpasswd>,
    /// The token service: short-lived tokens instead of the password with every request.
    pub tokens: Option<Tokens>,
    /// Issuers of tokens (OpenID Connect) that are believed.
    pub oidc: Vec<Oidc>,
    /// Client certificates; their authorities are in the section `tls`.
    pub certificates: Option<Certificates>,
    /// Whether API keys are taken, and refused otherwise.
    pub api_keys: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            external_url: None,
            trusted_proxies: Vec::new(),
            basic: true,
            realm: "Lazaret".to_owned(),
            groups: BTreeMap::new(),
            htpasswd: None,
            tokens: None,
            oidc: Vec::new(),
            certificates: None,
            api_keys: false,
        }
    }
}

impl Settings {
    /// Whether any authenticator is set up.
    #[must_use]
    pub fn authenticates(&self) -> bool {
        self.htpasswd.is_some()
            || !self.oidc.is_empty()
            || self.certificates.is_some()
            || self.api_keys
    }
}

/// A file of users and passwords, as `htpasswd -B` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Htpasswd {
    /// The file: lines of `user:hash` with bcrypt or argon2 hashes. Read again when it changes.
    #[schemars(extend("format" = "path"))]
    pub file: PathBuf,
}

/// The token service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Name of the service: the audience of tokens [default: host of `external_url`, or
    /// `lazaret-registry`].
    pub service: Option<String>,
    /// Who tokens say they are from.
    pub issuer: String,
    /// Private key that signs, PEM (PKCS #8): Ed25519 or P-256. Replicas need the same one
    /// [default: one is made in the data folder].
    #[schemars(extend("format" = "path"))]
    pub key_file: Option<PathBuf>,
    /// Keys that are still believed after a change of `key_file`, PEM, public or private.
    #[schemars(extend("items" = { "type": "string", "format": "path" }))]
    pub verification_key_files: Vec<PathBuf>,
    /// How long a token lasts.
    pub lifetime: Period,
    /// How long a refresh token lasts; `0s` for none.
    pub refresh_lifetime: Period,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            service: None,
            issuer: "lazaret".to_owned(),
            key_file: None,
            verification_key_files: Vec::new(),
            lifetime: Period::minutes(5),
            refresh_lifetime: Period::days(30),
        }
    }
}

/// An issuer of tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// A short name, such as `github`.
    pub name: String,
    /// The issuer, exactly as it stands in tokens: `https://token.actions.githubusercontent.com`.
    pub issuer: String,
    /// Audiences of which a token must have one.
    pub audiences: Vec<String>,
    /// Claim with the user's name; `a.b` is a claim in a claim.
    #[serde(default = "subject")]
    pub user_claim: String,
    /// Claim with groups: a text or a list of texts.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// Put before names of users and groups, so that they are no other issuer's [default: the
    /// name and a colon].
    #[serde(default)]
    pub prefix: Option<String>,
    /// What else a token must say. All must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Where the issuer's keys are [default: as its discovery document says].
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// Further authorities of the issuer's server certificate, PEM.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
}

fn subject() -> String {
    "sub".to_owned()
}

/// Something that a token must say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The claim: `repository`.
    pub claim: String,
    /// Values of which it must have one; `*` is any text: `acme/*`.
    pub values: Vec<String>,
}

/// What a client certificate says about its holder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Certificates {
    /// The user's name.
    pub user: CertificateField,
    /// The user's groups [default: none].
    pub groups: Option<CertificateField>,
    /// Put before names of users and groups.
    pub prefix: String,
}

/// A field of a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateField {
    /// Common name of the subject.
    #[default]
    CommonName,
    /// Organizations of the subject.
    Organization,
    /// Organizational units of the subject.
    OrganizationalUnit,
    /// DNS names among the subject's alternative names.
    Dns,
    /// Mail addresses among the subject's alternative names.
    Email,
    /// URIs (such as SPIFFE ids) among the subject's alternative names.
    Uri,
}

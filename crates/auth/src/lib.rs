//! Identifies the clients of the registry and decides what they may do: authenticators, access
//! rules, tokens, limits and the audit log.
//!
//! ```text
//! gate          the decisions that the rest of the registry asks for
//!   header form network        what clients send, parsed
//!   htpasswd api_keys oidc certificate    authenticators: credential -> Identity
//!   tokens keys jwt scope      the registry's own tokens
//!   policy                     rules, pure
//!   limits                     rates, failed logins, requests under way; bounded memory
//!   audit                      what happened, without secrets
//! ```
//! [`Gate`] is all that callers need. The crate serves no request, sends no response and keeps no
//! content: `lazaret-registry` does the first two, and `lazaret-content` stores API keys for it.
//! The threats are described in `docs/guide/registry-security.md`.

mod action;
mod api_keys;
mod audit;
mod certificate;
mod denied;
mod error;
mod form;
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod header;
mod htpasswd;
mod identity;
mod jwt;
mod keys;
mod limits;
mod network;
mod oidc;
mod policy;
mod random;
mod scope;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;

pub use action::Action;
pub use api_keys::new_key;
pub use certificate::{CertificateError, ClientCertificate};
pub use denied::Denied;
pub use error::{Error, LineError};
pub use gate::{Context, FORM_BYTES, Gate, TOKEN_PATH};
pub use identity::{Identity, Method, Peer};
pub use limits::RequestLimits;
pub use network::{Network, NetworkError};
pub use policy::{Effect, RepositoryPattern, Rule, Subject, SubjectError};
pub use settings::{CertificateField, Certificates, Condition, Htpasswd, Oidc, Settings, Tokens};
pub use tokens::Grant;

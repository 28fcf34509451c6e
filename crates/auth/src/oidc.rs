//! Verifies tokens of other issuers (OpenID Connect Discovery 1.0, RFC 7517).
//!
//! ```text
//! issuer -> discovery document -> key set, kept for an hour and longer if the issuer is down
//! token  -> key by its id -> signature, times, issuer, audience -> conditions -> user, groups
//! ```

mod claims;
mod fetch;
mod jwks;
mod provider;
#[cfg(test)]
mod tests;

pub(super) use provider::{Failure, Provider};

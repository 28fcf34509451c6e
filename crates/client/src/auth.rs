//! Authenticates requests: challenges (RFC 9110, section 11), Basic (RFC 7617), and Bearer with the
//! token flow of the distribution specification ("auth/token").
//!
//! ```text
//! request --401--> challenge --Basic--> credentials -> request
//!                      \------Bearer-> realm -> token -> request --401--> new token (once)
//! ```
//! A failure of the token server is an error: there is no silent fallback to anonymous access.
//!
//! Azure registries give refresh tokens, too: `exchange`.

mod challenge;
mod credential;
mod exchange;
mod form;
mod handshake;
mod header;
mod jwt;
mod scope;
mod server;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use challenge::Challenge;
pub(crate) use credential::Fixed;
pub use credential::{Anonymous, Credential, CredentialSource};
pub(crate) use exchange::Exchange;
pub(crate) use handshake::{Asked, Authenticator, Header};
pub(crate) use jwt::ends_at;
pub(crate) use scope::Scopes;

//! Authentication: challenges (RFC 9110, section 11), Basic (RFC 7617), Bearer with the token
//! flow of the distribution specification ("auth/token").
//!
//! ```text
//! request --401--> challenge --Basic--> credentials -> request
//!                      \------Bearer-> realm -> token -> request --401--> new token (once)
//! ```
//! A token server that fails is an error: nothing falls back to anonymity in silence.

mod challenge;
mod credential;
mod form;
mod handshake;
mod header;
mod scope;
#[cfg(test)]
mod tests;
mod token;

pub(crate) use challenge::Challenge;
pub(crate) use credential::Fixed;
pub use credential::{Anonymous, Credential, CredentialSource};
pub(crate) use handshake::{Asked, Authenticator, Header};
pub(crate) use scope::Scopes;

//! Finds credentials: in Lazaret's own file, then in Docker's and Podman's files and
//! credential helpers.

mod file;
mod helper;
mod keychain;
mod keys;
mod store;
#[cfg(test)]
mod tests;

pub use keychain::{CredentialFiles, Keychain};
pub use store::{Entry, Store};

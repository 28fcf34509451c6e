//! Finds credentials.
//!
//! ```text
//! keychain       Lazaret's own file, then Docker's and Podman's files and credential helpers
//! helper_source  one helper for one registry       kubelet     credential providers of kubelet
//! password_file  a password for one registry       login_file  the logins of Azure's mirror
//!   helper, program -> run      file, keys, store
//! ```
//! Arrows point down. Each of the first five is a source by itself.

mod file;
mod helper;
mod helper_source;
mod keychain;
mod keys;
mod kubelet;
mod login_file;
mod password_file;
mod program;
mod run;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use file::read_text;
pub use helper_source::{HelperOptions, HelperSource};
pub use keychain::{CredentialFiles, Keychain};
pub use kubelet::{KubeletProvider, KubeletProviderOptions};
pub use login_file::LoginFile;
pub use password_file::PasswordFile;
pub use program::Program;
pub use store::{Entry, Store};

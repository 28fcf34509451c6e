//! The registry client: authentication, transport and one file per verb.
//!
//! ```text
//!  verbs (ping resolve manifest blob push tags delete types referrers catalog)
//!    call: authentication, redirects, repetition          auth: challenges, tokens
//!      transport: connections, TLS, time limits           credentials: files, helpers
//! ```
//! Servers are not trusted: bodies are bounded and verified, redirects, token realms, upload
//! locations and page links are followed only where they can do no harm, and credentials go to
//! the registry's own origin and its token server alone. Content streams both ways; no layer is
//! ever held in memory.
//!
//! Source: distribution-spec 1.1, and "Docker Registry v2 authentication" of distribution.

mod auth;
mod blob;
mod call;
mod catalog;
mod client;
mod credentials;
mod delete;
mod error;
mod manifest;
mod options;
mod pages;
mod ping;
mod push;
mod push_manifest;
mod referrers;
mod resolve;
mod tags;
mod transfer;
mod transport;
mod types;

pub use auth::{Anonymous, Credential, CredentialSource};
pub use blob::Blob;
pub use client::Client;
pub use credentials::{CredentialFiles, Entry, Keychain, Store};
pub use error::{Answer, Class, Error};
pub use options::{Options, Retry, Timeouts};
pub use ping::Ping;
pub use push::{BlobSource, BytesSource, FileSource, PushBlob, Pushed};
pub use push_manifest::PushedManifest;
pub use transfer::{BlobSink, Progress, Quiet, each};

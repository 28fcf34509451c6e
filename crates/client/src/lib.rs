//! The registry client: authentication, transport and one file for each verb.
//!
//! ```text
//!  transfer   many blobs at once, with progress
//!    verbs    one a file: ping resolve manifest blob push_blob tags delete types referrers catalog ...
//!      pull push   a blob in or out, over broken connections       hub: Docker Hub's names
//!        call      authentication, redirects, repetition           auth: challenges, tokens
//!                                                                  azure: tokens of Azure registries
//!          transport   connections, TLS, time limits               credentials: files, programs
//! ```
//! Arrows point down. The crate uses `oci` (names, digests, manifests), `net` (authorities, TLS,
//! bodies) and `files` (the credential file). It never touches disks, machines or the local store:
//! `supervisor` brings what it fetches into `images`.
//!
//! Servers are not trusted. Bodies are bounded and verified. Redirects, token realms, upload
//! locations and page links are followed only where they can do no harm. Credentials go only to the
//! registry's own origin and its token server. Content is streamed in both directions; no layer is
//! ever held in memory.
//!
//! Source: distribution-spec 1.1, and "Docker Registry v2 authentication" of distribution.

mod auth;
mod azure;
mod call;
mod client;
mod credentials;
mod error;
mod hub;
mod observer;
mod options;
mod pull;
mod push;
mod transfer;
mod transport;
mod verbs;

pub use auth::{Anonymous, Credential, CredentialSource};
pub use azure::{AzureRegistry, AzureToken, TokenOrigin};
pub use client::Client;
pub use credentials::{
    CredentialFiles, Entry, HelperOptions, HelperSource, Keychain, KubeletProvider,
    KubeletProviderOptions, LoginFile, PasswordFile, Program, Store,
};
pub use error::{Answer, Cause, Class, Error, UrlFault};
pub use observer::Observer;
pub use options::{ClientCertificate, Options, Proxy, Retry, Timeouts};
pub use pull::{Blob, BlobPart};
pub use push::{BlobSource, BytesSource, FileSource, PushBlob, Pushed};
pub use transfer::{BlobSink, Progress, Quiet, each};
pub use verbs::{Ping, PushedManifest, Revalidation};

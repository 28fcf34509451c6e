//! Services that machines use with credentials that they never see.
//!
//! ```text
//! document of a service: the run's artifacts, built in, known from earlier runs  -> `service`
//!     |-> boundary: hosts, where the secret goes, placeholders                   -> `record`
//!     \-> guest: environment with placeholders                                   -> `placeholder`
//! holder of a machine <- boundary: the secret for this request?                  -> `answers`
//! ```
//! A secret is given for the hosts of the document with which it was stored, and for no others: an artifact
//! that takes the id of another service does not get its secret.

mod answers;
mod built_in;
mod known;
mod notice;
mod placeholder;
mod record;
mod service;

pub use answers::RunCredentials;
pub(crate) use built_in::{all as built_in, find as find_built_in};
pub(crate) use known::KnownServices;
pub use notice::CredentialNotice;
pub(crate) use placeholder::placeholder;
pub(crate) use record::RunRecord;
pub use service::{Origin as ServiceOrigin, Service, ServiceCredential};

//! The rules of repositories: artifact types, pinned bundles, immutable tags, signatures, quotas.
//!
//! Rules are chosen by pattern; the first that matches a repository counts. A rule refuses a
//! push, it never changes one. The schemas of families are in `schemas`; who may push at all
//! is decided by `lazaret-auth`.

mod check;
mod rule;
mod signature;

pub(crate) use check::check;
pub(crate) use rule::{Rule, Rules};
pub use signature::KeyError;
pub(crate) use signature::VerifyingKey;

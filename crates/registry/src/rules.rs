//! The rules of repositories: artifact types, pinned bundles, immutable tags, signatures, quotas.
//!
//! Rules have patterns; the first rule that matches a repository counts. A rule may refuse a push,
//! but never changes it. The schemas of families are in `schemas`; `lazaret-auth` decides who may
//! push at all.

mod check;
mod rule;
pub(crate) mod signature;

pub(crate) use check::{check, needs_signature};
pub(crate) use rule::{Rule, Rules};
pub use signature::KeyError;
pub(crate) use signature::VerifyingKey;

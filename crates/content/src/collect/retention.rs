//! Retention: decides which tags and manifests of a repository are deleted. Pure: no I/O, no clock.

mod planner;
mod rules;

pub use planner::{ManifestDeletion, Plan, Reason, TagDeletion, plan};
pub use rules::{KeepTags, Retention, Rule, Untagged};

#[cfg(test)]
mod tests;

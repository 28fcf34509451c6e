//! What is decided.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// The name of what has decided: `ORIGIN#NUMBER` of a rule (from 1), `ORIGIN#default`, or
/// `builtin:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// What has decided.
    pub rule: RuleId,
}

/// What a connection needs before its first byte is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// No request over it could pass.
    Deny(RuleId),
    /// Every request over it passes, so nobody has to look into it.
    Pass(RuleId),
    /// A person is asked about the connection, which is not looked into.
    AskConnection(RuleId),
    /// It depends on the request, or a person is asked about each.
    Inspect,
}

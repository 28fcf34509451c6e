//! What a person is asked, and how far an answer reaches.

use lazaret_egress::AskRecord;
use serde::{Deserialize, Serialize};

/// How far an answer reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerScope {
    /// This request.
    Once,
    /// All requests to this host and port, for as long as the machine exists.
    Run,
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Since when, in nanoseconds since 1970.
    pub since: u64,
    /// What is asked, under our number.
    #[serde(flatten)]
    pub asked: AskRecord,
}

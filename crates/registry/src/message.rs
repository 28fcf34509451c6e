//! HTTP messages as values: request bodies, queries, ranges, answers and refusals.
//!
//! Everything that answers requests speaks in these. The room knows no endpoint and no store:
//! `act` says what a request asks for, `distribution` does it, `server` carries the bytes.

pub(crate) mod answer;
mod body;
mod pace;
pub(crate) mod percent;
pub(crate) mod query;
pub(crate) mod range;
mod refusal;
#[cfg(test)]
mod tests;

pub(crate) use answer::Body;
pub(crate) use body::RequestBody;
pub(crate) use pace::Pace;
pub(crate) use query::Query;
pub(crate) use refusal::{Outcome, Refusal};

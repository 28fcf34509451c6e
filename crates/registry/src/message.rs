//! HTTP messages as values: request bodies, queries, ranges, responses and refusals.
//!
//! Everything that answers requests uses these types. This module knows no endpoint and no store:
//! `act` parses what a request asks for, `distribution` does it, `server` carries the bytes.

pub(crate) mod answer;
mod body;
mod pace;
pub(crate) mod percent;
pub(crate) mod query;
pub(crate) mod range;
mod refusal;
mod request_id;
#[cfg(test)]
mod tests;

pub(crate) use answer::Body;
pub(crate) use body::RequestBody;
pub(crate) use pace::Pace;
pub(crate) use query::Query;
pub(crate) use refusal::{Outcome, Refusal};
pub(crate) use request_id::RequestId;

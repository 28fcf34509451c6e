//! Requests and answers as values: bodies, answers and refusals, queries, ranges.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod query;
pub(crate) mod range;

//! Requests without parameters or without a body.

use hyper::body::Incoming;
use serde::Deserialize;

use crate::fault::Fault;
use crate::request::{Query, read_json};

/// An object without members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Refuses parameters.
pub(super) fn no_query(query: Option<&str>) -> Result<(), Fault> {
    Query::read(query, &[]).map(drop)
}

/// Refuses parameters, and a body that says anything.
pub(super) async fn nothing(query: Option<&str>, body: &mut Incoming) -> Result<(), Fault> {
    no_query(query)?;
    read_json::<Nothing>(body).await.map(drop)
}

//! The daemon itself, and the stores.

use serde_json::json;

use super::nothing::no_query;
use crate::answer::{Answer, done, whole};
use crate::document::TEXT;
use crate::fault::Failure;
use crate::shared::Shared;

/// `GET /v1/ping`
pub(crate) fn ping(query: Option<&str>) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(done(&json!({ "ok": true })))
}

/// `GET /v1/version`
pub(crate) fn version(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    no_query(query)?;
    let process = std::process::id();
    Ok(done(
        &json!({ "version": shared.version, "api": "v1", "pid": process }),
    ))
}

/// `GET /v1/openapi.json`
pub(crate) fn document(query: Option<&str>) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(whole(TEXT.into(), "application/json"))
}

/// `GET /v1/system/df`
pub(crate) async fn usage(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(done(&shared.look(|home| home.disk_usage()).await?))
}

/// `GET /v1/images`
pub(crate) async fn images(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(done(&shared.look(|home| home.images()).await?))
}

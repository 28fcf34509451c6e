//! Limits the number of upload sessions.

use std::time::Duration;

use http::header;
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorCode;

use crate::message::Refusal;
use crate::registry::Registry;

/// Time without a write after which a session gives its place to another.
const ABANDONED: Duration = Duration::from_secs(3600);
/// What a refused client is told to wait, in seconds.
const RETRY_AFTER: &str = "60";

/// Checks that there is a place for one more session. Requests that come at the same time may go a
/// little beyond the limit.
///
/// # Errors
/// Fails with 429.
pub(super) async fn require_place(
    registry: &Registry,
    repository: &Repository,
) -> Result<(), Refusal> {
    let limits = registry.terms().sessions;
    let most = limits.of_repository.max(limits.of_all);
    let metadata = &registry.stores.metadata;
    let mut has_looked = false;
    loop {
        let open = metadata.open_uploads(repository, most).await?;
        let message = if open.of_repository >= limits.of_repository {
            "the repository has too many unfinished uploads"
        } else if open.of_all >= limits.of_all {
            "the registry has too many unfinished uploads"
        } else {
            return Ok(());
        };
        if has_looked || metadata.expire_uploads(ABANDONED).await? == 0 {
            return Err(Refusal::new(ErrorCode::TooManyRequests, message)
                .header(header::RETRY_AFTER, RETRY_AFTER));
        }
        has_looked = true;
    }
}

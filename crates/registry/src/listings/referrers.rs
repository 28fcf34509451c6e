//! `/v2/<name>/referrers/<digest>` (distribution-spec 1.1, "Listing Referrers").

use http::{HeaderName, StatusCode, header};
use lazaret_oci::{Digest, Repository, media_type};

use crate::answer::{self, Outcome};
use crate::query::Query;
use crate::registry::Registry;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An index of the referrers, empty when there are none: the subject need not exist.
pub(crate) async fn referrers(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    query: &Query,
) -> Outcome {
    let mut manifests = registry.metadata.referrers(repository, digest).await?;
    let filter = query.get("artifactType");
    if let Some(artifact_type) = filter {
        manifests.retain(|entry| entry.artifact_type.as_deref() == Some(artifact_type));
    }
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::INDEX,
        "manifests": manifests,
    });
    let mut response = answer::json(StatusCode::OK, &index);
    response = answer::with(response, header::CONTENT_TYPE, media_type::INDEX);
    if filter.is_some() {
        response = answer::with(response, FILTERS_APPLIED, "artifactType");
    }
    Ok(response)
}

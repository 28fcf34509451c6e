//! `/v2/<name>/manifests/<reference>`.

mod delete;
mod get;
mod put;

pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use put::put;

use lazaret_oci::wire::ErrorCode;

use crate::answer::Refusal;

fn unknown(reference: &str) -> Refusal {
    Refusal::new(ErrorCode::ManifestUnknown, format!("manifest {reference} is not in the repository"))
}

fn text(selector: &lazaret_store::ManifestSelector) -> String {
    match selector {
        lazaret_store::ManifestSelector::Tag(tag) => tag.to_string(),
        lazaret_store::ManifestSelector::Digest(digest) => digest.to_string(),
    }
}

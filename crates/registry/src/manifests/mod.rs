//! `/v2/<name>/manifests/<reference>`.

mod delete;
mod get;
mod put;

pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use put::put;

fn text(selector: &lazaret_store::ManifestSelector) -> String {
    match selector {
        lazaret_store::ManifestSelector::Tag(tag) => tag.to_string(),
        lazaret_store::ManifestSelector::Digest(digest) => digest.to_string(),
    }
}

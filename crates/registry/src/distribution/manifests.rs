//! `/v2/<name>/manifests/<reference>`.

mod delete;
mod get;
mod put;

pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use put::put;

fn text(selector: &lazaret_content::ManifestSelector) -> String {
    match selector {
        lazaret_content::ManifestSelector::Tag(tag) => tag.to_string(),
        lazaret_content::ManifestSelector::Digest(digest) => digest.to_string(),
    }
}

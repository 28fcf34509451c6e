//! The services that this program knows by itself: `built_in.json`.

use lazaret_secrets::Place;
use serde::Deserialize;

use super::service::{Origin, Service, ServiceCredential};

const DOCUMENT: &str = include_str!("built_in.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    description: String,
    endpoints: Vec<Place>,
    credentials: Vec<ServiceCredential>,
}

/// All of them, in their order.
pub(crate) fn all() -> Vec<Service> {
    let entries: Vec<Entry> =
        serde_json::from_str(DOCUMENT).expect("a test reads the embedded document");
    let service = |entry: Entry| Service {
        id: entry.id,
        description: Some(entry.description),
        origin: Origin::BuiltIn,
        places: entry.endpoints,
        credentials: entry.credentials,
    };
    entries.into_iter().map(service).collect()
}

/// The one of this id.
pub(crate) fn find(id: &str) -> Option<Service> {
    all().into_iter().find(|service| service.id == id)
}

#[cfg(test)]
mod tests;

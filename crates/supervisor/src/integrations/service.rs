//! A service and its credentials, wherever its document comes from.

use lazaret_artifacts::Config;
use lazaret_egress::Inject;
use lazaret_secrets::Place;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Its id, by which policies name it.
    pub id: String,
    /// What it is, in words.
    pub description: Option<String>,
    /// Where its document comes from.
    pub origin: Origin,
    /// Where it is.
    #[serde(rename = "endpoints")]
    pub places: Vec<Place>,
    /// Its credentials.
    pub credentials: Vec<ServiceCredential>,
}

/// Where the document of a service comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// This program.
    BuiltIn,
    /// The artifact with this reference.
    Artifact(String),
    /// A file of the user's.
    File(String),
}

/// A credential of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCredential {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub inject: Inject,
    /// Text with `{}` for the secret.
    #[serde(default)]
    pub format: Option<String>,
    /// The variables in which programs look for it.
    #[serde(default)]
    pub env: Vec<String>,
    /// What the secret looks like, see `placeholder`.
    #[serde(default)]
    pub placeholder: Option<String>,
}

impl Service {
    /// The service of a valid integration artifact.
    pub(crate) fn of(id: &str, config: &Config, origin: Origin) -> Self {
        let spec = config.spec();
        let list = |name: &str| spec[name].as_array().into_iter().flatten();
        let shape = text(&spec["placeholder"]);
        Self {
            id: id.to_owned(),
            description: text(&spec["description"]),
            origin,
            places: list("endpoints").map(place).collect(),
            credentials: list("credentials")
                .filter_map(|value| {
                    Some(ServiceCredential {
                        name: text(&value["name"])?,
                        inject: inject(&value["inject"])?,
                        format: text(&value["format"]),
                        env: Vec::new(),
                        placeholder: shape.clone(),
                    })
                })
                .collect(),
        }
    }

    /// The credential of this name.
    pub(crate) fn credential(&self, name: &str) -> Option<&ServiceCredential> {
        self.credentials.iter().find(|has| has.name == name)
    }
}

impl ServiceCredential {
    /// Where it goes, in words.
    #[must_use]
    pub fn goes_to(&self) -> String {
        self.inject.told(self.format.as_deref())
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn place(value: &Value) -> Place {
    let ports = value["ports"].as_array().into_iter().flatten();
    // In JSON Schema, 443.0 is an integer, too.
    let number = |port: &Value| port.as_f64()?.to_string().parse().ok();
    Place {
        host: text(&value["host"]).unwrap_or_default(),
        ports: ports.filter_map(number).collect(),
    }
}

fn inject(value: &Value) -> Option<Inject> {
    let (kind, name) = value.as_object()?.iter().next()?;
    let name = text(name)?;
    match kind.as_str() {
        "header" => Some(Inject::Header(name)),
        "query" => Some(Inject::Query(name)),
        "basic" => Some(Inject::Basic(name)),
        _ => None,
    }
}

//! The list of families that `GET /ext/v1/types` returns.

use lazaret_values::Printable;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Class, Error, Family, Schema};

/// One family, as a registry publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeInfo {
    /// Name of the family: `agent`, ...
    pub family: String,
    /// Class of the family: applied around an agent, or mounted into it.
    pub class: Class,
    /// `kind` of its envelope.
    pub kind: String,
    /// `artifactType` of its manifests.
    pub artifact_type: String,
    /// Media type of its configuration.
    pub config_media_type: String,
    /// The plural in repository paths.
    pub path_segment: String,
    /// The default mount path; `<name>` stands for the artifact's name.
    pub default_mount: Option<String>,
    /// Its JSON Schema, self-contained.
    pub schema: Value,
}

impl From<Family> for TypeInfo {
    fn from(family: Family) -> Self {
        Self {
            family: family.name().to_owned(),
            class: family.class(),
            kind: family.kind().to_owned(),
            artifact_type: family.artifact_type().to_owned(),
            config_media_type: family.config_media_type().to_owned(),
            path_segment: family.path_segment().to_owned(),
            default_mount: family.default_mount().map(str::to_owned),
            schema: Schema::of(family).document().clone(),
        }
    }
}

impl TypeInfo {
    /// The entry for a family that an operator adds: `family` is the name of the schema's
    /// file without `.json`.
    ///
    /// The kind is `properties.kind.const` of the schema; the class is application when the schema
    /// has a `mount` property. The media types follow the pattern of the ten families, and the
    /// plural is the name with `s`, unless the schema has an `x-lazaret` object with
    /// `artifactType`, `configMediaType`, `pathSegment` or `defaultMount`.
    ///
    /// # Errors
    /// [`Error::Schema`] when the schema does not compile or has no kind, or the name is one
    /// of the ten families or not a DNS label.
    pub fn of_schema(family: &str, schema: Value) -> Result<(Self, Schema), Error> {
        let unusable = |reason: &str| Error::Schema {
            family: Printable::excerpt(family),
            reason: reason.to_owned(),
        };
        if family.parse::<Family>().is_ok() {
            return Err(unusable("the name is taken by a built-in family"));
        }
        if !is_label(family) {
            return Err(unusable(
                "the name is not a DNS label: at most 63 lower-case letters, digits and hyphens",
            ));
        }
        let compiled = Schema::compile(family, schema)?;
        let document = compiled.document();
        let kind = document
            .pointer("/properties/kind/const")
            .and_then(Value::as_str)
            .ok_or_else(|| unusable("it has no text at /properties/kind/const"))?;
        let is_mounted = document
            .pointer("/properties/mount")
            .is_some_and(|mount| *mount != Value::Bool(false));
        let extra = |member: &str| document["x-lazaret"][member].as_str().map(str::to_owned);
        let info = Self {
            family: family.to_owned(),
            class: if is_mounted {
                Class::Application
            } else {
                Class::Runtime
            },
            kind: kind.to_owned(),
            artifact_type: extra("artifactType")
                .unwrap_or_else(|| format!("application/vnd.lens.{family}.v1+json")),
            config_media_type: extra("configMediaType")
                .unwrap_or_else(|| format!("application/vnd.lens.{family}.config.v1+json")),
            path_segment: extra("pathSegment").unwrap_or_else(|| format!("{family}s")),
            default_mount: extra("defaultMount"),
            schema: document.clone(),
        };
        Ok((info, compiled))
    }
}

/// The entries of the ten families.
#[must_use]
pub fn catalogue() -> Vec<TypeInfo> {
    Family::ALL.map(TypeInfo::from).into()
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

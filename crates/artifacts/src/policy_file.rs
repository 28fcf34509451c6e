//! The form in which a policy is delivered: its `spec` alone, with integrations as ids; and the
//! documents that decide.

use lazaret_policy::{Document, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{API_VERSION, Config, Error, Family, Fault};

/// `apiVersion` of Lens's own artifacts, one of which, a mixin, is what its policy files are.
const LENS_VERSION: &str = "lns.run/v1";

/// A policy in the delivered form, `{network?, integrations?: [id], ...}`, which has been understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    spec: Map<String, Value>,
    documents: Vec<Document>,
}

impl PolicyFile {
    /// The delivered form of a policy artifact. Its rules are told by `origin`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every rule that cannot be enforced as it is meant.
    pub fn of(origin: &str, config: &Config) -> Result<Self, Error> {
        let spec = config.spec();
        let document = understood(origin, spec, "/spec")?;
        Ok(Self {
            spec: delivered(spec),
            documents: vec![document],
        })
    }

    /// Reads a policy file: an artifact's envelope, the flat form, in which integrations may
    /// be ids or references, or a mixin of Lens. Its rules are told by `origin`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault; the pointers are those of the file as given.
    pub fn read(origin: &str, document: &Value) -> Result<Self, Error> {
        if document["apiVersion"] == LENS_VERSION {
            return Self::of_mixin(origin, document);
        }
        if document.get("kind").is_some() || document.get("apiVersion").is_some() {
            let config = Config::parse(Family::Policy, document.clone())?;
            return Self::of(origin, &config);
        }
        let envelope = json!({
            "apiVersion": API_VERSION,
            "kind": Family::Policy.kind(),
            "metadata": {"name": "policy"},
            "spec": with_reference_objects(document),
        });
        match Config::parse(Family::Policy, envelope) {
            Ok(_) => Ok(Self {
                documents: vec![understood(origin, document, "")?],
                spec: delivered(document),
            }),
            Err(Error::Invalid { subject, faults }) => Err(Error::Invalid {
                subject,
                faults: faults.into_iter().map(without_spec).collect(),
            }),
            Err(error) => Err(error),
        }
    }

    fn of_mixin(origin: &str, mixin: &Value) -> Result<Self, Error> {
        if mixin["kind"] != "mixin" {
            let message = format!("of {LENS_VERSION}, a policy is a 'mixin'");
            return Err(invalid(vec![Fault::new("/kind", "const", message)]));
        }
        let egress = match mixin.pointer("/spec/egress") {
            Some(_) => mixin["spec"].clone(),
            None => json!({"egress": {}}),
        };
        let document = understood(origin, &egress, "/spec")?;
        let network = json!({"default": document.default, "rules": document.rules});
        Ok(Self {
            spec: Map::from_iter([("network".to_owned(), network)]),
            documents: vec![document],
        })
    }

    /// Merges policies, of which each decides by its own rules: what one denies no other allows, and
    /// the strictest default holds. Each integration is there once; of any other member the
    /// first value. `None` without policies.
    #[must_use]
    pub fn merged(policies: &[Self]) -> Option<Self> {
        let (first, rest) = policies.split_first()?;
        if rest.is_empty() {
            return Some(first.clone());
        }
        let documents: Vec<Document> = policies
            .iter()
            .flat_map(|policy| policy.documents.iter().cloned())
            .collect();
        let default = documents.iter().filter_map(|document| document.default);
        let default = default.min().unwrap_or(Verdict::Deny);
        let mut rules: Vec<_> = documents.iter().flat_map(|own| &own.rules).collect();
        rules.sort_by_key(|rule| rule.verdict);
        let mut integrations: Vec<&str> = Vec::new();
        for id in policies.iter().flat_map(Self::integrations) {
            if !integrations.contains(&id) {
                integrations.push(id);
            }
        }
        let mut spec = Map::new();
        for policy in policies {
            for (member, value) in &policy.spec {
                spec.entry(member).or_insert_with(|| value.clone());
            }
        }
        let network = json!({"default": default, "rules": rules});
        spec.insert("network".to_owned(), network);
        if !integrations.is_empty() {
            spec.insert("integrations".to_owned(), json!(integrations));
        }
        Some(Self { spec, documents })
    }

    /// The documents that decide, one for each policy.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Whether anything may be reached at all, be it after a question.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.documents.iter().any(|document| {
            let verdicts = document.rules.iter().map(|rule| rule.verdict);
            let mut verdicts = verdicts.chain(document.default);
            verdicts.any(|verdict| verdict != Verdict::Deny)
        })
    }

    /// Whether it has rules of this kind, such as `process`.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.spec.get(member).is_some_and(|rules| match rules {
            Value::Array(rules) => !rules.is_empty(),
            Value::Object(rules) => !rules.is_empty(),
            rules => !rules.is_null(),
        })
    }

    /// The ids of the integrations.
    pub fn integrations(&self) -> impl Iterator<Item = &str> {
        self.spec
            .get("integrations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// The policy as it is delivered.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.spec.clone())
    }
}

/// The document of a spec that its schema has let through.
fn understood(origin: &str, spec: &Value, place: &str) -> Result<Document, Error> {
    lazaret_policy::read(origin, spec).map_err(|faults| {
        let faults = faults.into_iter();
        let faults = faults.map(|fault| Fault::of_rule(place, &fault));
        invalid(faults.collect())
    })
}

fn invalid(faults: Vec<Fault>) -> Error {
    Error::Invalid {
        subject: Family::Policy.to_string(),
        faults,
    }
}

/// The id of an integration: the last path segment of its reference, without tag and digest.
#[must_use]
pub fn integration_id(reference: &str) -> &str {
    let path = reference.split('@').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

fn delivered(spec: &Value) -> Map<String, Value> {
    let mut policy = spec.as_object().cloned().unwrap_or_default();
    if let Some(Value::Array(integrations)) = policy.get_mut("integrations") {
        for integration in integrations {
            let id = integration["ref"].as_str().map(integration_id);
            if let Some(id) = id.map(str::to_owned) {
                *integration = Value::String(id);
            }
        }
    }
    policy
}

/// Converts ids to references, so that one schema serves both forms.
fn with_reference_objects(flat: &Value) -> Value {
    let mut spec = flat.clone();
    if let Some(Value::Array(integrations)) = spec.get_mut("integrations") {
        for integration in integrations {
            if integration.is_string() {
                *integration = json!({"ref": integration});
            }
        }
    }
    spec
}

fn without_spec(fault: Fault) -> Fault {
    let pointer = match fault.pointer.strip_prefix("/spec") {
        Some(rest) => rest.to_owned(),
        None => fault.pointer,
    };
    Fault { pointer, ..fault }
}

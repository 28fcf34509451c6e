//! The form in which a policy is delivered: its `spec` alone, with integrations as ids.

use serde_json::{Map, Value, json};

use crate::{API_VERSION, Config, Error, Family, Fault};

/// A policy in the delivered form: `{network?, integrations?: [id], ...}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicyFile(Map<String, Value>);

impl PolicyFile {
    /// The delivered form of a policy artifact.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self(delivered(config.spec()))
    }

    /// Reads a policy file: an artifact's envelope, or the flat form, in which integrations may
    /// be ids or references.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault; the pointers are those of the file as given.
    pub fn read(document: &Value) -> Result<Self, Error> {
        if document.get("kind").is_some() || document.get("apiVersion").is_some() {
            return Config::parse(Family::Policy, document.clone()).map(|config| Self::of(&config));
        }
        let envelope = json!({
            "apiVersion": API_VERSION,
            "kind": Family::Policy.kind(),
            "metadata": {"name": "policy"},
            "spec": with_reference_objects(document),
        });
        match Config::parse(Family::Policy, envelope) {
            Ok(_) => Ok(Self(delivered(document))),
            Err(Error::Invalid { subject, faults }) => Err(Error::Invalid {
                subject,
                faults: faults.into_iter().map(without_spec).collect(),
            }),
            Err(error) => Err(error),
        }
    }

    /// Merges policies: the strictest `default` (`deny`, then `ask`, then `allow`); the rules of
    /// all, those that deny first and those that ask next, so that what one policy denies no other
    /// allows; each integration once; of any other member the first value. `None` without policies.
    #[must_use]
    pub fn merged(policies: &[Self]) -> Option<Self> {
        let (first, rest) = policies.split_first()?;
        if rest.is_empty() {
            return Some(first.clone());
        }
        let strictest = policies
            .iter()
            .map(Self::default_verdict)
            .min_by_key(|verdict| leniency(verdict))?;
        let mut rules: Vec<&Value> = policies.iter().flat_map(Self::rules).collect();
        rules.sort_by_key(|rule| leniency(rule["verdict"].as_str().unwrap_or("deny")));
        let mut integrations: Vec<&str> = Vec::new();
        for id in policies.iter().flat_map(Self::integrations) {
            if !integrations.contains(&id) {
                integrations.push(id);
            }
        }
        let mut merged = Map::new();
        for policy in policies {
            for (member, value) in &policy.0 {
                merged.entry(member).or_insert_with(|| value.clone());
            }
        }
        merged.insert(
            "network".to_owned(),
            json!({"default": strictest, "rules": rules}),
        );
        if !integrations.is_empty() {
            merged.insert("integrations".to_owned(), json!(integrations));
        }
        Some(Self(merged))
    }

    /// The verdict where no rule matches; `deny` when it is not given.
    #[must_use]
    pub fn default_verdict(&self) -> &str {
        self.network("default")
            .and_then(Value::as_str)
            .unwrap_or("deny")
    }

    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &Value> {
        self.network("rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    /// Whether it has rules of this kind, such as `process`.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.0.get(member).is_some_and(|rules| match rules {
            Value::Array(rules) => !rules.is_empty(),
            Value::Object(rules) => !rules.is_empty(),
            rules => !rules.is_null(),
        })
    }

    /// The ids of the integrations.
    pub fn integrations(&self) -> impl Iterator<Item = &str> {
        self.0
            .get("integrations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// The document as it is delivered.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    fn network(&self, member: &str) -> Option<&Value> {
        self.0.get("network")?.get(member)
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

/// How much a verdict lets through, for comparison.
fn leniency(verdict: &str) -> u8 {
    match verdict {
        "deny" => 0,
        "ask" => 1,
        _ => 2,
    }
}

//! The schemas, JSON Schema draft 2020-12, one for each family, in compiled form.

use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use lazaret_values::Printable;
use serde_json::Value;

use crate::fault::{self, Fault};
use crate::{Error, Family};

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    document: Value,
    validator: Validator,
}

impl Schema {
    /// The schema of one of the ten families.
    #[must_use]
    pub fn of(family: Family) -> &'static Self {
        &EMBEDDED[family as usize]
    }

    /// Compiles the schema of an operator's own family. It must be
    /// self-contained: nothing is fetched.
    ///
    /// # Errors
    /// [`Error::Schema`] when it is not a valid schema of draft 2020-12.
    pub fn compile(family: &str, document: Value) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Schema {
            family: family.to_owned(),
            reason,
        };
        if !document.is_object() {
            return Err(unusable("it is not an object".to_owned()));
        }
        // The plain engine matches in linear time, whatever the pattern and the text.
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .build(&document)
            .map_err(|error| unusable(Printable::excerpt(&error.to_string())))?;
        Ok(Self {
            document,
            validator,
        })
    }

    /// The schema as it is published.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// All faults that the schema finds, sorted by place. At most [`crate::MAX_FAULTS`].
    #[must_use]
    pub fn faults(&self, config: &Value) -> Vec<Fault> {
        fault::sorted(self.raw_faults(config))
    }

    /// All faults of a configuration blob as the registry received it. A blob that is not JSON
    /// has one fault, of keyword `json`.
    #[must_use]
    pub fn blob_faults(&self, blob: &[u8]) -> Vec<Fault> {
        match crate::parse_blob(blob) {
            Ok(config) => self.faults(&config),
            Err(error) => vec![Fault::new("", "json", error.to_string())],
        }
    }

    pub(crate) fn raw_faults(&self, config: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        for error in self.validator.iter_errors(config) {
            fault::collect(&error, &self.document, &mut faults);
            if faults.len() > fault::COLLECT_AT_MOST {
                break;
            }
        }
        faults
    }
}

const SOURCES: [&str; 10] = [
    include_str!("../schemas/agent.json"),
    include_str!("../schemas/sandbox.json"),
    include_str!("../schemas/policy.json"),
    include_str!("../schemas/integration.json"),
    include_str!("../schemas/workflow.json"),
    include_str!("../schemas/bundle.json"),
    include_str!("../schemas/model.json"),
    include_str!("../schemas/tool.json"),
    include_str!("../schemas/knowledge.json"),
    include_str!("../schemas/fileset.json"),
];

/// The schemas of the ten families, each compiled at its first use.
static EMBEDDED: [LazyLock<Schema>; 10] = [
    LazyLock::new(|| embedded(Family::Agent)),
    LazyLock::new(|| embedded(Family::Sandbox)),
    LazyLock::new(|| embedded(Family::Policy)),
    LazyLock::new(|| embedded(Family::Integration)),
    LazyLock::new(|| embedded(Family::Workflow)),
    LazyLock::new(|| embedded(Family::Bundle)),
    LazyLock::new(|| embedded(Family::Model)),
    LazyLock::new(|| embedded(Family::Tool)),
    LazyLock::new(|| embedded(Family::Knowledge)),
    LazyLock::new(|| embedded(Family::Fileset)),
];

fn embedded(family: Family) -> Schema {
    let document =
        serde_json::from_str(SOURCES[family as usize]).expect("a test parses every schema");
    Schema::compile(family.name(), document).expect("a test compiles every schema")
}

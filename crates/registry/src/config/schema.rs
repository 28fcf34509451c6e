//! The JSON Schema of the file, and its leaves: the settings that flags and variables can name.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;

/// Prefix of environment variables.
const VARIABLE: &str = "LAZARET_SERVE_";
/// `format` of strings that are paths.
pub(super) const PATH: &str = "path";

/// The JSON Schema (draft 2020-12) of the file.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Config>().to_value();
    unwrap_paragraphs(&mut schema);
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), "registry.toml of Lazaret".into());
    }
    schema
}

/// Doc comments are wrapped; descriptions are not.
fn unwrap_paragraphs(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => {
                        *text = text
                            .split("\n\n")
                            .map(|paragraph| paragraph.replace('\n', " "))
                            .collect::<Vec<_>>()
                            .join("\n\n");
                    }
                    value => unwrap_paragraphs(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_paragraphs),
        _ => {}
    }
}

/// How a setting's value is written in a flag or variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Text,
    /// A path, relative to the working folder.
    Path,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Texts with commas between them, or a JSON array.
    List,
    /// JSON.
    Json,
}

/// One setting that is no section.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Keys from the outermost to its own.
    pub path: Vec<String>,
    /// How its value is written.
    pub kind: Kind,
    /// What it is.
    pub description: String,
    /// What it may be, if that is a short list.
    pub values: Vec<String>,
    /// Its value when nobody gives one, as JSON.
    pub default: Option<Value>,
}

impl Setting {
    /// `storage.s3.url`
    #[must_use]
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// The flag without its dashes: `storage-s3-url`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.path.join("-").replace('_', "-")
    }

    /// The environment variable: `LAZARET_SERVE_STORAGE_S3_URL`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{VARIABLE}{}", self.path.join("_").to_uppercase())
    }
}

/// Every setting that is no section, in the order of the schema.
#[must_use]
pub fn settings() -> Vec<Setting> {
    let schema = schema();
    let mut settings = Vec::new();
    collect(&schema, &schema, &mut Vec::new(), None, &mut settings);
    settings
}

fn collect(
    root: &Value,
    section: &Value,
    path: &mut Vec<String>,
    defaults: Option<&Value>,
    settings: &mut Vec<Setting>,
) {
    for (name, property) in properties(section) {
        let target = resolve(root, property);
        path.push(name.clone());
        let default = defaults
            .and_then(|values| values.get(name))
            .or_else(|| property.get("default"))
            .or_else(|| target.get("default"))
            .filter(|default| !default.is_null());
        if properties(target).next().is_some() {
            collect(root, target, path, default, settings);
        } else {
            let text = |of: &Value| {
                of.get("description")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            settings.push(Setting {
                path: path.clone(),
                kind: kind(target),
                description: text(property).or_else(|| text(target)).unwrap_or_default(),
                values: values(target),
                default: default.cloned(),
            });
        }
        path.pop();
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// What a reference or an optional value stands for.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix("#/$defs/"))
    {
        return resolve(root, &root["$defs"][name]);
    }
    let some = schema
        .get("anyOf")
        .and_then(Value::as_array)
        .and_then(|variants| variants.iter().find(|variant| variant["type"] != "null"));
    match some {
        Some(variant) => resolve(root, variant),
        None => schema,
    }
}

/// The type without `null`.
fn type_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        name => name.as_str(),
    }
}

fn kind(schema: &Value) -> Kind {
    match type_name(schema) {
        Some("string") if schema["format"] == PATH => Kind::Path,
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("array") if type_name(&schema["items"]) == Some("string") => Kind::List,
        None if !values(schema).is_empty() => Kind::Text,
        _ => Kind::Json,
    }
}

/// The texts of an enumeration: schemars writes `enum`, or `oneOf` with `const` when the
/// variants have descriptions.
fn values(schema: &Value) -> Vec<String> {
    let constants = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|variant| variant.get("const"));
    let listed = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    constants
        .chain(listed)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Calls `change` with every string of `value` that the schema calls a path.
pub(super) fn for_each_path(
    root: &Value,
    schema: &Value,
    value: &mut Value,
    change: &mut dyn FnMut(&mut String),
) {
    let schema = resolve(root, schema);
    match value {
        Value::String(text) if schema["format"] == PATH => change(text),
        Value::Array(items) => {
            for item in items {
                for_each_path(root, &schema["items"], item, change);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let Some(property) = property(schema, name) else {
                    continue;
                };
                for_each_path(root, property, field, change);
            }
        }
        _ => {}
    }
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .and_then(|properties: &Map<String, Value>| properties.get(name))
}

/// Names of the settings in a section, for advice.
pub(super) fn names(path: &str) -> Vec<String> {
    let root = schema();
    let mut section = &root;
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let (name, is_item) = match segment.split_once('[') {
            Some((name, _)) => (name, true),
            None => (segment, false),
        };
        let Some(found) = property(section, name) else {
            return Vec::new();
        };
        section = resolve(&root, found);
        if is_item {
            section = resolve(&root, &section["items"]);
        }
    }
    properties(section).map(|(name, _)| name.clone()).collect()
}

//! Makes the JSON Schema of the file, and lists its leaves: the settings that have flags and
//! variables.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;

/// Prefix of environment variables.
const VARIABLE: &str = "LAZARET_SERVE_";
/// The `format` of strings that are paths.
pub(super) const PATH: &str = "path";

/// Makes the JSON Schema (draft 2020-12) of the file.
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

/// Joins the lines of paragraphs, which are wrapped in doc comments, in descriptions.
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

/// The notation of a setting's value in a flag or variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Plain text.
    Text,
    /// A path, relative to the working folder.
    Path,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Texts separated by commas, or a JSON array.
    List,
    /// Any JSON value.
    Json,
}

/// A setting that is not a section.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The keys from the outermost section to the setting.
    pub path: Vec<String>,
    /// The notation of its value.
    pub kind: Kind,
    /// The description.
    pub description: String,
    /// The possible values, if they are a short list.
    pub values: Vec<String>,
    /// The default value, as JSON.
    pub default: Option<Value>,
}

impl Setting {
    /// The key: `storage.s3.url`.
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

/// Lists all settings that are not sections, in the order of the schema.
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

/// Follows a `$ref`, and unwraps an optional value.
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

/// The type, when `null` is disregarded.
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

/// The texts of an enumeration. Schemars writes `enum`, or `oneOf` with `const` when the variants
/// have descriptions.
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

/// Calls `change` with every string of `value` that is a path by the schema.
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

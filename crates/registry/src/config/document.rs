//! Merges the file and its overrides to one tree of values, and remembers the origin of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lazaret_files::read_regular_text;
use lazaret_values::without_byte_order_mark;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::position::Origin;
use super::schema::{self, Kind, Setting};
use super::{Config, Fault};

/// Largest configuration file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Values from flags and variables, which override those of the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// In order of precedence, the strongest last.
    entries: Vec<(Setting, String, Origin)>,
    unknown: Vec<(String, Vec<String>)>,
}

impl Overrides {
    /// Adds the variables that name settings. Must be called before [`Overrides::flag`], because
    /// flags take precedence.
    pub fn variables(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        let settings = schema::settings();
        for (name, value) in variables {
            match settings.iter().find(|setting| setting.variable() == name) {
                Some(setting) => {
                    let origin = Origin::Variable(name);
                    self.entries.push((setting.clone(), value, origin));
                }
                None => {
                    let known = settings.iter().map(Setting::variable).collect();
                    self.unknown.push((name, known));
                }
            }
        }
    }

    /// Sets the value of the setting with this key, as its flag would. Reading the settings fails
    /// when there is no such key.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        let settings = schema::settings();
        match settings.iter().find(|setting| setting.key() == key) {
            Some(setting) => self.flag(setting, value.into()),
            None => {
                let known = settings.iter().map(Setting::key);
                self.unknown.push((key.to_owned(), known.collect()));
            }
        }
    }

    /// Adds the value of a flag.
    pub fn flag(&mut self, setting: &Setting, value: String) {
        let origin = Origin::Flag(format!("--{}", setting.flag()));
        self.entries.push((setting.clone(), value, origin));
    }
}

/// Settings as they were given, without types.
#[derive(Debug, Clone)]
pub struct Document {
    value: Value,
    origins: BTreeMap<String, Origin>,
}

impl Document {
    /// Reads the file, if there is one, and applies the overrides.
    ///
    /// # Errors
    /// When the file cannot be read, has more than 1 MiB or is not TOML, and when overrides do not have the right form.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, Faults> {
        Self::parse(file, &Self::text(file)?, overrides)
    }

    /// The text of the file; empty without a file.
    ///
    /// # Errors
    /// Fails when the file cannot be read, or has more than 1 MiB.
    pub(crate) fn text(file: Option<&Path>) -> Result<String, Faults> {
        let Some(path) = file else {
            return Ok(String::new());
        };
        read_regular_text(path, LARGEST).map_err(|error| {
            let message = format!("failed to read '{}': {error}", path.display());
            Faults::one("", None, message)
        })
    }

    /// Like [`Document::load`], with the text of the file.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn parse(file: Option<&Path>, text: &str, overrides: &Overrides) -> Result<Self, Faults> {
        let path = file.map_or_else(|| PathBuf::from("registry.toml"), Path::to_owned);
        let text = without_byte_order_mark(text);
        let locate = |offset| Origin::in_file(path.clone(), text, offset);
        let table = DeTable::parse(text).map_err(|error| {
            let origin = error.span().map(|span| locate(span.start));
            Faults::one("", origin, error.message().to_owned())
        })?;
        let mut document = Self {
            value: Value::Null,
            origins: BTreeMap::new(),
        };
        document.value = document.table("", table.get_ref(), &locate);
        if let Some(folder) = file.and_then(Path::parent) {
            let schema = schema::schema();
            schema::for_each_path(&schema, &schema, &mut document.value, &mut |path| {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            });
        }
        document.lay_over(overrides)?;
        Ok(document)
    }

    fn table(&mut self, at: &str, table: &DeTable<'_>, locate: &dyn Fn(usize) -> Origin) -> Value {
        let mut fields = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let path = join(at, name);
            // The place of the key is better than that of the value for sections, and as good for
            // others.
            self.origins.insert(path.clone(), locate(key.span().start));
            let value = self.value(&path, value.get_ref(), locate);
            fields.insert(name.to_owned(), value);
        }
        Value::Object(fields)
    }

    fn value(
        &mut self,
        path: &str,
        value: &DeValue<'_>,
        locate: &dyn Fn(usize) -> Origin,
    ) -> Value {
        match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::from),
            DeValue::Float(number) => number
                .as_str()
                .parse::<f64>()
                .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::from),
            DeValue::Boolean(is_true) => Value::Bool(*is_true),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Array(items) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.origins.insert(path.clone(), locate(item.span().start));
                    values.push(self.value(&path, item.get_ref(), locate));
                }
                Value::Array(values)
            }
            DeValue::Table(table) => self.table(path, table, locate),
        }
    }

    fn lay_over(&mut self, overrides: &Overrides) -> Result<(), Faults> {
        let mut faults = Vec::new();
        for (name, known) in &overrides.unknown {
            faults.extend(
                Faults::one(
                    "",
                    Some(Origin::Variable(name.clone())),
                    "there is no such setting".to_owned(),
                )
                .hint(meant(name, known))
                .0,
            );
        }
        for (setting, text, origin) in &overrides.entries {
            match parse(setting.kind, text) {
                Ok(value) => self.set(setting, value, origin),
                Err(message) => {
                    faults.extend(Faults::one(setting.key(), Some(origin.clone()), message).0);
                }
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Faults(faults))
        }
    }

    fn set(&mut self, setting: &Setting, value: Value, origin: &Origin) {
        let [sections @ .., name] = setting.path.as_slice() else {
            return;
        };
        let mut at = String::new();
        let mut section = &mut self.value;
        for key in sections {
            at = join(&at, key);
            self.origins
                .entry(at.clone())
                .or_insert_with(|| origin.clone());
            section = child(section, key);
        }
        *child(section, name) = value;
        let key = setting.key();
        // The places of the old value's parts in the file are no longer valid.
        self.origins.retain(|path, _| {
            !path
                .strip_prefix(key.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        self.origins.insert(key, origin.clone());
    }

    /// Converts the settings to their types.
    ///
    /// # Errors
    /// Fails with the first value that does not have the right type.
    pub fn config(&self) -> Result<Config, Faults> {
        serde_path_to_error::deserialize(&self.value).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            let message = error.into_inner().to_string();
            let message = message
                .split_once(", expected one of")
                .map_or(message.as_str(), |(first, _)| first)
                .to_owned();
            let hint = message
                .starts_with("unknown field")
                .then(|| {
                    let (section, name) = path.rsplit_once('.').unwrap_or(("", &path));
                    let names = schema::names(section);
                    meant(name, &names).or_else(|| {
                        (!names.is_empty()).then(|| format!("known are {}", names.join(", ")))
                    })
                })
                .flatten();
            Faults::one(path.clone(), self.origin(&path), message).hint(hint)
        })
    }

    /// The origin of a value, or of the section that lacks it.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<Origin> {
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return Some(origin.clone());
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// Makes a fault of a setting, with its place.
    pub(super) fn fault(&self, path: &str, message: String, hint: Option<&str>) -> Fault {
        Fault {
            path: path.to_owned(),
            origin: self.origin(path),
            message,
            hint: hint.map(str::to_owned),
            is_warning: false,
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

/// The field of a table; a value that is not a table becomes one.
fn child<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    &mut value[key]
}

fn is_array(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']')
}

/// A value as flags and variables give it.
fn parse(kind: Kind, text: &str) -> Result<Value, String> {
    let json = |text: &str| {
        serde_json::from_str(text).map_err(|error| format!("the value is no JSON: {error}"))
    };
    match kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Path => std::path::absolute(text)
            .map(|path| Value::String(path.to_string_lossy().into_owned()))
            .map_err(|error| format!("'{text}' is no path: {error}")),
        Kind::Integer => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| format!("'{text}' is no whole number")),
        Kind::Number => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::from)
            .ok_or_else(|| format!("'{text}' is no number")),
        Kind::Boolean => text
            .parse::<bool>()
            .map(Value::Bool)
            .map_err(|_| format!("'{text}' is neither true nor false")),
        // `[::1]:5000` begins like an array, too.
        Kind::List if is_array(text.trim()) => json(text),
        Kind::List => Ok(text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()),
        Kind::Json => json(text),
    }
}

/// Advice for a name that is unknown.
fn meant(name: &str, known: &[String]) -> Option<String> {
    let nearest = lazaret_values::nearest(name, known.iter().map(String::as_str))?;
    Some(format!("did you mean {nearest}?"))
}

//! One table of the document while it is read: typed values, their places, and the keys that nobody
//! asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use lazaret_values::{Printable, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::sink::Sink;

/// A table. Keys that were not asked for become warnings when it is dropped by [`Section::finish`].
#[derive(Debug)]
pub(crate) struct Section<'a> {
    sink: &'a Sink,
    table: &'a DeTable<'a>,
    /// The keys that lead to it, joined by dots.
    path: String,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// The table at `path`, which the sink has placed.
    pub(crate) fn new(sink: &'a Sink, table: &'a DeTable<'a>, path: String) -> Self {
        Self {
            sink,
            table,
            path,
            asked: RefCell::default(),
        }
    }

    /// The keys that lead to one of its values.
    fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Adds a fault of the value of `key`.
    pub(crate) fn fault(&self, key: &str, message: impl Into<String>) {
        self.sink.fault(&self.path_of(key), message);
    }

    /// Adds a fault of the table itself.
    pub(crate) fn fault_here(&self, message: impl Into<String>) {
        self.sink.fault(&self.path, message);
    }

    /// Whether the table has this key.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.raw(key).is_some()
    }

    /// A key whose value is not looked at.
    pub(crate) fn ignore(&self, key: &'static str) {
        self.asked.borrow_mut().insert(key);
    }

    /// Text that must be there.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        self.needed(key)?;
        self.maybe_text(key)
    }

    /// Text that must be there and have more than spaces.
    pub(crate) fn filled(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.fault(key, "is empty");
            return None;
        }
        Some(text)
    }

    /// Text, if it is there.
    pub(crate) fn maybe_text(&self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            DeValue::String(text) => Some(text.to_string()),
            other => {
                self.fault(key, unexpected("text", other));
                None
            }
        }
    }

    /// A path that must be there.
    pub(crate) fn file(&self, key: &'static str) -> Option<PathBuf> {
        self.needed(key)?;
        self.maybe_file(key)
    }

    /// A path, if it is there.
    pub(crate) fn maybe_file(&self, key: &'static str) -> Option<PathBuf> {
        let text = self.maybe_text(key)?;
        match check_path(&text) {
            Ok(()) => Some(PathBuf::from(text)),
            Err(reason) => {
                self.fault(key, reason);
                None
            }
        }
    }

    /// A value with a text form, which must be there.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<T> {
        self.needed(key)?;
        self.maybe_parsed(key)
    }

    /// A value with a text form, if it is there.
    pub(crate) fn maybe_parsed<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<T> {
        match self.maybe_text(key)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(key, error.to_string());
                None
            }
        }
    }

    /// A whole number within bounds, which must be there.
    pub(crate) fn number(&self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<u32> {
        self.needed(key)?;
        self.maybe_number(key, bounds)
    }

    /// A whole number within bounds, if it is there.
    pub(crate) fn maybe_number(
        &self,
        key: &'static str,
        bounds: RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = match self.value(key)? {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            other => {
                self.fault(key, unexpected("a whole number", other));
                return None;
            }
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            self.fault(key, format!("is not from {least} to {most}"));
        }
        number
    }

    /// `true` or `false`, which must be there.
    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        self.needed(key)?;
        self.maybe_boolean(key)
    }

    /// `true` or `false`, if it is there.
    pub(crate) fn maybe_boolean(&self, key: &'static str) -> Option<bool> {
        match self.value(key)? {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.fault(key, unexpected("true or false", other));
                None
            }
        }
    }

    /// A list of texts, if it is there.
    pub(crate) fn maybe_texts(&self, key: &'static str) -> Option<Vec<String>> {
        let DeValue::Array(items) = self.value(key)? else {
            self.fault(key, "is no list of texts");
            return None;
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.to_string()),
                other => {
                    let path = format!("{}[{index}]", self.path_of(key));
                    let message = unexpected("text", other);
                    self.sink.fault_at(&path, item.span().start, message);
                }
            }
        }
        Some(texts)
    }

    /// A table that must be there.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.needed(key)?;
        self.maybe_section(key)
    }

    /// A table, if it is there.
    pub(crate) fn maybe_section(&self, key: &'static str) -> Option<Section<'a>> {
        match self.value(key)? {
            DeValue::Table(table) => Some(Section::new(self.sink, table, self.path_of(key))),
            other => {
                self.fault(key, unexpected("a table", other));
                None
            }
        }
    }

    /// A list of tables; one table is a list of one. Empty when the key is missing.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let items = match self.value(key) {
            None => return Vec::new(),
            Some(DeValue::Array(items)) => items,
            Some(DeValue::Table(table)) => {
                return vec![Section::new(self.sink, table, self.path_of(key))];
            }
            Some(other) => {
                self.fault(key, unexpected("a list of tables", other));
                return Vec::new();
            }
        };
        let mut sections = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.path_of(key));
            self.sink.place(&path, item.span().start);
            match item.get_ref() {
                DeValue::Table(table) => sections.push(Section::new(self.sink, table, path)),
                other => self.sink.fault(&path, unexpected("a table", other)),
            }
        }
        sections
    }

    /// The tables in this table, with their names; all its keys are names.
    pub(crate) fn named(&self) -> Vec<(String, Section<'a>)> {
        let mut sections = Vec::new();
        for (key, value) in self.table {
            let name = key.get_ref().as_ref();
            let path = self.path_of(name);
            self.sink.place(&path, key.span().start);
            match value.get_ref() {
                DeValue::Table(table) => {
                    let section = Section::new(self.sink, table, path);
                    sections.push((name.to_owned(), section));
                }
                other => self.sink.fault(&path, unexpected("a table", other)),
            }
        }
        sections
    }

    /// Warns of the keys that were not asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.into_inner();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if asked.contains(name) {
                continue;
            }
            let mut message = "is not known and has no effect".to_owned();
            if let Some(meant) = nearest(name, asked.iter().copied()) {
                message.push_str(&format!("; did you mean {meant}?"));
            }
            let path = join(&self.path, name);
            self.sink.warn_at(&path, key.span().start, message);
        }
    }

    fn raw(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// The value, whose place is remembered.
    fn value(&self, key: &'static str) -> Option<&'a DeValue<'a>> {
        let value = self.raw(key)?;
        let at = self.table.get_key_value(key).map(|(key, _)| key.span());
        // The place of a table is that of its key: its own may be spread over the document.
        let at = match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) => at.unwrap_or_else(|| value.span()),
            _ => value.span(),
        };
        self.sink.place(&self.path_of(key), at.start);
        Some(value.get_ref())
    }

    fn needed(&self, key: &'static str) -> Option<()> {
        if self.has(key) {
            return Some(());
        }
        self.fault_here(format!("'{key}' is missing"));
        None
    }
}

/// Joins the keys that lead to a value. A key with other characters than those of bare keys is
/// quoted, and printable.
fn join(path: &str, key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let key = if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_owned()
    } else {
        format!("'{}'", Printable::excerpt(key))
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

/// Rules of every path in the document.
fn check_path(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > 4095 {
        return Err("is longer than 4095 bytes");
    }
    if Printable::new(text).whole().to_string() != text {
        return Err("has characters that cannot be seen");
    }
    Ok(())
}

fn unexpected(expected: &str, found: &DeValue<'_>) -> String {
    let found = match found {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("is {found}, not {expected}")
}

//! Edits of TOML that keep comments and order.

use std::path::Path;

use lazaret_values::Printable;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::error::Error;

/// The first line of a file that is replaced as a whole by the next installation.
pub(super) const WHOLE: &str =
    "# Written for a Lazaret mirror. The next installation replaces the whole file.";

pub(super) fn parse(path: &Path, text: &str) -> Result<DocumentMut, Error> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(1, |span| {
            let before = text.as_bytes().iter().take(span.start);
            1 + before.filter(|byte| **byte == b'\n').count()
        });
        let reason = Printable::excerpt(error.message());
        Error::Syntax {
            path: path.to_owned(),
            format: "TOML",
            reason: format!("line {line}: {reason}"),
        }
    })
}

/// A string as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An array of strings as TOML writes it.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<Array>().to_string()
}

/// What is at these keys.
pub(super) fn find<'a>(document: &'a DocumentMut, keys: &[&str]) -> Option<&'a Item> {
    let get = |item: &'a Item, key: &&str| item.get(*key);
    keys.iter().try_fold(document.as_item(), get)
}

/// The table at these keys, which is made if it is missing.
pub(super) fn table<'a>(
    document: &'a mut DocumentMut,
    keys: &[&str],
    path: &Path,
) -> Result<&'a mut dyn TableLike, Error> {
    let mut item = document.as_item_mut();
    for (depth, key) in keys.iter().enumerate() {
        let inline = item.is_inline_table();
        let Some(table) = item.as_table_like_mut() else {
            return Err(shape(path, &keys[..depth], "table"));
        };
        item = table.entry(key).or_insert_with(|| match inline {
            true => Item::Value(InlineTable::new().into()),
            false => {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            }
        });
    }
    let found = item.as_table_like_mut();
    found.ok_or_else(|| shape(path, keys, "table"))
}

/// Gives a key a value. A comment beside the old value stays.
pub(super) fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => _ = table.insert(key, Item::Value(value)),
    }
}

/// The strings of an array; empty where there is nothing.
pub(super) fn strings(
    item: Option<&Item>,
    path: &Path,
    keys: &[&str],
) -> Result<Vec<String>, Error> {
    let refused = || shape(path, keys, "array of strings");
    let Some(item) = item else {
        return Ok(Vec::new());
    };
    let values = item.as_array().ok_or_else(refused)?.iter();
    let texts = values.map(|value| Some(value.as_str()?.to_owned()));
    texts.collect::<Option<_>>().ok_or_else(refused)
}

pub(super) fn shape(path: &Path, keys: &[&str], wanted: &'static str) -> Error {
    Error::Shape {
        path: path.to_owned(),
        key: Printable::excerpt(&keys.join(".")),
        wanted,
    }
}

#[cfg(test)]
mod tests;

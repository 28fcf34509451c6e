//! Lists behind dashes: YAML in block style.

use serde_json::Value;

use super::render::{block_item, flow_item};
use super::text::{after_key, line_end, line_start, replaced};

/// The offset of the dash of an item that begins at an offset.
pub(super) fn dash(text: &str, item: usize) -> Option<usize> {
    let start = line_start(text, item);
    let before = text[start..item].trim_end();
    let dash = start + before.len().checked_sub(1)?;
    // The dash of an item stands alone before it.
    (before.trim_start() == "-").then_some(dash)
}

/// Inserts an item into a list whose dashes are at these offsets.
pub(super) fn insert(text: &str, dashes: &[usize], index: usize, value: &Value) -> Option<String> {
    let first = *dashes.first()?;
    let item = block_item(value, first - line_start(text, first));
    let at = match index {
        0 => line_start(text, first),
        _ => item_end(text, *dashes.get(index - 1)?),
    };
    let gap = match text[..at].ends_with('\n') {
        true => "",
        false => "\n",
    };
    Some(replaced(text, at..at, &format!("{gap}{item}")))
}

/// Removes an item; `key` is where the key of the list ends.
pub(super) fn remove(text: &str, key: usize, dashes: &[usize], index: usize) -> Option<String> {
    let dash = *dashes.get(index)?;
    let rest = replaced(text, line_start(text, dash)..item_end(text, dash), "");
    match dashes.len() {
        1 => Some(replaced(&rest, key..key, " []")),
        _ => Some(rest),
    }
}

/// Adds a list with one item, and what is missing of its parents; `key_of` finds a key.
pub(super) fn insert_list(
    text: &str,
    document: &Value,
    path: &[&str],
    value: &Value,
    key_of: impl Fn(&[&str]) -> Option<usize>,
) -> Option<String> {
    let there = (0..path.len()).rev().find(|length| {
        let pointer: String = path[..*length]
            .iter()
            .map(|name| format!("/{name}"))
            .collect();
        document.pointer(&pointer).is_some_and(Value::is_object)
    });
    let length = there.unwrap_or(0);
    let (parents, missing) = path.split_at(length);
    if parents.is_empty() {
        if text.trim_start().starts_with('{') {
            return insert_members(text, text.find('{')?, missing, value);
        }
        let gap = match text.is_empty() || text.ends_with('\n') {
            true => "",
            false => "\n",
        };
        return Some(format!("{text}{gap}{}", nested(missing, value, 0)));
    }
    let key = key_of(parents)?;
    let end = after_key(text, key)?;
    let rest = text[end..].trim_start();
    if rest.starts_with('{') {
        return insert_members(text, text.len() - rest.len(), missing, value);
    }
    let line = line_end(text, end);
    let child = text[line..].lines().find(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    let indentation = child.map(|line| line.len() - line.trim_start().len())?;
    Some(replaced(
        text,
        line..line,
        &nested(missing, value, indentation),
    ))
}

fn insert_members(text: &str, brace: usize, missing: &[&str], value: &Value) -> Option<String> {
    let mut inner = format!("[{}]", flow_item(value));
    for (index, name) in missing.iter().rev().enumerate() {
        inner = match index {
            0 => format!("\"{name}\": {inner}"),
            _ => format!("\"{name}\": {{{inner}}}"),
        };
    }
    let is_empty = text[brace + 1..].trim_start().starts_with('}');
    let comma = if is_empty { "" } else { ", " };
    Some(replaced(
        text,
        brace + 1..brace + 1,
        &format!("{inner}{comma}"),
    ))
}

fn nested(names: &[&str], value: &Value, indentation: usize) -> String {
    match names {
        [] => block_item(value, indentation),
        [name, rest @ ..] => {
            let inner = nested(rest, value, indentation + 2);
            format!("{:indentation$}{name}:\n{inner}", "")
        }
    }
}

/// The offset behind the last line of the item of a dash. Comments behind it stay.
fn item_end(text: &str, dash: usize) -> usize {
    let indentation = dash - line_start(text, dash);
    let mut end = line_end(text, dash);
    let mut at = end;
    while at < text.len() {
        let next = line_end(text, at);
        let line = text[at..next].trim_end();
        let content = line.trim_start();
        let is_aside = content.is_empty() || content.starts_with('#');
        if !is_aside {
            if line.len() - content.len() <= indentation {
                break;
            }
            end = next;
        }
        at = next;
    }
    end
}

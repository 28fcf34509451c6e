//! Rules as text.

use serde_json::Value;

/// The order in which the members of a rule are written.
const MEMBERS: [&str; 8] = [
    "match",
    "verdict",
    "ports",
    "methods",
    "paths",
    "rules",
    "tlsTerminate",
    "description",
];

/// A rule as an item of a YAML list, whose dash has this indentation.
pub(super) fn block_item(rule: &Value, indentation: usize) -> String {
    let mut item = String::new();
    for (name, value) in members(rule) {
        let start = match item.is_empty() {
            true => "- ",
            false => "  ",
        };
        item += &format!("{:indentation$}{start}{name}: {}\n", "", scalar(value));
    }
    item
}

/// A rule in braces: JSON, which is YAML, too.
pub(super) fn flow_item(rule: &Value) -> String {
    let members = members(rule).map(|(name, value)| format!("\"{name}\": {value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn members(rule: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let of = |name: &'static str| Some((name, rule.get(name)?));
    MEMBERS.into_iter().filter_map(of)
}

/// A value as YAML: text without quotes where nobody could take it for something else.
fn scalar(value: &Value) -> String {
    let is_plain = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.contains('.')
            && text
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-'))
    };
    match value {
        Value::String(text) if is_plain(text) || matches!(&text[..], "allow" | "ask" | "deny") => {
            text.clone()
        }
        value => value.to_string(),
    }
}

//! Edits of a JSON object that leave everything else in its text as it is.

use std::ops::Range;
use std::path::Path;

use lazaret_values::without_byte_order_mark;
use serde_json::{Map, Value};

use super::error::Error;

/// A text that is one JSON object.
#[derive(Debug)]
pub(super) struct Object {
    text: String,
    members: Map<String, Value>,
}

impl Object {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let text = without_byte_order_mark(text).to_owned();
        // The words of the parser may quote the file.
        let members = serde_json::from_str(&text).map_err(|error| Error::Syntax {
            path: path.to_owned(),
            format: "JSON object",
            reason: format!("line {}, column {}", error.line(), error.column()),
        })?;
        Ok(Self { text, members })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.members.get(key)
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    /// Gives a member a value; one that is new comes last.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        let spans = spans(&self.text);
        let name = Value::from(key);
        // Of several members of one name, readers take the last.
        if let Some(span) = spans.iter().rev().find(|span| self.is_named(span, key)) {
            self.text
                .replace_range(span.value.clone(), &value.to_string());
        } else if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
            let start = self.text[..first.name.start]
                .rfind('{')
                .map_or(0, |at| at + 1);
            let gap = self.text[start..first.name.start].to_owned();
            let gap = if gap.is_empty() { " ".to_owned() } else { gap };
            let member = format!(",{gap}{name}: {value}");
            self.text.insert_str(last.value.end, &member);
        } else {
            self.text = format!("{{\n  {name}: {value}\n}}\n");
        }
        self.members.insert(key.to_owned(), value);
    }

    fn is_named(&self, span: &Span, key: &str) -> bool {
        let name = serde_json::from_str::<String>(&self.text[span.name.clone()]);
        name.is_ok_and(|name| name == key)
    }
}

/// Where a member stands: its name with quotes, and its value without the space around.
#[derive(Debug)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

/// The members of the outermost object of a text that is known to be valid.
fn spans(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut name = None;
    // What has been read since the last `{`, `:` or `,` of the object itself.
    let mut value: Option<Range<usize>> = None;
    let mut depth = 1_usize;
    let mut at = text.find('{').map_or(bytes.len(), |open| open + 1);
    while at < bytes.len() && depth > 0 {
        let start = at;
        at = end_of_token(bytes, start);
        match bytes[start] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        match bytes[start] {
            b':' if depth == 1 => name = value.take(),
            b',' if depth == 1 => spans.extend(span(name.take(), value.take())),
            byte if byte.is_ascii_whitespace() || depth == 0 => {}
            _ => value = Some(value.map_or(start, |value| value.start)..at),
        }
    }
    spans.extend(span(name, value));
    spans
}

fn span(name: Option<Range<usize>>, value: Option<Range<usize>>) -> Option<Span> {
    name.zip(value).map(|(name, value)| Span { name, value })
}

/// The end of a string, or of one byte of anything else.
fn end_of_token(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    if bytes[start] == b'"' {
        while bytes[at] != b'"' {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;

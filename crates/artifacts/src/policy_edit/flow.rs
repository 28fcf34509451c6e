//! Lists in brackets: JSON, and YAML in flow style.

use std::ops::Range;

use serde_json::Value;

use super::render::flow_item;
use super::text::{line_start, replaced};

/// Inserts an item into the list that begins at a bracket.
pub(super) fn insert(text: &str, bracket: usize, index: usize, value: &Value) -> Option<String> {
    let list = List::read(text, bracket)?;
    let item = flow_item(value);
    let Some(first) = list.items.first() else {
        let inside = bracket + 1..list.end;
        return text[inside.clone()]
            .trim()
            .is_empty()
            .then(|| replaced(text, inside, &item));
    };
    let start = line_start(text, first.start);
    let before = &text[start..first.start];
    let gap = match before.trim().is_empty() {
        true => format!("\n{before}"),
        false => " ".to_owned(),
    };
    match index {
        0 => Some(replaced(
            text,
            first.start..first.start,
            &format!("{item},{gap}"),
        )),
        _ => {
            let end = list.items.get(index - 1)?.end;
            Some(replaced(text, end..end, &format!(",{gap}{item}")))
        }
    }
}

/// Removes an item of the list that begins at a bracket.
pub(super) fn remove(text: &str, bracket: usize, index: usize) -> Option<String> {
    let list = List::read(text, bracket)?;
    let item = list.items.get(index)?;
    let part = match (index.checked_sub(1), list.items.get(index + 1)) {
        (_, Some(next)) => item.start..next.start,
        (Some(last), None) => list.items[last].end..item.end,
        (None, None) => item.clone(),
    };
    Some(replaced(text, part, ""))
}

struct List {
    items: Vec<Range<usize>>,
    /// Offset of the closing bracket.
    end: usize,
}

impl List {
    fn read(text: &str, bracket: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut items = Vec::new();
        let mut depth = 0_usize;
        let mut start = None;
        let mut last = bracket;
        let mut at = bracket;
        while let Some(byte) = bytes.get(at) {
            let follows_space = at > 0 && bytes[at - 1].is_ascii_whitespace();
            let begins = matches!(bytes[last], b'[' | b'{' | b',' | b':');
            match byte {
                b'#' if follows_space => {
                    at += bytes[at..].iter().position(|c| *c == b'\n')?;
                    continue;
                }
                c if c.is_ascii_whitespace() => {
                    at += 1;
                    continue;
                }
                b']' | b'}' if depth == 1 => {
                    if let Some(start) = start {
                        items.push(start..last + 1);
                    }
                    return Some(Self { items, end: at });
                }
                b',' if depth == 1 => items.push(start.take()?..last + 1),
                _ => {
                    if depth == 1 && start.is_none() {
                        start = Some(at);
                    }
                    match byte {
                        b'[' | b'{' => depth += 1,
                        b']' | b'}' => depth = depth.checked_sub(1)?,
                        b'"' => at = quoted(bytes, at, b'"')?,
                        b'\'' if begins => at = quoted(bytes, at, b'\'')?,
                        _ => {}
                    }
                }
            }
            last = at;
            at += 1;
        }
        None
    }
}

/// The offset of the quote that ends a text.
fn quoted(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            c if c == quote => return Some(at),
            _ => at += 1,
        }
    }
}

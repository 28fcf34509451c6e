//! Values and keys of TOML 1.0.

use std::fmt::Write as _;

use lazaret_values::Printable;

/// A basic string. Characters that control a terminal or hide are escaped.
pub(super) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        let mut buffer = [0; 4];
        let alone: &str = character.encode_utf8(&mut buffer);
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
            quoted.push(character);
        } else if Printable::new(alone).to_string() == alone {
            quoted.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(quoted, "\\U{:08x}", u32::from(character));
        }
    }
    quoted.push('"');
    quoted
}

/// A key, in quotes where it needs them.
pub(super) fn key(text: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(is_bare) {
        text.to_owned()
    } else {
        string(text)
    }
}

/// An array of values in one line.
pub(super) fn array(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    format!("[{}]", values.join(", "))
}

#[cfg(test)]
mod tests;

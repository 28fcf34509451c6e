//! The mark with which some editors begin text in UTF-8.

/// The text without the mark that says nothing in UTF-8.
#[must_use]
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests;

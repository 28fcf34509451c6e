//! Text of peers, fit for a terminal and a line of the log.

use std::fmt::{self, Write as _};

/// Displays text that somebody else wrote so that it cannot drive a terminal, hide or reorder what
/// stands beside it, or pretend to be lines of ours.
///
/// Control characters, line and paragraph separators, characters that set the direction of text and
/// other invisible ones appear as Rust's escapes (`\n`, `\u{1b}`, `\u{202e}`). A backslash stays as
/// it is: the form is for people and cannot be read back. Of a text longer than the limit, by
/// default 1024 characters, the start appears, with `…` behind it.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a> {
    text: &'a str,
    most: usize,
    lines: bool,
}

impl<'a> Printable<'a> {
    /// The start of a refused text in one line, as errors keep it: 160 characters at most.
    #[must_use]
    pub fn excerpt(text: &str) -> String {
        Printable::new(text).within(160).to_string()
    }

    /// Shows `text` in one line.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            most: 1024,
            lines: false,
        }
    }

    /// Shows `characters` of the text at most.
    #[must_use]
    pub const fn within(mut self, characters: usize) -> Self {
        self.most = characters;
        self
    }

    /// Shows all of the text, whatever its length.
    #[must_use]
    pub const fn whole(self) -> Self {
        self.within(usize::MAX)
    }

    /// Leaves line feeds and tabs as they are: the text has lines of its own.
    #[must_use]
    pub const fn lines(mut self) -> Self {
        self.lines = true;
        self
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.text.chars().enumerate() {
            if position == self.most {
                return f.write_char('…');
            }
            match character {
                '\n' | '\t' if self.lines => f.write_char(character)?,
                '\0' => f.write_str("\\0")?,
                '\n' | '\t' | '\r' => write!(f, "{}", character.escape_default())?,
                _ if is_hidden(character) => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Whether a character acts on a terminal or on the text around it without being seen. Joiners
/// (U+200C, U+200D), which scripts and emoji need, are not among them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;

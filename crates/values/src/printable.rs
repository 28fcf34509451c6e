//! Makes text of peers fit for a terminal and for one line of the log.

use std::fmt::{self, Write as _};

/// Displays text that somebody else wrote so that it cannot control a terminal, hide or reorder the
/// text beside it, or look like lines of this program.
///
/// Control characters, line and paragraph separators, characters that set the direction of text and
/// other invisible ones are shown as Rust's escapes (`\n`, `\u{1b}`, `\u{202e}`). A backslash is
/// not escaped: the result is for people and cannot be parsed back. Text that is longer than the
/// limit, by default 1024 characters, is cut off and ends with `…`.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a> {
    text: &'a str,
    most: usize,
    lines: bool,
}

impl<'a> Printable<'a> {
    /// The start of a refused text in one line, as errors have it: at most 160 characters.
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

    /// Shows at most `characters` of the text.
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

    /// Keeps line feeds and tabs, for text of several lines.
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

/// Whether a character controls a terminal or the text around it but is not visible itself. Joiners
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

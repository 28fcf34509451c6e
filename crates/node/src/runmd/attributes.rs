//! Puts lines together: each attribute with its properties.

use lazaret_values::{Printable, without_byte_order_mark};

use super::error::ImportError;
use super::left::Report;
use super::lex::{Line, Phrase, line, without_notes};
use super::origin::{File, Origin};

/// Most bytes of a file.
const MOST_BYTES: usize = 1 << 20;
/// Most statements of a file. Those of the original have fewer than 100.
const MOST_STATEMENTS: usize = 4096;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Where it stands.
    pub(super) origin: Origin,
    /// The name before its word; empty without one.
    pub(super) name: String,
    /// Its word, with `_` for `-`: the original has `.login-acr` and `.login_acr`.
    pub(super) word: String,
    /// What follows the word.
    pub(super) value: String,
}

/// An attribute and its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// The attribute; `None` for properties of a block itself, above its first attribute.
    pub(super) head: Option<Statement>,
    /// Its properties, in order.
    pub(super) properties: Vec<Statement>,
}

/// Reads the attributes of a file. Blocks only end the attribute above them: which event runs when
/// means nothing for a server that serves while it runs.
///
/// # Errors
/// The file has too much text or too many statements.
pub(super) fn read(
    file: File,
    text: &str,
    report: &mut Report,
) -> Result<Vec<Attribute>, ImportError> {
    if text.len() > MOST_BYTES {
        let limit = MOST_BYTES;
        return Err(ImportError::TooLarge { file, limit });
    }
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut is_open = false;
    let mut statements = 0;
    for (index, raw) in without_byte_order_mark(text).lines().enumerate() {
        let kept = without_notes(raw);
        let found = line(&kept);
        match found {
            Line::Prose => continue,
            Line::Fence => {
                is_open = false;
                continue;
            }
            _ => statements += 1,
        }
        if statements > MOST_STATEMENTS {
            let limit = MOST_STATEMENTS;
            return Err(ImportError::TooMany { file, limit });
        }
        let origin = Origin {
            file,
            line: index + 1,
            text: Printable::excerpt(raw.trim()),
        };
        match found {
            Line::Attribute(phrase) => {
                attributes.push(Attribute {
                    head: Some(statement(origin, &phrase)),
                    properties: Vec::new(),
                });
                is_open = true;
            }
            Line::Property(phrase) => {
                if !is_open {
                    attributes.push(Attribute {
                        head: None,
                        properties: Vec::new(),
                    });
                    is_open = true;
                }
                if let Some(attribute) = attributes.last_mut() {
                    attribute.properties.push(statement(origin, &phrase));
                }
            }
            Line::TooLong => report.leave(&origin, "it has more than 4096 bytes"),
            _ => report.leave(&origin, "it has no '.word', so it is no statement"),
        }
    }
    Ok(attributes)
}

fn statement(origin: Origin, phrase: &Phrase<'_>) -> Statement {
    Statement {
        origin,
        name: phrase.name.to_owned(),
        word: phrase.word.replace('-', "_"),
        value: phrase.value.to_owned(),
    }
}

#[cfg(test)]
mod tests;

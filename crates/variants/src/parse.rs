//! Text to a document.

use lazaret_values::{Printable, without_byte_order_mark};
use toml::de::DeTable;

use crate::read::read;
use crate::section::Section;
use crate::sink::Sink;
use crate::{Document, Fault, Faults};

/// Largest document, in bytes.
pub const LARGEST_DOCUMENT: u64 = 1024 * 1024;

/// A document and what it has that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The document.
    pub document: Document,
    /// Keys that have no effect.
    pub warnings: Vec<Fault>,
}

impl Document {
    /// Reads a whole document. Unknown keys have no effect and are named in warnings.
    ///
    /// # Errors
    /// [`Faults`]: all of them, or those of the notation alone when the text is no TOML.
    pub fn parse(text: &str) -> Result<Parsed, Faults> {
        let text = without_byte_order_mark(text);
        let sink = Sink::new(text);
        if text.len() as u64 > LARGEST_DOCUMENT {
            sink.fault_at("", 0, format!("has more than {LARGEST_DOCUMENT} bytes"));
            return Err(faults(sink));
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            sink.fault_at("", at, Printable::excerpt(error.message()));
        }
        if !errors.is_empty() {
            return Err(faults(sink));
        }
        let root = Section::new(&sink, table.get_ref(), String::new());
        let document = read(root);
        let (faults, warnings) = sink.into_found();
        if faults.is_empty() {
            Ok(Parsed { document, warnings })
        } else {
            Err(Faults { faults, warnings })
        }
    }
}

fn faults(sink: Sink) -> Faults {
    let (faults, warnings) = sink.into_found();
    Faults { faults, warnings }
}

//! A public number that measures something names its unit, in its name or its doc comment.
//!
//! What measures is told by the last word of the name: `size`, `timeout` and the like. Types
//! that carry their unit (`Duration`) are not numbers and need nothing.

use super::fault::{Check, Fault};
use super::syntax::Syntax;

/// Last words of names that measure something.
const MEASURES: &[&str] = &[
    "age", "capacity", "delay", "interval", "len", "length", "lifetime", "limit", "offset",
    "period", "rate", "size", "timeout",
];

/// Beginnings of words that are units, or that say what is counted.
const UNITS: &[&str] = &[
    "bit",
    "block",
    "byte",
    "char",
    "cluster",
    "connection",
    "day",
    "digit",
    "director",
    "element",
    "entr",
    "extent",
    "file",
    "folder",
    "group",
    "hour",
    "inode",
    "item",
    "kib",
    "layer",
    "level",
    "line",
    "link",
    "manifest",
    "mib",
    "millisecond",
    "minute",
    "name",
    "octet",
    "page",
    "part",
    "percent",
    "process",
    "record",
    "request",
    "row",
    "second",
    "sector",
    "session",
    "tag",
    "thread",
    "time",
    "token",
    "word",
];

/// Checks one source file that is not a test.
pub(crate) fn check(path: &str, syntax: &Syntax) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut require = |name: &str, line, doc: &str| {
        if measures(name) && !names_unit(doc) {
            let text = format!("{name} is a number: say its unit in the doc comment");
            faults.push(Fault::new(Check::Units, path, line, text));
        }
    };
    for quantity in &syntax.quantities {
        require(&quantity.name, quantity.line, &quantity.doc);
    }
    for function in &syntax.functions {
        if function.gives_number {
            require(&function.name, function.line, &function.doc);
        }
        for number in &function.numbers {
            require(number, function.line, &function.doc);
        }
    }
    faults
}

fn measures(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    MEASURES.contains(&last)
}

fn names_unit(doc: &str) -> bool {
    doc.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .any(|word| UNITS.iter().any(|unit| word.starts_with(unit)))
}

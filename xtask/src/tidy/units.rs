//! Checks that a public number that measures something has its unit in its name or doc comment.
//!
//! The last word of the name shows that it measures something: `size`, `timeout` and the like.
//! Types with a unit (`Duration`) are not numbers and are not checked.

use super::fault::{Check, Fault};
use super::syntax::Syntax;

/// Last words of names that measure something.
const MEASURES: &[&str] = &[
    "age", "capacity", "delay", "interval", "len", "length", "lifetime", "limit", "offset",
    "period", "rate", "size", "timeout",
];

/// Units, in the singular.
const UNITS: &[&str] = &[
    "bit",
    "block",
    "byte",
    "character",
    "cluster",
    "day",
    "gib",
    "hour",
    "inode",
    "kib",
    "mib",
    "microsecond",
    "millisecond",
    "minute",
    "nanosecond",
    "page",
    "percent",
    "second",
    "sector",
];

/// Phrases of counts, after which the counted things follow.
const COUNTS: &[&str] = &[
    "number of",
    "how many",
    "count of",
    "at most",
    "at least",
    "up to",
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
    let doc = doc.to_lowercase();
    let mut words = doc.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| UNITS.contains(&word.strip_suffix('s').unwrap_or(word)))
        || COUNTS.iter().any(|phrase| doc.contains(phrase))
}

//! Parses a Rust file once, and keeps the plain facts that the checks use.
//!
//! The facts contain no syntax tree, so files can be parsed on several threads. Macros are not
//! expanded: items that a macro defines are unknown, and paths in its arguments are found by their
//! tokens.

mod attributes;
mod facts;
mod public;
mod scopes;
mod spans;

pub(crate) use facts::{Lines, Scope, Syntax};

/// Parses one file.
///
/// # Errors
/// When the text is not valid Rust; the error has the line and the message.
pub(crate) fn read(text: &str) -> Result<Syntax, (usize, String)> {
    let file = syn::parse_file(text)
        .map_err(|error| (error.span().start().line, format!("not Rust: {error}")))?;
    let (functions, quantities) = public::read(&file);
    let spans = spans::read(&file);
    Ok(Syntax {
        scopes: scopes::read(&file),
        functions,
        quantities,
        test_lines: spans.test_lines,
        inline_tests: spans.inline_tests,
        loose_tests: spans.loose_tests,
    })
}

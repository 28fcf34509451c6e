//! Reads a Rust file once and keeps the plain facts that the checks ask for.
//!
//! The facts hold no syntax tree, so files are read on several threads. Macros are not expanded:
//! what a macro defines is unknown, and paths in its arguments are found by their tokens.

mod attributes;
mod facts;
mod public;
mod scopes;
mod spans;

pub(crate) use facts::{Lines, Scope, Syntax};

/// The facts of one file.
///
/// # Errors
/// Fails if the text is no Rust; the message names the line.
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

//! What a template consists of, and why it cannot be used.

use serde_json::Value;

/// Why a template cannot be used, in words that name the place.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub(crate) struct Error(String);

impl Error {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A part of a template.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Show(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
}

/// Calls, each of which gets the value of the one before as its last argument.
#[derive(Debug, PartialEq)]
pub(super) struct Pipe(pub(super) Vec<Vec<Term>>);

/// An operand, or at the beginning of a call a function.
#[derive(Debug, PartialEq)]
pub(super) enum Term {
    /// Fields of the value that the template is about, or, with `$`, of the whole row. Without fields
    /// the value itself.
    Field {
        of_row: bool,
        path: Vec<String>,
    },
    Function(String),
    Value(Value),
    Pipe(Pipe),
}

//! The facts of a file, without its syntax tree.

use std::collections::BTreeSet;

/// What the checks know of one Rust file. Code under `#[cfg(test)]` is in `test_lines` alone.
#[derive(Default, Debug)]
pub(crate) struct Syntax {
    /// The module that the file is, then the modules that it holds in braces.
    pub(crate) scopes: Vec<Scope>,
    /// Public functions, methods and methods of public traits.
    pub(crate) functions: Vec<Function>,
    /// Public fields and constants of a number type.
    pub(crate) quantities: Vec<Quantity>,
    /// Lines of items under `#[cfg(test)]`.
    pub(crate) test_lines: Vec<Lines>,
    /// Lines at which a test module in braces begins.
    pub(crate) inline_tests: Vec<usize>,
    /// Lines of `#[test]` functions outside test modules.
    pub(crate) loose_tests: Vec<usize>,
}

/// First and last line, from 1 on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// One module: a file or a pair of braces.
#[derive(Default, Debug)]
pub(crate) struct Scope {
    /// Names of the modules in braces that lead to it; empty for the file itself.
    pub(crate) path: Vec<String>,
    /// Modules that it declares; true for those under `#[cfg(test)]`.
    pub(crate) children: Vec<(String, bool)>,
    /// Names of what it defines, modules excepted.
    pub(crate) items: BTreeSet<String>,
    /// Its `use` items, one for each name.
    pub(crate) imports: Vec<Import>,
    /// Paths in its code, each once.
    pub(crate) mentions: Vec<Mention>,
}

/// One name that a `use` item brings.
#[derive(Debug)]
pub(crate) struct Import {
    /// The name here; none for `*`.
    pub(crate) name: Option<String>,
    /// The path, `crate`, `self` and `super` included.
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// A path in code.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// A public function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The doc comment.
    pub(crate) doc: String,
    /// Whether it gives a `Result`, at once or in the end.
    pub(crate) fails: bool,
    /// Parameters of a number type.
    pub(crate) numbers: Vec<String>,
    /// Whether it gives a number.
    pub(crate) gives_number: bool,
}

/// A public field or constant of a number type.
#[derive(Debug)]
pub(crate) struct Quantity {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The doc comment, and that of the type that has the field.
    pub(crate) doc: String,
}

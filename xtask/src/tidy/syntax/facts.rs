//! The facts of a file, without its syntax tree.

use std::collections::BTreeSet;

/// The facts of one Rust file. Code under `#[cfg(test)]` is only in `test_lines`.
#[derive(Default, Debug)]
pub(crate) struct Syntax {
    /// The module of the file, then its modules in braces.
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

/// First and last line, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// One module: a file, or a module in braces.
#[derive(Default, Debug)]
pub(crate) struct Scope {
    /// Names of the modules in braces that lead to it; empty for the module of the file.
    pub(crate) path: Vec<String>,
    /// The modules that it declares; `true` for those under `#[cfg(test)]`.
    pub(crate) children: Vec<(String, bool)>,
    /// Names of the items that it defines, except modules.
    pub(crate) items: BTreeSet<String>,
    /// Its `use` items, one for each name.
    pub(crate) imports: Vec<Import>,
    /// Paths in its code, each only once.
    pub(crate) mentions: Vec<Mention>,
}

/// One name that a `use` item imports.
#[derive(Debug)]
pub(crate) struct Import {
    /// The imported name; `None` for `*`.
    pub(crate) name: Option<String>,
    /// The path, including `crate`, `self` and `super`.
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
    /// Whether it returns a `Result`, directly or inside a wrapper such as a future.
    pub(crate) fails: bool,
    /// Parameters of a number type.
    pub(crate) numbers: Vec<String>,
    /// Whether it returns a number.
    pub(crate) gives_number: bool,
}

/// A public field or constant of a number type.
#[derive(Debug)]
pub(crate) struct Quantity {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The doc comment, and that of the type of the field.
    pub(crate) doc: String,
}

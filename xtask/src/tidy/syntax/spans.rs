//! Finds the test code of a file.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{File, ImplItem, Item, ItemFn};

use super::attributes::{is_test, makes_test, of_impl_item, of_item};
use super::facts::Lines;

/// Lines of test code.
#[derive(Default)]
pub(crate) struct Spans {
    /// Lines of items under `#[cfg(test)]`.
    pub(crate) test_lines: Vec<Lines>,
    /// Lines of `mod` of test modules in braces.
    pub(crate) inline_tests: Vec<usize>,
    /// Lines of `fn` of tests outside test modules.
    pub(crate) loose_tests: Vec<usize>,
}

/// Finds the test code of a file.
pub(crate) fn read(file: &File) -> Spans {
    let mut spans = Spans::default();
    spans.visit_file(file);
    spans
}

impl Spans {
    fn test(&mut self, item: &impl Spanned) {
        let span = item.span();
        self.test_lines.push(Lines {
            first: span.start().line,
            last: span.end().line,
        });
    }
}

impl<'ast> Visit<'ast> for Spans {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(of_item(item)) {
            visit::visit_item(self, item);
            return;
        }
        self.test(item);
        if let Item::Mod(module) = item
            && module.content.is_some()
        {
            self.inline_tests.push(module.mod_token.span.start().line);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if is_test(of_impl_item(item)) {
            self.test(item);
        } else {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if makes_test(&function.attrs) {
            self.loose_tests
                .push(function.sig.ident.span().start().line);
        }
        visit::visit_item_fn(self, function);
    }
}

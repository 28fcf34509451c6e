//! Reads the modules of a file: what each declares, defines, imports and mentions.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, File, ImplItem, Item, ItemUse, Macro, Meta, Path, TraitItem, UseTree};

use super::attributes::{is_test, of_impl_item, of_item, of_trait_item};
use super::facts::{Import, Mention, Scope};

/// Reads the modules of a file; that of the file itself comes first.
pub(crate) fn read(file: &File) -> Vec<Scope> {
    let mut reader = Reader {
        scopes: vec![Scope::default()],
        current: 0,
        seen: BTreeSet::new(),
    };
    reader.visit_file(file);
    for item in &file.items {
        reader.declare(0, item);
    }
    reader.scopes
}

struct Reader {
    scopes: Vec<Scope>,
    /// Index of the module that is visited.
    current: usize,
    /// Paths that are already recorded, by module.
    seen: BTreeSet<(usize, Vec<String>)>,
}

impl Reader {
    fn scope(&mut self) -> &mut Scope {
        &mut self.scopes[self.current]
    }

    /// Records the name that an item defines in its module.
    fn declare(&mut self, scope: usize, item: &Item) {
        let name = match item {
            Item::Mod(module) => {
                let child = (module.ident.to_string(), is_test(&module.attrs));
                self.scopes[scope].children.push(child);
                return;
            }
            _ if is_test(of_item(item)) => return,
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => match &item.ident {
                Some(name) => name,
                None => return,
            },
            _ => return,
        };
        self.scopes[scope].items.insert(name.to_string());
    }

    fn mention(&mut self, path: Vec<String>, line: usize) {
        if self.seen.insert((self.current, path.clone())) {
            self.scope().mentions.push(Mention { path, line });
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let extended = |last: &syn::Ident| {
            let mut path = before.to_vec();
            path.push(last.to_string());
            path
        };
        let mut add = |name: Option<String>, path, span: proc_macro2::Span| {
            let line = span.start().line;
            self.scope().imports.push(Import { name, path, line });
        };
        match tree {
            UseTree::Path(tree) => self.import(&tree.tree, &extended(&tree.ident)),
            UseTree::Group(tree) => {
                for item in &tree.items {
                    self.import(item, before);
                }
            }
            UseTree::Glob(tree) => add(None, before.to_vec(), tree.star_token.span),
            UseTree::Name(tree) if tree.ident == "self" => {
                add(before.last().cloned(), before.to_vec(), tree.ident.span());
            }
            UseTree::Name(tree) => {
                let name = Some(tree.ident.to_string());
                add(name, extended(&tree.ident), tree.ident.span());
            }
            UseTree::Rename(tree) => {
                let path = if tree.ident == "self" {
                    before.to_vec()
                } else {
                    extended(&tree.ident)
                };
                add(Some(tree.rename.to_string()), path, tree.ident.span());
            }
        }
    }

    /// Finds paths of two or more names among the tokens of a macro or an attribute, and in its
    /// string literals, where `serde` has them.
    fn scan(&mut self, tokens: TokenStream, texts: bool) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.end(&mut path, line);
                    }
                    if path.is_empty() {
                        line = word.span().start().line;
                    }
                    path.push(word.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.scan(group.stream(), texts),
                TokenTree::Literal(literal) if texts => {
                    let text = literal.to_string();
                    let names: Vec<String> = text
                        .trim_matches('"')
                        .split("::")
                        .map(str::to_owned)
                        .collect();
                    let line = literal.span().start().line;
                    self.end(&mut names.clone(), line);
                }
                _ => {}
            }
            self.end(&mut path, line);
            colons = 0;
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(path, line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(of_item(item)) {
            return;
        }
        let Item::Mod(module) = item else {
            visit::visit_item(self, item);
            return;
        };
        let Some((_, items)) = &module.content else {
            return;
        };
        let outer = self.current;
        let mut path = self.scope().path.clone();
        path.push(module.ident.to_string());
        self.scopes.push(Scope {
            path,
            ..Scope::default()
        });
        self.current = self.scopes.len() - 1;
        for item in items {
            self.declare(self.current, item);
            self.visit_item(item);
        }
        self.current = outer;
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !is_test(of_impl_item(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !is_test(of_trait_item(item)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let names = path.segments.iter().map(|part| part.ident.to_string());
            self.mention(names.collect(), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone(), true);
        }
    }
}

//! Reads the public functions and quantities of a file, with their doc comments.

use syn::visit::{self, Visit};
use syn::{
    Attribute, Field, File, FnArg, GenericArgument, ImplItem, Item, ItemConst, ItemStruct, Pat,
    PathArguments, ReturnType, Signature, TraitItem, Type, TypeParamBound, Visibility,
};

use super::attributes::{doc, is_test, of_impl_item, of_item};
use super::facts::{Function, Quantity};

/// Types that wrap the result of a function.
const WRAPPERS: &[&str] = &["Box", "BoxFuture", "Future", "Option", "Pin"];

/// Number types.
const NUMBERS: &[&str] = &[
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "NonZeroU8",
    "NonZeroU16",
    "NonZeroU32",
    "NonZeroU64",
    "NonZeroUsize",
];

/// Reads the public items of a file.
pub(crate) fn read(file: &File) -> (Vec<Function>, Vec<Quantity>) {
    let mut reader = Reader::default();
    reader.visit_file(file);
    (reader.functions, reader.quantities)
}

#[derive(Default)]
struct Reader {
    functions: Vec<Function>,
    quantities: Vec<Quantity>,
    /// The doc comment of the type whose fields are visited.
    owner: String,
}

impl Reader {
    fn function(&mut self, attributes: &[Attribute], signature: &Signature) {
        let output = match &signature.output {
            ReturnType::Type(_, output) => Some(&**output),
            ReturnType::Default => None,
        };
        let numbers = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) if is_number(&input.ty) => match &*input.pat {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            },
            _ => None,
        });
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            doc: doc(attributes),
            fails: output.is_some_and(is_result),
            numbers: numbers.collect(),
            gives_number: output.is_some_and(is_number),
        });
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(of_item(item)) {
            return;
        }
        match item {
            Item::Fn(item) if is_public(&item.vis) => self.function(&item.attrs, &item.sig),
            Item::Trait(item) if is_public(&item.vis) => {
                for member in &item.items {
                    if let TraitItem::Fn(method) = member {
                        self.function(&method.attrs, &method.sig);
                    }
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if let ImplItem::Fn(method) = item
            && is_public(&method.vis)
            && !is_test(of_impl_item(item))
        {
            self.function(&method.attrs, &method.sig);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.owner = doc(&item.attrs);
        visit::visit_item_struct(self, item);
        self.owner.clear();
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if let Some(name) = &field.ident
            && is_public(&field.vis)
            && is_number(&field.ty)
        {
            self.quantities.push(Quantity {
                name: name.to_string(),
                line: name.span().start().line,
                doc: doc(&field.attrs) + &self.owner,
            });
        }
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        if is_public(&item.vis) && is_number(&item.ty) {
            self.quantities.push(Quantity {
                name: item.ident.to_string().to_lowercase(),
                line: item.ident.span().start().line,
                doc: doc(&item.attrs),
            });
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_number(kind: &Type) -> bool {
    let Type::Path(kind) = kind else {
        return false;
    };
    let Some(last) = kind.path.segments.last() else {
        return false;
    };
    if last.ident == "Option" {
        return arguments(&last.arguments).any(is_number);
    }
    NUMBERS.iter().any(|number| last.ident == number)
}

/// Whether a type is a `Result`, or wraps one.
fn is_result(kind: &Type) -> bool {
    match kind {
        Type::Path(kind) => kind.path.segments.last().is_some_and(|last| {
            last.ident == "Result"
                || WRAPPERS.iter().any(|wrapper| last.ident == wrapper)
                    && arguments(&last.arguments).any(is_result)
        }),
        Type::ImplTrait(kind) => kind.bounds.iter().any(bound_gives_result),
        Type::TraitObject(kind) => kind.bounds.iter().any(bound_gives_result),
        Type::Paren(kind) => is_result(&kind.elem),
        _ => false,
    }
}

fn bound_gives_result(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    bound.path.segments.last().is_some_and(|last| {
        WRAPPERS.iter().any(|wrapper| last.ident == wrapper)
            && arguments(&last.arguments).any(is_result)
    })
}

/// The types among generic arguments, including those of `Output = ...`.
fn arguments(arguments: &PathArguments) -> impl Iterator<Item = &Type> {
    let arguments = match arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(kind) => Some(kind),
            GenericArgument::AssocType(kind) => Some(&kind.ty),
            _ => None,
        })
}

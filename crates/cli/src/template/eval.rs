//! Applies a template to a row.

use serde_json::{Map, Value};

use super::functions;
use super::node::{Error, Node, Pipe, Term};
use super::show::{is_true, show};

/// Names of container tools for fields that have another one here.
const ALIASES: [(&str, &str); 3] = [
    ("names", "name"),
    ("cmd", "command"),
    ("mountpoint", "folder"),
];

/// The value that a template is about at a place, and the whole row.
#[derive(Clone, Copy)]
struct Scope<'a> {
    dot: &'a Value,
    row: &'a Value,
}

/// The text of a row.
pub(super) fn render(nodes: &[Node], row: &Value) -> Result<String, Error> {
    let mut text = String::new();
    run(nodes, Scope { dot: row, row }, &mut text)?;
    Ok(text)
}

/// The heading of a table: for each column the name of its field.
pub(super) fn heading(nodes: &[Node]) -> String {
    let of = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Show(pipe) | Node::Range(pipe, ..) => name_of(pipe).unwrap_or_default(),
        Node::If(_, then, _) | Node::With(_, then, _) => heading(then),
    };
    nodes.iter().map(of).collect()
}

fn name_of(pipe: &Pipe) -> Option<String> {
    let mut terms = pipe.0.iter().flatten();
    let name = terms.find_map(|term| match term {
        Term::Field { path, .. } => path.last().cloned(),
        Term::Pipe(pipe) => name_of(pipe),
        Term::Function(_) | Term::Value(_) => None,
    })?;
    let mut words = String::new();
    let mut was_small = false;
    for character in name.chars() {
        if character == '_' || (was_small && character.is_uppercase()) {
            words.push(' ');
        }
        was_small = character.is_lowercase();
        if character != '_' {
            words.extend(character.to_uppercase());
        }
    }
    Some(words)
}

fn run(nodes: &[Node], scope: Scope<'_>, text: &mut String) -> Result<(), Error> {
    for node in nodes {
        match node {
            Node::Text(own) => text.push_str(own),
            Node::Show(pipe) => text.push_str(&show(&value_of(pipe, scope)?)),
            Node::If(pipe, then, otherwise) => {
                let holds = is_true(&value_of(pipe, scope)?);
                run(if holds { then } else { otherwise }, scope, text)?;
            }
            Node::With(pipe, then, otherwise) => {
                let value = value_of(pipe, scope)?;
                match is_true(&value) {
                    true => run(then, scope.of(&value), text)?,
                    false => run(otherwise, scope, text)?,
                }
            }
            Node::Range(pipe, each, otherwise) => {
                let values: Vec<Value> = match value_of(pipe, scope)? {
                    Value::Array(values) => values,
                    Value::Object(map) => map.into_iter().map(|(_, value)| value).collect(),
                    Value::Null => Vec::new(),
                    other => {
                        let reason = format!("{} is no list to range over", show(&other));
                        return Err(Error::new(reason));
                    }
                };
                if values.is_empty() {
                    run(otherwise, scope, text)?;
                }
                for value in &values {
                    run(each, scope.of(value), text)?;
                }
            }
        }
    }
    Ok(())
}

impl<'a> Scope<'a> {
    fn of(self, dot: &'a Value) -> Self {
        Self { dot, ..self }
    }
}

fn value_of(pipe: &Pipe, scope: Scope<'_>) -> Result<Value, Error> {
    let mut last: Option<Value> = None;
    for call in &pipe.0 {
        let (function, operands) = match call.as_slice() {
            [Term::Function(name), operands @ ..] => (Some(name), operands),
            operands => (None, operands),
        };
        let operands = operands.iter().map(|term| operand(term, scope));
        let mut arguments = operands.collect::<Result<Vec<_>, _>>()?;
        arguments.extend(last.take());
        last = Some(match function {
            Some(name) => functions::call(name, &arguments)?,
            None => arguments.pop().unwrap_or_default(),
        });
    }
    Ok(last.unwrap_or_default())
}

fn operand(term: &Term, scope: Scope<'_>) -> Result<Value, Error> {
    match term {
        Term::Value(value) => Ok(value.clone()),
        Term::Pipe(pipe) => value_of(pipe, scope),
        Term::Function(name) => functions::call(name, &[]),
        Term::Field { of_row, path } => {
            let mut value = if *of_row { scope.row } else { scope.dot };
            for name in path {
                value = field(value, name)?;
            }
            Ok(value.clone())
        }
    }
}

/// A field by its name: exactly, else in any case and without underscores, else under the name that
/// it has here. What is null has all fields, which are null.
fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value, Error> {
    let Value::Object(map) = value else {
        return match value {
            Value::Null => Ok(value),
            _ => Err(Error::new(format!("'.{name}': there are no fields here"))),
        };
    };
    let folded = fold(name);
    let alias = ALIASES.iter().find(|(other, _)| *other == folded);
    map.get(name)
        .or_else(|| by_fold(map, &folded))
        .or_else(|| by_fold(map, alias?.1))
        .ok_or_else(|| {
            let known: Vec<&str> = map.keys().map(String::as_str).collect();
            Error::new(format!(
                "there is no field '{name}', only {}",
                known.join(", ")
            ))
        })
}

fn by_fold<'a>(map: &'a Map<String, Value>, folded: &str) -> Option<&'a Value> {
    let mut entries = map.iter();
    let (_, value) = entries.find(|(known, _)| fold(known) == folded)?;
    Some(value)
}

fn fold(name: &str) -> String {
    name.chars()
        .filter(|character| *character != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

//! Makes nodes of a template's text.

use super::functions;
use super::node::{Error, Node, Pipe, Term};
use super::token::{Token, tokens};

/// Most blocks, and most parentheses, within each other.
const DEPTH: usize = 32;

/// Understands a template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    let mut parser = Parser { rest: text };
    let (nodes, end) = parser.block(0)?;
    match end {
        Stop::Text => Ok(nodes),
        Stop::Else => Err(Error::new("{{else}} belongs to nothing")),
        Stop::End => Err(Error::new("{{end}} belongs to nothing")),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

/// What has ended a block.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Text,
    Else,
    End,
}

impl Parser<'_> {
    fn block(&mut self, depth: usize) -> Result<(Vec<Node>, Stop), Error> {
        if depth > DEPTH {
            return Err(Error::new("there are too many blocks within each other"));
        }
        let mut nodes = Vec::new();
        loop {
            let Some((before, after)) = self.rest.split_once("{{") else {
                nodes.push(Node::Text(self.rest.to_owned()));
                self.rest = "";
                return Ok((nodes, Stop::Text));
            };
            let (before, after) = match after.strip_prefix("- ") {
                Some(after) => (before.trim_end(), after),
                None => (before, after),
            };
            nodes.push(Node::Text(before.to_owned()));
            let end = end_of(after).ok_or_else(|| Error::new("a '{{' has no '}}'"))?;
            let action = after.get(..end).unwrap_or_default();
            self.rest = after.get(end + 2..).unwrap_or_default();
            let action = match action.strip_suffix(" -") {
                Some(action) => {
                    self.rest = self.rest.trim_start();
                    action
                }
                None => action,
            };
            let action = action.trim();
            if action.starts_with("/*") && action.ends_with("*/") {
                continue;
            }
            let tokens = tokens(action)?;
            let word = match tokens.first() {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            let rest = tokens.get(1..).unwrap_or_default();
            match word {
                "end" => return Ok((nodes, Stop::End)),
                "else" if rest.is_empty() => return Ok((nodes, Stop::Else)),
                "else" => return Err(Error::new("after {{else}} nothing else is understood")),
                "if" | "with" | "range" => {
                    let pipe = whole(rest)?;
                    let (then, otherwise) = self.branches(word, depth)?;
                    nodes.push(match word {
                        "if" => Node::If(pipe, then, otherwise),
                        "with" => Node::With(pipe, then, otherwise),
                        _ => Node::Range(pipe, then, otherwise),
                    });
                }
                _ => nodes.push(Node::Show(whole(&tokens)?)),
            }
        }
    }

    fn branches(&mut self, word: &str, depth: usize) -> Result<(Vec<Node>, Vec<Node>), Error> {
        let (then, mut end) = self.block(depth + 1)?;
        let mut otherwise = Vec::new();
        if end == Stop::Else {
            (otherwise, end) = self.block(depth + 1)?;
        }
        match end {
            Stop::End => Ok((then, otherwise)),
            _ => Err(Error::new(format!("a {{{{{word}}}}} has no {{{{end}}}}"))),
        }
    }
}

/// The place of the `}}` that ends an action; those within texts do not.
fn end_of(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open && !is_escaped => quote = None,
            Some(open) => is_escaped = open == '"' && character == '\\' && !is_escaped,
            None if matches!(character, '"' | '`') => quote = Some(character),
            None if text.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return Some(at),
            None => {}
        }
    }
    None
}

/// A pipe that takes all words.
fn whole(tokens: &[Token]) -> Result<Pipe, Error> {
    let mut rest = tokens;
    let pipe = pipe(&mut rest, 0)?;
    match rest {
        [] => Ok(pipe),
        _ => Err(Error::new("a ')' has no '('")),
    }
}

fn pipe(rest: &mut &[Token], depth: usize) -> Result<Pipe, Error> {
    if depth > DEPTH {
        return Err(Error::new(
            "there are too many parentheses within each other",
        ));
    }
    let mut calls = vec![Vec::new()];
    while let Some((token, after)) = rest.split_first() {
        let call: &mut Vec<Term> = match calls.last_mut() {
            Some(call) => call,
            None => break,
        };
        let is_first = call.is_empty();
        match token {
            Token::Close => break,
            Token::Bar => {
                let is_empty = call.is_empty();
                *rest = after;
                if is_empty {
                    return Err(Error::new("there is nothing before a '|'"));
                }
                calls.push(Vec::new());
                continue;
            }
            Token::Open => {
                let mut inner = after;
                let made = pipe(&mut inner, depth + 1)?;
                let Some((Token::Close, after)) = inner.split_first() else {
                    return Err(Error::new("a '(' has no ')'"));
                };
                call.push(Term::Pipe(made));
                *rest = after;
                continue;
            }
            Token::Field { of_row, path } => call.push(Term::Field {
                of_row: *of_row,
                path: path.clone(),
            }),
            Token::Value(value) => call.push(Term::Value(value.clone())),
            Token::Word(word) if is_first && functions::NAMES.contains(&word.as_str()) => {
                call.push(Term::Function(word.clone()));
            }
            Token::Word(word) => {
                let known = functions::NAMES.join(", ");
                return Err(Error::new(format!(
                    "'{word}' is no function (there are {known}); fields begin with a dot"
                )));
            }
        }
        *rest = after;
    }
    for (at, call) in calls.iter().enumerate() {
        match call.as_slice() {
            [] => return Err(Error::new("an action is empty")),
            [Term::Function(_), ..] => {}
            [_] if at == 0 => {}
            _ => return Err(Error::new("only a function takes arguments")),
        }
    }
    Ok(Pipe(calls))
}

//! Changes the rules of a policy file in its text, so that comments and layout stay.
//!
//! What comes out is parsed again: it has to be the old document with just the change that was
//! wanted, or nothing is changed.

mod block;
mod flow;
mod lens;
mod render;
mod text;

use lazaret_policy::{Document, Rule, Verdict};
use serde_json::{Value, json};

use crate::{Error, Places, PolicyFile, parse_source};

/// What a new policy file begins with.
const HEADER: &str =
    "# What an agent may reach. In any order: what denies wins, then the more exact rule.\n";

/// Where the rules of a policy are, and how they are written.
struct List {
    /// JSON pointer of the list, as its parents and its own name.
    path: Vec<&'static str>,
    /// Whether its rules are Lens's.
    is_lens: bool,
}

/// The text of a new policy file with this rule. Whatever no rule matches is denied.
#[must_use]
pub fn new_policy(rule: &Rule) -> String {
    let rules = format!("  rules:\n{}", render::block_item(&json!(rule), 4));
    format!("{HEADER}network:\n  default: deny\n{rules}")
}

/// The text of a policy file with the rules of a document.
#[must_use]
pub fn policy_text(document: &Document) -> String {
    let default = document.default.unwrap_or(Verdict::Deny);
    let items = document
        .rules
        .iter()
        .map(|rule| render::block_item(&json!(rule), 4));
    let rules = match document.rules.is_empty() {
        true => "  rules: []\n".to_owned(),
        false => format!("  rules:\n{}", items.collect::<String>()),
    };
    format!("{HEADER}network:\n  default: {default}\n{rules}")
}

/// Adds a rule behind the others; to rules whose order matters, where it decides what it says.
///
/// # Errors
/// The faults of the policy with the rule; [`Error::NotEdited`] where the text has a form that is
/// not understood well enough to change it.
pub fn add_rule(text: &str, rule: &Rule) -> Result<String, Error> {
    let document = parse_source(text)?;
    let list = list_of(&document);
    let value = match list.is_lens {
        true => lens::route(rule)?,
        false => json!(rule),
    };
    let length = rules(&document, &list).map_or(0, Vec::len);
    let mut places = vec![length];
    if list.is_lens && length > 0 {
        places.push(0);
    }
    let mut refusal = None;
    for index in places {
        let changed = inserted(text, &document, &list, index, &value)?;
        match PolicyFile::read("policy", &parse_source(&changed)?) {
            Ok(_) => return Ok(changed),
            Err(error) => refusal.get_or_insert(error),
        };
    }
    Err(refusal.unwrap_or_else(not_edited))
}

/// Puts a rule in the place of another one, of which this is the number, from 1.
///
/// # Errors
/// As [`add_rule`].
pub fn replace_rule(text: &str, number: usize, rule: &Rule) -> Result<String, Error> {
    let document = parse_source(text)?;
    let list = list_of(&document);
    let length = rules(&document, &list).map_or(0, Vec::len);
    let index = number.checked_sub(1).filter(|index| *index < length);
    let index = index.ok_or_else(not_edited)?;
    let value = match list.is_lens {
        true => lens::route(rule)?,
        false => json!(rule),
    };
    let text = inserted(text, &document, &list, index, &value)?;
    let text = removed(&text, &list, index + 1)?;
    PolicyFile::read("policy", &parse_source(&text)?)?;
    Ok(text)
}

/// Removes the rules with this `match`; returns the text, and how many they were.
///
/// # Errors
/// [`Error::NotEdited`] as [`add_rule`].
pub fn remove_rules(text: &str, pattern: &str) -> Result<(String, usize), Error> {
    let mut text = text.to_owned();
    let mut count = 0;
    loop {
        let document = parse_source(&text)?;
        let list = list_of(&document);
        let rules = rules(&document, &list)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let is_it = |rule: &Value| rule["match"] == pattern;
        let Some(index) = rules.iter().rposition(is_it) else {
            return Ok((text, count));
        };
        text = removed(&text, &list, index)?;
        count += 1;
    }
}

impl List {
    fn pointer(&self) -> String {
        self.path.iter().map(|name| format!("/{name}")).collect()
    }
}

/// How a list is written, with a place in the text.
enum Form {
    /// In brackets, of which the first is here.
    Flow(usize),
    /// Behind dashes; the key of the list ends here.
    Block(usize),
}

fn list_of(document: &Value) -> List {
    let is_envelope = document.get("kind").is_some() || document.get("apiVersion").is_some();
    let spec = match is_envelope {
        true => &document["spec"],
        false => document,
    };
    let network = &spec["network"];
    let is_mixin = spec.get("egress").is_some() || document["apiVersion"] == "lns.run/v1";
    let (list, is_lens): (&[&str], bool) = if is_mixin {
        (&["egress", "http"], true)
    } else if network.get("egress").is_some() {
        (&["network", "egress", "http"], true)
    } else if network
        .get("allowedRoutes")
        .or(network.get("defaultVerdict"))
        .is_some()
    {
        (&["network", "allowedRoutes"], true)
    } else {
        (&["network", "rules"], false)
    };
    let spec = is_envelope.then_some("spec");
    List {
        path: spec.into_iter().chain(list.iter().copied()).collect(),
        is_lens,
    }
}

fn rules<'a>(document: &'a Value, list: &List) -> Option<&'a Vec<Value>> {
    document.pointer(&list.pointer())?.as_array()
}

fn inserted(
    text: &str,
    document: &Value,
    list: &List,
    index: usize,
    value: &Value,
) -> Result<String, Error> {
    let mut wanted = document.clone();
    insert_value(&mut wanted, &list.path, index, value);
    let Some(rules) = rules(document, list) else {
        let changed =
            block::insert_list(text, document, &list.path, value, |path| key_of(text, path));
        return checked(changed.ok_or_else(not_edited)?, &wanted);
    };
    let changed = match place_of(text, list)? {
        Form::Flow(at) => flow::insert(text, at, index, value),
        Form::Block(_) => block::insert(text, &dashes(text, list, rules.len())?, index, value),
    };
    checked(changed.ok_or_else(not_edited)?, &wanted)
}

fn removed(text: &str, list: &List, index: usize) -> Result<String, Error> {
    let mut wanted = parse_source(text)?;
    let length = rules(&wanted, list).map_or(0, Vec::len);
    if let Some(Value::Array(rules)) = wanted.pointer_mut(&list.pointer()) {
        rules.remove(index);
    }
    let changed = match place_of(text, list)? {
        Form::Flow(at) => flow::remove(text, at, index),
        Form::Block(key) => block::remove(text, key, &dashes(text, list, length)?, index),
    };
    checked(changed.ok_or_else(not_edited)?, &wanted)
}

fn insert_value(document: &mut Value, path: &[&str], index: usize, value: &Value) {
    match path {
        [] => {
            if !document.is_array() {
                *document = json!([]);
            }
            if let Some(rules) = document.as_array_mut() {
                rules.insert(index, value.clone());
            }
        }
        [name, rest @ ..] => {
            if !document.is_object() {
                *document = json!({});
            }
            insert_value(&mut document[*name], rest, index, value);
        }
    }
}

/// The text, if it says what is wanted.
fn checked(text: String, wanted: &Value) -> Result<String, Error> {
    match parse_source(&text) {
        Ok(found) if found == *wanted => Ok(text),
        _ => Err(not_edited()),
    }
}

fn key_of(text: &str, path: &[&str]) -> Option<usize> {
    let pointer: String = path.iter().map(|name| format!("/{name}")).collect();
    let place = Places::find(text).of(0, &pointer)?;
    text::offset(text, place)
}

fn place_of(text: &str, list: &List) -> Result<Form, Error> {
    let key = key_of(text, &list.path).ok_or_else(not_edited)?;
    let end = text::after_key(text, key).ok_or_else(not_edited)?;
    let rest = &text[end..];
    let bracket = rest.len() - rest.trim_start().len();
    match rest.trim_start().starts_with('[') {
        true => Ok(Form::Flow(end + bracket)),
        false => Ok(Form::Block(end)),
    }
}

/// The places of a list's items.
fn dashes(text: &str, list: &List, length: usize) -> Result<Vec<usize>, Error> {
    let places = Places::find(text);
    let dash = |index: usize| {
        let place = places.of(0, &format!("{}/{index}", list.pointer()))?;
        block::dash(text, text::offset(text, place)?)
    };
    let dashes: Option<Vec<usize>> = (0..length).map(dash).collect();
    dashes.ok_or_else(not_edited)
}

fn not_edited() -> Error {
    Error::NotEdited
}

//! The words between `{{` and `}}`.

use serde_json::Value;

use super::node::Error;

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `.`, `.a.b`, `$`, `$.a.b`.
    Field {
        of_row: bool,
        path: Vec<String>,
    },
    Word(String),
    Value(Value),
    Open,
    Close,
    Bar,
}

/// The words of an action.
pub(super) fn tokens(action: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut rest = action.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '|' => (Token::Bar, 1),
            '"' | '`' => text(rest, first)?,
            '.' | '$' => field(rest),
            _ => word(rest)?,
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn is_in_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn field(rest: &str) -> (Token, usize) {
    let of_row = rest.starts_with('$');
    let length = rest.find(|c: char| !is_in_name(c) && !matches!(c, '.' | '$'));
    let length = length.unwrap_or(rest.len());
    let names = rest.get(usize::from(of_row)..length).unwrap_or_default();
    let path = names.split('.').filter(|name| !name.is_empty());
    let path = path.map(str::to_owned).collect();
    (Token::Field { of_row, path }, length)
}

fn word(rest: &str) -> Result<(Token, usize), Error> {
    let length = rest.find(|c: char| !is_in_name(c) && c != '-');
    let length = length.unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let token = match word {
        "" => {
            let strange = rest.chars().next().unwrap_or_default();
            return Err(Error::new(format!("'{strange}' has no meaning here")));
        }
        "true" | "false" => Token::Value(Value::from(word == "true")),
        "nil" => Token::Value(Value::Null),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            let number = word.parse::<i64>();
            let number = number.map_err(|_| Error::new(format!("'{word}' is no whole number")));
            Token::Value(Value::from(number?))
        }
        _ => Token::Word(word.to_owned()),
    };
    Ok((token, length))
}

/// A text in quotes, with the escapes of JSON, or between back quotes, as it is.
fn text(rest: &str, quote: char) -> Result<(Token, usize), Error> {
    let mut is_escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, character)| {
        let is_end = *character == quote && !is_escaped;
        is_escaped = quote == '"' && *character == '\\' && !is_escaped;
        is_end
    });
    let (end, _) = end.ok_or_else(|| Error::new(format!("the text {rest} does not end")))?;
    let whole = rest.get(..=end).unwrap_or_default();
    let inner = rest.get(1..end).unwrap_or_default();
    let value = match quote {
        '`' => Value::from(inner),
        // Line feeds and tabs were written as escapes and are characters by now.
        _ => serde_json::from_str(&whole.replace('\n', "\\n").replace('\t', "\\t"))
            .map_err(|_| Error::new(format!("{whole} is no text")))?,
    };
    Ok((Token::Value(value), whole.len()))
}

//! Takes text apart into lines.
//!
//! The grammar is one of lines; what a line is, its start tells. The original also took `:`, `+` and
//! `add` in the middle of prose for statements and gave up; here prose is never a statement.

/// Most bytes of a line that is a statement.
const MOST_BYTES: usize = 4096;

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The start or the end of a block: ```` ``` ````, ```` ``` start mirror ````,
    /// ```` <``` mirror> ````.
    Fence,
    /// `+` or `add`: an attribute.
    Attribute(Phrase<'a>),
    /// `:`, `::` or `define`: a property of the attribute above.
    Property(Phrase<'a>),
    /// A line that starts as a statement but has no `.word`.
    Malformed,
    /// A statement of more than 4096 bytes.
    TooLong,
    /// A comment or prose.
    Prose,
}

/// What a statement says: `name .word value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase<'a> {
    /// The name before the word; empty without one.
    pub(super) name: &'a str,
    /// The word, without its dot.
    pub(super) word: &'a str,
    /// What follows, without white space around it.
    pub(super) value: &'a str,
}

/// Takes a line apart, whose notes [`without_notes`] removed.
pub(super) fn line(text: &str) -> Line<'_> {
    let text = text.trim();
    if is_comment(text) {
        return Line::Prose;
    }
    if let Some(heading) = text.strip_prefix("```") {
        // A block's name has no backquote: "```x``` is ..." is prose.
        return if heading.contains('`') {
            Line::Prose
        } else {
            Line::Fence
        };
    }
    let Some((marker, rest)) = marker(text) else {
        return Line::Prose;
    };
    if text.len() > MOST_BYTES {
        return Line::TooLong;
    }
    match (phrase(rest), marker) {
        (Some(phrase), Marker::Plus | Marker::Add) => Line::Attribute(phrase),
        (Some(phrase), Marker::Colon | Marker::Define) => Line::Property(phrase),
        // A sentence may begin with "add" and "define".
        (None, Marker::Add | Marker::Define) => Line::Prose,
        (None, Marker::Plus | Marker::Colon) => Line::Malformed,
    }
}

/// The line without what stands between `<` and `>`, which is a note for the reader. The fence of a
/// block may stand there, too, and stays.
pub(super) fn without_notes(line: &str) -> String {
    let line = line.trim();
    if let Some(fence) = line
        .strip_prefix('<')
        .filter(|rest| rest.starts_with("```"))
    {
        return fence.strip_suffix('>').unwrap_or(fence).to_owned();
    }
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((_, behind)) = after.split_once('>') else {
            break;
        };
        kept.push_str(before);
        rest = behind;
    }
    kept.push_str(rest);
    kept
}

/// How a statement starts.
#[derive(Clone, Copy)]
enum Marker {
    Plus,
    Add,
    Colon,
    Define,
}

fn is_comment(text: &str) -> bool {
    let is_markdown = text
        .strip_prefix("```md")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    is_markdown || text.starts_with(['#', '*', '-']) || text.starts_with("//")
}

fn marker(text: &str) -> Option<(Marker, &str)> {
    let signs = [
        ("+", Marker::Plus),
        ("::", Marker::Colon),
        (":", Marker::Colon),
    ];
    if let Some(found) = signs
        .into_iter()
        .find_map(|(sign, marker)| Some((marker, text.strip_prefix(sign)?)))
    {
        return Some(found);
    }
    let (word, rest) = text.split_once(char::is_whitespace)?;
    match word {
        "add" => Some((Marker::Add, rest)),
        "define" => Some((Marker::Define, rest)),
        _ => None,
    }
}

/// Reads `.word value` or `name .word value`.
fn phrase(text: &str) -> Option<Phrase<'_>> {
    let (first, rest) = first_word(text);
    if let Some(word) = dotted(first) {
        return Some(Phrase {
            name: "",
            word,
            value: rest,
        });
    }
    let (second, rest) = first_word(rest);
    Some(Phrase {
        name: first,
        word: dotted(second)?,
        value: rest,
    })
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// A word after a dot: `.5` and `...` are none.
fn dotted(word: &str) -> Option<&str> {
    word.strip_prefix('.')
        .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests;

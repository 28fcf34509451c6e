use proptest::prelude::*;

use super::{Line, Phrase, line, without_notes};

fn phrase<'a>(name: &'a str, word: &'a str, value: &'a str) -> Phrase<'a> {
    Phrase { name, word, value }
}

#[test]
fn statements() {
    for (text, expected) in [
        ("+ .engine", phrase("", "engine", "")),
        (
            "  +\t.proxy   localhost:8578  ",
            phrase("", "proxy", "localhost:8578"),
        ),
        ("add .runtime", phrase("", "runtime", "")),
        (
            "+ overlaybd .operation a.b",
            phrase("overlaybd", "operation", "a.b"),
        ),
    ] {
        assert_eq!(line(text), Line::Attribute(expected), "{text}");
    }
    for (text, expected) in [
        (": .loop", phrase("", "loop", "")),
        (":   .authn        oauth2", phrase("", "authn", "oauth2")),
        (
            ":: .host a, resolve, pull",
            phrase("", "host", "a, resolve, pull"),
        ),
        ("define .pull", phrase("", "pull", "")),
        (
            ": work_dir .symbol .world/x",
            phrase("work_dir", "symbol", ".world/x"),
        ),
    ] {
        assert_eq!(line(text), Line::Property(expected), "{text}");
    }
}

#[test]
fn fences() {
    for text in ["```", " ``` start mirror", "``` mirror", "```mirror"] {
        assert_eq!(line(text), Line::Fence, "{text}");
    }
    for text in ["<```>", "<``` start mirror>", " <``` mirror> "] {
        assert_eq!(line(&without_notes(text)), Line::Fence, "{text}");
    }
}

/// The original took the words of these lines for statements.
#[test]
fn prose_and_comments() {
    for text in [
        "",
        "# + .proxy localhost:1",
        "* : .pull",
        "- add .runtime",
        "// : .pull",
        "```md",
        "```md + .proxy",
        "```x``` is code",
        "Use .pull: it downloads, + more",
        "add this to your file",
        "define your own",
        "added .runtime",
        "add",
        "<details>",
    ] {
        assert_eq!(line(&without_notes(text)), Line::Prose, "{text}");
    }
}

#[test]
fn starts_without_a_word() {
    for text in [
        "+",
        ":",
        "::",
        ": a property",
        "+ one of .these",
        "+ .5",
        ": ...",
        ":-) .",
        "+++",
    ] {
        assert_eq!(line(text), Line::Malformed, "{text}");
    }
}

#[test]
fn long_statements() {
    let long = format!(": .pull {}", "x".repeat(4096));
    assert_eq!(line(&long), Line::TooLong);
    assert_eq!(line(&"prose ".repeat(4096)), Line::Prose);
}

#[test]
fn notes() {
    for (text, kept) in [
        ("+ .proxy localhost:1 <listen>", "+ .proxy localhost:1 "),
        (": .a <b> c <d>", ": .a  c "),
        (": .a < b", ": .a < b"),
        (": .a > b", ": .a > b"),
        ("<all of it>", ""),
    ] {
        assert_eq!(without_notes(text), kept, "{text}");
    }
}

proptest! {
    /// A statement of the grammar is read as it was written.
    #[test]
    fn written_statements_are_read(
        name in "([a-z][a-z0-9_-]{0,8})?",
        word in "[a-z][a-z_-]{0,12}",
        value in "([a-z0-9./:,*-]{1,12}( [a-z0-9./:,*-]{1,12}){0,3})?",
        marker in prop::sample::select(vec!["+", ":", "::", "add", "define"]),
    ) {
        let text = format!("{marker} {name} .{word} {value}");
        let expected = phrase(&name, &word, &value);
        let expected = match marker {
            "+" | "add" => Line::Attribute(expected),
            _ => Line::Property(expected),
        };
        prop_assert_eq!(line(&text), expected);
    }
}

use super::{Attribute, read};
use crate::runmd::error::ImportError;
use crate::runmd::left::Report;
use crate::runmd::origin::File;

/// The attributes of a text, each as one line; and what is left.
fn words(text: &str) -> (Vec<String>, Vec<String>) {
    let mut report = Report::default();
    let attributes = read(File::Mirror, text, &mut report).unwrap();
    let show = |attribute: &Attribute| {
        let head = attribute.head.iter();
        let words = head.chain(&attribute.properties).map(|statement| {
            format!(
                "{}{}.{}",
                statement.origin.line, statement.name, statement.word
            )
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let left = report.finish().iter().map(ToString::to_string).collect();
    (attributes.iter().map(show).collect(), left)
}

#[test]
fn properties_belong_to_the_attribute_above() {
    let text = "\u{feff}``` start\n: a .symbol 1\n+ .runtime\n: .login-acr x\nprose\n: .pull\n\n```\n: b .true\n+ .proxy";
    let (attributes, left) = words(text);
    assert_eq!(
        attributes,
        [
            "2a.symbol",
            "3.runtime 4.login_acr 6.pull",
            "9b.true",
            "10.proxy"
        ]
    );
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn lines_that_are_no_statements_are_left() {
    let (attributes, left) = words("+ nothing\r\n: \u{1b}[2J\r\n: .pull\r\n");
    assert_eq!(attributes, ["3.pull"]);
    assert_eq!(
        left,
        [
            "mirror.runmd:1 `+ nothing`: it has no '.word', so it is no statement",
            "mirror.runmd:2 `: \\u{1b}[2J`: it has no '.word', so it is no statement",
        ]
    );
}

#[test]
fn bounds() {
    let refused = |text: &str| read(File::Operations, text, &mut Report::default());
    assert_eq!(
        refused(&" ".repeat((1 << 20) + 1)).unwrap_err(),
        ImportError::TooLarge {
            file: File::Operations,
            limit: 1 << 20
        }
    );
    assert_eq!(refused(&" ".repeat(1 << 20)).unwrap(), []);
    assert_eq!(
        refused(&": .a\n".repeat(4097)).unwrap_err().to_string(),
        "failed to read .runmd: it has more than 4096 statements"
    );
    assert_eq!(refused(&": .a\n".repeat(4096)).unwrap().len(), 1);
    assert!(refused(&"+\n".repeat(4097)).is_err());
}

//! Splits a block into commands, each with the output that the document shows.

use super::block::Block;

/// A command of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The number of its first line in the document, from 1.
    pub(crate) line: usize,
    /// What is typed: one line or more.
    pub(crate) text: String,
    /// The lines below it in a block with output.
    pub(crate) shown: Option<Vec<String>>,
}

impl Command {
    /// Whether the document says that it fails: it shows an error.
    pub(crate) fn must_fail(&self) -> bool {
        let mut shown = self.shown.iter().flatten();
        shown.any(|line| line.starts_with("error:") || line.starts_with("{\"error\":"))
    }

    /// Whether the shell goes on while it runs.
    pub(crate) fn is_in_background(&self) -> bool {
        let code = self.text.split(" #").next().unwrap_or_default();
        code.trim_end().ends_with(" &")
    }
}

/// The commands of a block.
///
/// # Panics
/// When a command has no end, or output comes before the first command.
pub(crate) fn commands(block: &Block) -> Vec<Command> {
    if block.language == "toml" {
        return vec![check(block)];
    }
    let mut commands: Vec<Command> = Vec::new();
    let mut open = Open::default();
    for (line, text) in (block.line + 1..).zip(&block.lines) {
        let typed = match (block.language.as_str(), open.is_open()) {
            ("sh", _) => Some(text.as_str()),
            (_, false) => text.strip_prefix("$ "),
            (_, true) => Some(text.strip_prefix("> ").unwrap_or(text)),
        };
        match typed {
            Some(typed) if open.is_open() => {
                let last = commands.last_mut().unwrap();
                last.text.push('\n');
                last.text.push_str(typed);
                open.read(typed);
            }
            Some(typed) if is_command(typed) => {
                let shown = (block.language == "console").then(Vec::new);
                let text = typed.to_owned();
                commands.push(Command { line, text, shown });
                open.read(typed);
            }
            Some(_) => {}
            None => {
                let last = commands.last_mut();
                let last = last.unwrap_or_else(|| panic!("line {line}: output of no command"));
                last.shown.as_mut().unwrap().push(text.clone());
            }
        }
    }
    assert!(!open.is_open(), "line {}: a command has no end", block.line);
    for shown in commands
        .iter_mut()
        .filter_map(|command| command.shown.as_mut())
    {
        while shown.last().is_some_and(|line| line.trim().is_empty()) {
            shown.pop();
        }
    }
    commands
}

/// The command that checks settings of the registry.
fn check(block: &Block) -> Command {
    let settings = block.lines.join("\n");
    let check = "lazaret serve --check --config settings.toml";
    Command {
        line: block.line,
        text: format!("cat > settings.toml <<'END'\n{settings}\nEND\n{check}"),
        shown: None,
    }
}

/// Whether a line is more than white space and a comment.
fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// What a shell that has read some lines waits for.
#[derive(Default)]
struct Open {
    quote: Option<char>,
    here: Option<String>,
    is_continued: bool,
}

impl Open {
    fn is_open(&self) -> bool {
        self.quote.is_some() || self.here.is_some() || self.is_continued
    }

    fn read(&mut self, line: &str) {
        if let Some(end) = &self.here {
            if line == end {
                self.here = None;
            }
            return;
        }
        let mut before = ' ';
        let mut is_escaped = false;
        for (index, character) in line.char_indices() {
            match (self.quote, character) {
                _ if is_escaped => is_escaped = false,
                (Some('"') | None, '\\') => is_escaped = true,
                (Some(quote), _) if quote == character => self.quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => self.quote = Some(character),
                (None, '#') if before.is_whitespace() => break,
                (None, '<') if line[index..].starts_with("<<") && before != '<' => {
                    self.here = Some(end_word(&line[index + 2..]));
                }
                (None, _) => {}
            }
            before = character;
        }
        self.is_continued = is_escaped;
    }
}

/// The word that ends a here-document, from what follows `<<`.
fn end_word(rest: &str) -> String {
    let word = rest.split_whitespace().next().unwrap_or_default();
    word.trim_matches(['\'', '"']).to_owned()
}

#[test]
fn commands_are_whole() {
    let text = "```console
$ a 'b
> c' # isn't
out

$ cat <<'END' |
> it's
> END
> wc
0
```
```sh
# comment
a \\
  b

c
```";
    let blocks = Block::all(text);
    let texts = |block| -> Vec<String> {
        let commands = commands(block).into_iter();
        commands.map(|command| command.text).collect()
    };
    assert_eq!(texts(&blocks[1]), ["a \\\n  b", "c"]);
    let console = commands(&blocks[0]);
    assert_eq!(console[0].text, "a 'b\nc' # isn't");
    assert_eq!(console[0].shown, Some(vec!["out".to_owned()]));
    assert_eq!((console[0].line, console[1].line), (2, 6));
}

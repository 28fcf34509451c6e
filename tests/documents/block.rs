//! Reads the fenced blocks of a document.

/// The languages of blocks that are only read.
const READ: &[&str] = &["json", "text", "yaml"];

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The number of the line with its fence, from 1.
    pub(crate) line: usize,
    /// Its language: the first word of the info string.
    pub(crate) language: String,
    /// The reason that it is not typed, from `ignore=REASON`.
    pub(crate) ignored: Option<String>,
    /// Its lines.
    pub(crate) lines: Vec<String>,
}

impl Block {
    /// All blocks of a document.
    ///
    /// # Panics
    /// When a block has no known language, or its fence says what nobody understands.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        let mut is_inside = false;
        for (index, line) in text.lines().enumerate() {
            match line.trim_start().strip_prefix("```") {
                Some(_) if is_inside => is_inside = false,
                Some(info) => {
                    blocks.push(Self::begin(index + 1, info));
                    is_inside = true;
                }
                None if is_inside => {
                    let block = blocks.last_mut().unwrap();
                    block.lines.push(line.to_owned());
                }
                None => {}
            }
        }
        assert!(!is_inside, "the last block has no end");
        blocks
    }

    fn begin(line: usize, info: &str) -> Self {
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let mut block = Self {
            line,
            language,
            ignored: None,
            lines: Vec::new(),
        };
        let language = block.language.as_str();
        let is_known = block.has_commands() || READ.contains(&language);
        assert!(
            is_known,
            "line {line}: a block of the language '{language}'"
        );
        for word in words {
            let reason = word.strip_prefix("ignore=").filter(|text| !text.is_empty());
            assert!(
                reason.is_some(),
                "line {line}: '{word}' is no ignore=REASON"
            );
            block.ignored = reason.map(str::to_owned);
        }
        block
    }

    /// Whether the test types it.
    pub(crate) fn is_typed(&self) -> bool {
        self.has_commands() && self.ignored.is_none()
    }

    fn has_commands(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console" | "toml")
    }
}

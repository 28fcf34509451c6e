//! Patterns of images: `matchImages` of kubelet.

use lazaret_values::wildcard;

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;

/// A pattern `host[:port][/path]`. A port that is not in the pattern is not in the image either,
/// as kubelet has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImagePattern {
    labels: Vec<Vec<char>>,
    port: Option<String>,
    /// The start of the path, with its slash; empty for every path.
    path: String,
}

impl ImagePattern {
    /// Parses a pattern. A fault is told as the end of a sentence about it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("it is too long");
        }
        let (host, port, path) = split(text);
        if host.is_empty() {
            return Err("it has no host");
        }
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*' | '?');
        if !host.chars().all(is_host) {
            return Err("its host has a character that none has");
        }
        if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
            return Err("its port is no number");
        }
        if path.contains(['*', '?', '[', '\\']) {
            return Err("its path has a wildcard, which only a host may have");
        }
        let lower = host.to_ascii_lowercase();
        Ok(Self {
            labels: lower
                .split('.')
                .map(|label| label.chars().collect())
                .collect(),
            port: port.map(str::to_owned),
            path: path.to_owned(),
        })
    }

    /// Whether it stands for `image`, which is `host[:port][/path]`.
    pub(super) fn matches(&self, image: &str) -> bool {
        let (host, port, path) = split(image);
        let lower = host.to_ascii_lowercase();
        let labels: Vec<Vec<char>> = lower.split('.').map(|it| it.chars().collect()).collect();
        self.port.as_deref() == port
            && path.starts_with(&self.path)
            && self.labels.len() == labels.len()
            && self
                .labels
                .iter()
                .zip(&labels)
                .all(|(pattern, label)| fits(pattern, label))
    }
}

fn fits(pattern: &[char], label: &[char]) -> bool {
    let is_any = |piece: &char| *piece == '*';
    wildcard(pattern, label, is_any, |piece, character| {
        *piece == '?' || piece == character
    })
}

/// Host, port and path, which starts with a slash unless it is empty.
fn split(text: &str) -> (&str, Option<&str>, &str) {
    let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port), path),
        None => (authority, None, path),
    }
}

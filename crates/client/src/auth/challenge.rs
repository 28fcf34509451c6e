//! Parses `WWW-Authenticate` (RFC 9110, section 11.6.1), from servers that may be hostile.

use http::{HeaderMap, header};

/// Most challenges and parameters that are parsed.
const MOST: usize = 16;
/// Longest header that is parsed, in bytes.
const LONGEST: usize = 8192;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The scheme in lower case: `basic`, `bearer`.
    pub(crate) scheme: String,
    /// Names (in lower case) and values. If a name is repeated, the first one counts.
    pub(crate) parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// All challenges of a response. Malformed ones are left out.
    pub(crate) fn all(headers: &HeaderMap) -> Vec<Self> {
        headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Self::parse)
            .take(MOST)
            .collect()
    }

    /// The challenges of one header.
    pub(crate) fn parse(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        if text.len() > LONGEST {
            return found;
        }
        let mut rest = Scanner(text);
        loop {
            rest.skip_separators();
            let Some(scheme) = rest.token() else {
                // Garbage, or the padding of a `token68`: continue after the next comma.
                match rest.0.split_once(',') {
                    Some((_, after)) => rest = Scanner(after),
                    None => break,
                }
                continue;
            };
            let mut challenge = Self {
                scheme: scheme.to_ascii_lowercase(),
                parameters: Vec::new(),
            };
            while let Some((name, value)) = rest.parameter() {
                if challenge.parameters.len() < MOST && challenge.get(&name).is_none() {
                    challenge.parameters.push((name, value));
                }
            }
            found.push(challenge);
            if found.len() == MOST {
                break;
            }
        }
        found
    }
}

struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn skip_separators(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn token(&mut self) -> Option<&'a str> {
        let end = self
            .0
            .bytes()
            .position(|b| !is_token(b))
            .unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        if token.is_empty() {
            return None;
        }
        self.0 = rest;
        Some(token)
    }

    /// Parses `name=value` or `name="value"`. Returns `None` and consumes nothing when a new
    /// challenge, or the end, comes instead.
    fn parameter(&mut self) -> Option<(String, String)> {
        let start = self.0;
        self.skip_separators();
        let parsed = self.token().and_then(|name| {
            self.skip_space();
            self.0 = self.0.strip_prefix('=')?;
            self.skip_space();
            let value = match self.0.strip_prefix('"') {
                Some(rest) => {
                    self.0 = rest;
                    self.quoted()?
                }
                None => self.token()?.to_owned(),
            };
            Some((name.to_ascii_lowercase(), value))
        });
        if parsed.is_none() {
            self.0 = start;
        }
        parsed
    }

    /// Parses the rest of a quoted string; `None` if it is not closed.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                c => value.push(c),
            }
        }
        None
    }
}

/// `token` of RFC 9110, section 5.6.2, and further characters in unquoted realms of real servers.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
}

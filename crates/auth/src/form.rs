//! Parses `application/x-www-form-urlencoded` text in queries and bodies.

/// The parameters, in order.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

/// Largest number of parameters; further ones are ignored.
const MOST: usize = 128;

impl Form {
    /// Parses the text; `None` when a name or value is not UTF-8.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split('&')
            .filter(|pair| !pair.is_empty())
            .take(MOST)
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(value)?))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }
}

fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let byte = bytes[position];
        position += 1;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(position), digit(position + 1)) {
                (Some(high), Some(low)) => {
                    position += 2;
                    u8::try_from(high * 16 + low).ok()?
                }
                _ => b'%',
            },
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

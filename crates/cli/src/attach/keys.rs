//! The keys by which a user leaves a session without ending it.

/// A sequence of keys, and how much of it was typed.
#[derive(Debug, Clone)]
pub(crate) struct DetachKeys {
    sequence: Vec<u8>,
    typed: usize,
}

impl DetachKeys {
    /// No keys: the session cannot be left.
    pub(crate) fn none() -> Self {
        Self {
            sequence: Vec::new(),
            typed: 0,
        }
    }

    /// Passes over typed bytes; returns those for the command, and whether the sequence is complete.
    /// The beginning of the sequence is held back until it is clear that it is none.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(bytes.len() + self.typed);
        if self.sequence.is_empty() {
            return (bytes.to_vec(), false);
        }
        for byte in bytes {
            if *byte == self.sequence[self.typed] {
                self.typed += 1;
                if self.typed == self.sequence.len() {
                    return (passed, true);
                }
                continue;
            }
            passed.extend_from_slice(&self.sequence[..self.typed]);
            self.typed = 0;
            if *byte == self.sequence[0] && self.sequence.len() > 1 {
                self.typed = 1;
            } else {
                passed.push(*byte);
            }
        }
        (passed, false)
    }
}

impl Default for DetachKeys {
    /// Ctrl-P, Ctrl-Q.
    fn default() -> Self {
        Self {
            sequence: vec![16, 17],
            typed: 0,
        }
    }
}

impl std::str::FromStr for DetachKeys {
    type Err = String;

    /// Reads keys with commas between: a letter, or `ctrl-` and a letter or one of `@[\]^_`. Empty
    /// text is no keys.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = |name: &str| match (name.strip_prefix("ctrl-"), name.as_bytes()) {
            (Some(control), _) => match control.as_bytes() {
                [letter @ (b'a'..=b'z' | b'@' | b'['..=b'_')] => Ok(letter & 0x1f),
                _ => Err(format!("'{name}' is no key")),
            },
            (None, [byte]) if byte.is_ascii_graphic() => Ok(*byte),
            _ => Err(format!("'{name}' is no key")),
        };
        let names = text.split(',').filter(|_| !text.is_empty());
        Ok(Self {
            sequence: names.map(key).collect::<Result<_, _>>()?,
            typed: 0,
        })
    }
}

#[cfg(test)]
mod tests;

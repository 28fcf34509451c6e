//! The kernel's command line.

/// Its words: `name` or `name=value`. Of several with one name, the last counts.
#[derive(Debug, Default)]
pub(crate) struct Parameters(String);

impl Parameters {
    /// Those that this kernel was started with; none without `/proc`.
    pub(crate) fn of_kernel() -> Self {
        Self(std::fs::read_to_string("/proc/cmdline").unwrap_or_default())
    }

    /// The value of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.words().find_map(|word| {
            let (found, value) = word.split_once('=')?;
            (found == name).then_some(value)
        })
    }

    /// Which of two opposite words comes last: `true` for the first of them.
    pub(crate) fn choice(&self, yes: &str, no: &str) -> Option<bool> {
        let last = self.words().find(|word| *word == yes || *word == no);
        last.map(|word| word == yes)
    }

    /// The last word first.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace().rev()
    }
}

#[cfg(test)]
mod tests;

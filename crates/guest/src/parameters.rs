//! The kernel's command line.

/// The words of the command line: `name` or `name=value`. Of several with one name, the last
/// counts.
#[derive(Debug, Default)]
pub(crate) struct Parameters(String);

impl Parameters {
    /// The parameters of the running kernel; none without `/proc`.
    pub(crate) fn of_kernel() -> Self {
        Self(std::fs::read_to_string("/proc/cmdline").unwrap_or_default())
    }

    /// The parameters of a command line.
    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The value of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.words().find_map(|word| {
            let (found, value) = word.split_once('=')?;
            (found == name).then_some(value)
        })
    }

    /// The last of two opposite words: `true` for `yes`, `false` for `no`; `None` if there is
    /// neither.
    pub(crate) fn choice(&self, yes: &str, no: &str) -> Option<bool> {
        let last = self.words().find(|word| *word == yes || *word == no);
        last.map(|word| word == yes)
    }

    /// The words, the last one first.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace().rev()
    }
}

#[cfg(test)]
mod tests;

//! The parameters of a request.

use crate::fault::Fault;

use super::percent::decode;

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the parameters; those that are not in `known` are refused by name.
    pub(crate) fn read(text: Option<&str>, known: &[&str]) -> Result<Self, Fault> {
        let mut pairs = Vec::new();
        for pair in text.unwrap_or_default().split('&') {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &str| {
                decode(&text.replace('+', " "))
                    .ok_or_else(|| Fault::usage(format!("'{text}' is not encoded as UTF-8")))
            };
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !known.contains(&name.as_str()) {
                let known = match known {
                    [] => "there are none here".to_owned(),
                    known => format!("expected {}", known.join(", ")),
                };
                return Err(Fault::usage(format!("unknown parameter '{name}': {known}")));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// All values of a parameter, each read by `parse`.
    pub(crate) fn all<T, E: ToString>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Fault> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        values
            .map(|(_, value)| {
                parse(value).map_err(|error| {
                    Fault::usage(format!(
                        "{name} '{value}' cannot be used: {}",
                        error.to_string()
                    ))
                })
            })
            .collect()
    }

    /// The value of a parameter that is given at most once.
    pub(crate) fn one<T, E: ToString>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Fault> {
        let mut values = self.all(name, parse)?;
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(Fault::usage(format!("{name} is given several times"))),
        }
    }

    /// The text of a parameter that must be given.
    pub(crate) fn text(&self, name: &str) -> Result<String, Fault> {
        let text = self.one(name, |text| Ok::<_, String>(text.to_owned()))?;
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| Fault::usage(format!("the parameter '{name}' is missing")))
    }

    /// Whether something is wanted: `true` or `false`; without the parameter it is not.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Fault> {
        let parse = |text: &str| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("expected true or false"),
        };
        Ok(self.one(name, parse)?.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests;

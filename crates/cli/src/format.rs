//! The form of results.

use crate::template::Template;

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document.
    Json,
    /// As the user has written it. It lives as long as the process, which has one.
    Template(&'static Template),
}

impl Format {
    /// Reads the value of `--format`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" | "table" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ if text.contains("{{") => {
                let template = Template::parse(text).map_err(|error| error.to_string())?;
                Ok(Self::Template(Box::leak(Box::new(template))))
            }
            _ => Err("expected text, json, or a template such as '{{.id}}'".to_owned()),
        }
    }
}

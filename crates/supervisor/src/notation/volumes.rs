//! Filters of volumes: `KEY=VALUE`.

use crate::volumes_of_user::NamedVolume;

/// One filter. Several must all match, but of several names one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The name contains this.
    Name(String),
    /// It has this label, with this value if there is one.
    Label(String, Option<String>),
    /// Whether no machine uses it.
    Dangling(bool),
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        Ok(match key {
            "name" => Self::Name(value.to_owned()),
            "label" => match value.split_once('=') {
                Some((key, value)) => Self::Label(key.to_owned(), Some(value.to_owned())),
                None => Self::Label(value.to_owned(), None),
            },
            "dangling" => match value {
                "true" | "1" => Self::Dangling(true),
                "false" | "0" => Self::Dangling(false),
                _ => return Err("dangling is true or false".to_owned()),
            },
            _ => return Err("expected name, label or dangling".to_owned()),
        })
    }
}

/// Whether a volume passes all filters.
#[must_use]
pub fn passes(found: &NamedVolume, filters: &[Filter]) -> bool {
    let mut names = filters.iter().filter_map(|filter| match filter {
        Filter::Name(part) => Some(part),
        _ => None,
    });
    let has_names = names.clone().next().is_some();
    let is_named = !has_names || names.any(|part| found.volume.name.contains(part.as_str()));
    is_named
        && filters.iter().all(|filter| match filter {
            Filter::Name(_) => true,
            Filter::Label(key, value) => found
                .volume
                .labels
                .get(key)
                .is_some_and(|label| value.as_ref().is_none_or(|value| value == label)),
            Filter::Dangling(wanted) => found.machines.is_empty() == *wanted,
        })
}

//! Infers a family from a name, a plural, or the path of a repository.

use std::str::FromStr;

use lazaret_oci::Repository;
use lazaret_values::Printable;

use crate::{Error, Family};

impl Family {
    /// The family for a push: that of `named` if given, else that of the last plural in the
    /// repository path before its last segment, which is the artifact's name.
    ///
    /// # Errors
    /// [`Error::UnknownFamily`] or [`Error::FamilyNotInferred`]; both list the ten families.
    pub fn infer(named: Option<&str>, repository: &Repository) -> Result<Self, Error> {
        match named {
            Some(name) => name.parse(),
            None => repository
                .segments()
                .rev()
                .skip(1)
                .find_map(Self::from_path_segment)
                .ok_or_else(|| Error::FamilyNotInferred {
                    repository: repository.to_string(),
                }),
        }
    }
}

impl FromStr for Family {
    type Err = Error;

    /// Parses the name or the plural of a family.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|family| family.name() == text || family.path_segment() == text)
            .ok_or_else(|| Error::UnknownFamily {
                text: Printable::excerpt(text),
            })
    }
}

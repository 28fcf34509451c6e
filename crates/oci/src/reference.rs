//! References to manifests: `registry/repository[:tag][@digest]`.

use std::fmt;
use std::str::FromStr;

use lazaret_values::Printable;

use crate::{Digest, Error, Registry, Repository, Tag};

/// A full reference to a manifest in a registry.
///
/// There is no default registry: text without one is an error, except in [`Reference::parse_in`],
/// where the caller gives the registry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The registry.
    pub registry: Registry,
    /// The repository in the registry.
    pub repository: Repository,
    /// The tag, if there is one.
    pub tag: Option<Tag>,
    /// The digest, if there is one. It takes precedence over the tag.
    pub digest: Option<Digest>,
}

impl Reference {
    /// Parses text that may omit the registry, which is then `registry`.
    ///
    /// # Errors
    /// [`Error`] naming the part that breaks the grammar.
    pub fn parse_in(text: &str, registry: &Registry) -> Result<Self, Error> {
        Self::parse(text, Some(registry))
    }

    fn parse(text: &str, default: Option<&Registry>) -> Result<Self, Error> {
        let fail = |reason| Error::Reference {
            text: Printable::excerpt(text),
            reason,
        };
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        if text.len() > 1024 {
            return Err(fail("longer than 1024 characters"));
        }
        if text.contains("://") {
            return Err(fail("leave out the scheme"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        let (registry, path) = match rest.split_once('/') {
            Some((first, path)) if Registry::looks_like(first) => (Some(first.parse()?), path),
            _ => (None, rest),
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag.parse::<Tag>()?)),
            None => (path, None),
        };
        let repository = path.parse::<Repository>()?;
        let registry =
            registry
                .or_else(|| default.cloned())
                .ok_or_else(|| Error::MissingRegistry {
                    text: Printable::excerpt(text),
                })?;
        Ok(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }

    /// The last part of the manifest's URL: the digest, else the tag, else `latest`.
    #[must_use]
    pub fn locator(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// The same reference, pinned to `digest`; the tag is kept for people to read.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The reference without tag and digest.
    #[must_use]
    pub fn base(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The reference with `latest` written out when it has neither tag nor digest.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let tag = match (&self.tag, &self.digest) {
            (None, None) => "latest".parse().ok(),
            (tag, _) => tag.clone(),
        };
        Self {
            tag,
            ..self.clone()
        }
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text, None)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

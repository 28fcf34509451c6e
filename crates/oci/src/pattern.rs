//! Patterns over repository names, tags and media types.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::digest::excerpt;

/// A pattern over text with segments between slashes: `?` is any character and `*` any text
/// within a segment; a segment `**` is any number of segments, also none. Nothing else has a
/// meaning of its own.
///
/// Matching takes at most the product of both lengths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

/// Longest pattern.
const MOST: usize = 512;

impl Pattern {
    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of `text` has this form.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let pattern: Vec<&str> = self.0.split('/').collect();
        let text: Vec<&str> = text.split('/').collect();
        wildcard(&pattern, &text, |p| *p == "**", |p, t| segment(p, t))
    }
}

/// Whether one segment has the form of another.
fn segment(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    wildcard(&pattern, &text, |p| *p == '*', |p, t| *p == '?' || p == t)
}

/// Whether the items of `text` fit those of a pattern with one kind of wildcard, which stands for
/// any number of items. Takes at most the product of both lengths.
pub fn wildcard<P, T>(
    pattern: &[P],
    text: &[T],
    is_any: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    // Going back to the last wildcard only suffices.
    let mut retry = None;
    while t < text.len() {
        if p < pattern.len() && is_any(&pattern[p]) {
            retry = Some((p, t));
            p += 1;
        } else if p < pattern.len() && fits(&pattern[p], &text[t]) {
            p += 1;
            t += 1;
        } else if let Some((any, from)) = retry {
            retry = Some((any, from + 1));
            p = any + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(is_any)
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Pattern {
            text: excerpt(text),
            reason,
        };
        if text.is_empty() || text.len() > MOST {
            return Err(fail("it has to have 1 to 512 characters"));
        }
        if text
            .split('/')
            .any(|part| part.contains("**") && part != "**")
        {
            return Err(fail("'**' has to be a segment of its own"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let parsed: Pattern = pattern.parse().unwrap();
        for text in matching {
            assert!(parsed.matches(text), "{pattern} should match {text}");
        }
        for text in other {
            assert!(!parsed.matches(text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn stars_stay_within_a_segment_unless_they_are_one() {
        check(
            "acme/app",
            &["acme/app"],
            &["acme/apps", "acme", "x/acme/app"],
        );
        check("acme/*", &["acme/app"], &["acme", "acme/a/b", "acmes/app"]);
        check(
            "acme/**",
            &["acme", "acme/app", "acme/a/b"],
            &["acmes", "x/acme"],
        );
        check("**", &["a", "a/b/c"], &[]);
        check("**/app", &["app", "a/app", "a/b/app"], &["a/apps", "app/a"]);
        check("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/b", "az"]);
        check("v*.?", &["v1.2", "v.x", "v1.2.3"], &["v1", "1.2"]);
        check("a*b*c", &["abc", "aXbYc", "abbcc"], &["ab", "acb"]);
    }

    #[test]
    fn unclear_patterns_are_refused() {
        for text in ["", "a**", "a/**b/c", &"a".repeat(513)] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(('*', rest)), _) => (0..=text.len()).any(|taken| slow(rest, &text[taken..])),
            (Some(_), None) => false,
            (Some((p, rest)), Some((t, left))) => (*p == '?' || p == t) && slow(rest, left),
        }
    }

    proptest! {
        #[test]
        fn one_segment_matches_as_its_definition_says(
            pattern in "[ab*?]{1,8}", text in "[ab]{0,8}"
        ) {
            prop_assume!(!pattern.contains("**"));
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                pattern.parse::<Pattern>().unwrap().matches(&text),
                slow(&chars(&pattern), &chars(&text))
            );
        }
    }
}

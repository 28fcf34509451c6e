//! Converts values to their stored form, and rows to values.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lazaret_oci::Digest;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::fault::Fault;
use crate::{Listing, Page, Staged};

/// Longest artifact type that is stored unchanged, in bytes. Index entries have a limit.
const LONGEST_KEY: usize = 255;

/// Milliseconds since 1970, clamped to the range of the type.
pub(super) fn millis(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => span(after),
        Err(before) => -span(before.duration()),
    }
}

/// Milliseconds of a duration.
pub(super) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time of milliseconds from [`millis`].
pub(super) fn time(millis: i64) -> SystemTime {
    let span = Duration::from_millis(millis.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if millis < 0 {
        epoch.checked_sub(span)
    } else {
        epoch.checked_add(span)
    };
    time.unwrap_or(epoch)
}

/// A size or number in the database's signed form. Nothing real has 2^63 bytes.
pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A JSON array of texts.
pub(super) fn json_list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts = texts.into_iter().map(|text| text.as_ref().into());
    serde_json::Value::Array(texts.collect()).to_string()
}

/// The form in which artifact types are compared: short, and without bytes that PostgreSQL refuses.
pub(super) fn artifact_key(artifact_type: &str) -> String {
    if artifact_type.len() <= LONGEST_KEY && !artifact_type.contains('\0') {
        artifact_type.to_owned()
    } else {
        Digest::of(artifact_type.as_bytes()).to_string()
    }
}

/// The text after which a page begins, for `column > $n`. It is cut at the first zero byte, as
/// PostgreSQL refuses these and no name has one.
pub(super) fn after(page: &Page) -> &str {
    let last = page.last.as_deref().unwrap_or_default();
    last.split('\0').next().unwrap_or_default()
}

/// Number of rows to ask for: one more than the page has, to know whether more follow.
pub(super) fn rows(page: &Page) -> i64 {
    page.limit
        .and_then(|limit| i64::try_from(limit).ok()?.checked_add(1))
        .unwrap_or(i64::MAX)
}

/// A limit as a number of rows.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The page of the rows that [`rows`] asked for.
pub(super) fn listing<T>(mut items: Vec<T>, page: &Page) -> Listing<T> {
    let limit = page.limit.unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    Listing { items, more }
}

/// Reads columns of a row by position.
pub(super) trait Columns {
    /// A text.
    fn text(&self, index: usize) -> Result<String, Fault>;
    /// A text or nothing.
    fn optional_text(&self, index: usize) -> Result<Option<String>, Fault>;
    /// A number.
    fn number(&self, index: usize) -> Result<i64, Fault>;
    /// Bytes.
    fn bytes(&self, index: usize) -> Result<Vec<u8>, Fault>;

    /// A text that is parsed as a value.
    fn parsed<T: FromStr>(&self, index: usize) -> Result<T, Fault> {
        parse(&self.text(index)?)
    }

    /// Like [`Self::parsed`], or nothing.
    fn optional_parsed<T: FromStr>(&self, index: usize) -> Result<Option<T>, Fault> {
        self.optional_text(index)?.as_deref().map(parse).transpose()
    }

    /// A size in bytes.
    fn size(&self, index: usize) -> Result<u64, Fault> {
        let number = self.number(index)?;
        u64::try_from(number).map_err(|_| Fault::Malformed(format!("a size of {number} bytes")))
    }

    /// A time.
    fn time(&self, index: usize) -> Result<SystemTime, Fault> {
        Ok(time(self.number(index)?))
    }

    /// A time or nothing.
    fn optional_time(&self, index: usize) -> Result<Option<SystemTime>, Fault>;

    /// A size in bytes and a state.
    fn staged(&self, size: usize, state: usize) -> Result<Staged, Fault> {
        Ok(Staged {
            size: self.size(size)?,
            state: self.optional_text(state)?,
        })
    }
}

impl Columns for AnyRow {
    fn text(&self, index: usize) -> Result<String, Fault> {
        Ok(self.try_get(index)?)
    }

    fn optional_text(&self, index: usize) -> Result<Option<String>, Fault> {
        Ok(self.try_get(index)?)
    }

    fn number(&self, index: usize) -> Result<i64, Fault> {
        Ok(self.try_get(index)?)
    }

    fn bytes(&self, index: usize) -> Result<Vec<u8>, Fault> {
        Ok(self.try_get(index)?)
    }

    fn optional_time(&self, index: usize) -> Result<Option<SystemTime>, Fault> {
        let millis: Option<i64> = self.try_get(index)?;
        Ok(millis.map(time))
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, Fault> {
    text.parse()
        .map_err(|_| Fault::Malformed(format!("the stored value '{text}' is malformed")))
}

/// All rows, each converted to a value.
pub(super) fn collect<T>(
    rows: &[AnyRow],
    of: impl Fn(&AnyRow) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    rows.iter().map(of).collect()
}

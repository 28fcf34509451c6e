//! One line of a log, as text and as a value.

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};
use lazaret_values::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Longest line, in bytes.
pub const LONGEST_LINE: usize = 1 << 20;
/// Longest event, in bytes as JSON. Of a longer one only its kind and its size are logged.
const LONGEST_EVENT: usize = LONGEST_LINE / 2;
/// The `previous` of the first line.
pub(crate) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_MEMBER: &str = ",\"hash\":\"";
/// Bytes of the member and of the end of the line.
const END_BYTES: usize = HASH_MEMBER.len() + NO_HASH.len() + 2;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its number, from 1.
    pub sequence: u64,
    /// When it was written (RFC 3339, UTC).
    pub time: String,
    /// What happened.
    pub event: Value,
    /// The hash of the line before.
    pub previous: String,
    /// Its own hash.
    pub hash: String,
}

/// The line without its hash, in the order in which it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    sequence: u64,
    time: String,
    event: Value,
    previous: String,
}

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OwnEvent {
    /// A write was cut off by the death of its process; what was there of the line is gone.
    Torn {
        /// Number of bytes.
        bytes: u64,
    },
    /// The oldest part of the log was dropped.
    Dropped {
        /// The last sequence number in it.
        through: u64,
        /// The hash of that line.
        hash: String,
    },
    /// Events could not be written, because the disk was full or failed.
    Lost {
        /// Number of events.
        events: u64,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is no line of a log.
    #[error("it is no record")]
    NotARecord,
    /// It is longer than a line can be.
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
    /// Its content was changed.
    #[error("its hash is not that of its content")]
    Hash,
    /// Lines before it are missing, were added, or are in another order.
    #[error("its number is {found}, not {expected}")]
    Sequence {
        /// The number that follows the line before.
        expected: u64,
        /// Its number.
        found: u64,
    },
    /// The line before it was exchanged.
    #[error("it does not follow the line before it")]
    Previous,
    /// Its beginning is missing, and the log does not say that it was dropped.
    #[error(
        "the lines 1 to {0} before it are missing, and the log does not say that they were dropped"
    )]
    Beginning(u64),
    /// An older part of the log ends within a line.
    #[error("it is incomplete, and other lines follow")]
    Incomplete,
    /// The head that was kept elsewhere is not the hash of any line.
    #[error("the head {0} is not in the log: it was cut off or written anew after this line")]
    Head(String),
}

/// Makes the line after `previous` (without a line end) and its hash.
pub(crate) fn line(
    sequence: u64,
    now: DateTime<Utc>,
    event: Value,
    previous: &str,
) -> (String, String) {
    let body = Body {
        sequence,
        time: now.to_rfc3339_opts(SecondsFormat::Nanos, true),
        event: bounded(event),
        previous: previous.to_owned(),
    };
    let mut text = serde_json::to_string(&body).expect("the keys of a JSON value are strings");
    let hash = hash(text.as_bytes());
    text.pop();
    text += HASH_MEMBER;
    text += &hash;
    text += "\"}";
    (text, hash)
}

fn bounded(event: Value) -> Value {
    let bytes = event.to_string().len();
    match bytes <= LONGEST_EVENT {
        true => event,
        false => serde_json::json!({ "kind": event["kind"], "too_long": bytes }),
    }
}

/// Reads a line, without its line end. Its place in the chain is not checked.
///
/// # Errors
/// [`Fault::TooLong`], [`Fault::NotARecord`], [`Fault::Hash`].
pub(crate) fn read(line: &[u8]) -> Result<Record, Fault> {
    if line.len() > LONGEST_LINE {
        return Err(Fault::TooLong);
    }
    let text = std::str::from_utf8(line).map_err(|_| Fault::NotARecord)?;
    let at = text.len().checked_sub(END_BYTES).ok_or(Fault::NotARecord)?;
    let (body, end) = text.split_at_checked(at).ok_or(Fault::NotARecord)?;
    let found = end
        .strip_prefix(HASH_MEMBER)
        .and_then(|end| end.strip_suffix("\"}"))
        .filter(|found| {
            found
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
        .ok_or(Fault::NotARecord)?;
    let body = format!("{body}}}");
    if hash(body.as_bytes()) != found {
        return Err(Fault::Hash);
    }
    let body: Body = serde_json::from_str(&body).map_err(|_| Fault::NotARecord)?;
    Ok(Record {
        sequence: body.sequence,
        time: body.time,
        event: body.event,
        previous: body.previous,
        hash: found.to_owned(),
    })
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

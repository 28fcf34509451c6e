//! Parses amounts of processors and memory.

use lazaret_values::{Decimal, Error as SizeError, Printable, Size};
use serde_json::Value;

use crate::Error;

/// Whole processors from a number or text: `2`, `1.5`, `"2"`, `"500m"`. Fractions round up.
///
/// # Errors
/// [`Error::Quantity`].
pub fn parse_cpus(value: &Value) -> Result<u32, Error> {
    let text = as_text(value, "cpu")?;
    let fail = |reason| quantity("cpu", &text, reason);
    let (digits, thousandths) = match text.strip_suffix('m') {
        Some(digits) => (digits, 1),
        None => (text.as_str(), 1000),
    };
    let amount = Decimal::parse(digits).ok_or_else(|| fail("not a number"))?;
    let milli = amount
        .times(thousandths)
        .ok_or_else(|| fail("too many processors"))?;
    match milli.div_ceil(1000) {
        0 => Err(fail("it must be more than zero")),
        cpus @ 1..=9999 => u32::try_from(cpus).map_err(|_| fail("too many processors")),
        _ => Err(fail("too many processors")),
    }
}

/// Memory of a document in MiB, from a number of MiB or text: `512`, `"512"`, `"256Mi"`, `"1Gi"`,
/// `"512M"`. The units are those of the schema, a subset of [`Size`]'s: `Ki Mi Gi Ti` and `K M G
/// T`. Fractions of a MiB round up.
///
/// # Errors
/// [`Error::Quantity`].
pub fn parse_memory(value: &Value) -> Result<u64, Error> {
    let text = as_text(value, "memory")?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    match unit {
        "" | "Ki" | "Mi" | "Gi" | "Ti" | "K" | "M" | "G" | "T" | "k" | "m" | "g" | "t" => {
            parse_memory_flag(&text)
        }
        _ => Err(quantity("memory", &text, "unknown unit")),
    }
}

/// Memory of a flag in MiB: any [`Size`]; a plain number counts MiB. Fractions of a MiB round up.
///
/// # Errors
/// [`Error::Quantity`].
pub fn parse_memory_flag(text: &str) -> Result<u64, Error> {
    let fail = |reason| quantity("memory", text, reason);
    let size = Size::parse_counting(text, Size::MIB).map_err(|error| match error {
        SizeError::SizeUnit { .. } => fail("units are capitals: Mi, Gi, M, G"),
        SizeError::SizeTooLarge { .. } => fail("too much memory"),
        _ => fail("not a number with a unit of memory"),
    })?;
    match size.in_mebibytes() {
        0 => Err(fail("it must be more than zero")),
        mib @ 1..=MAX_MIB => Ok(mib),
        _ => Err(fail("too much memory")),
    }
}

/// Largest amount of memory in MiB: 1 PiB.
const MAX_MIB: u64 = 1 << 30;

fn as_text(value: &Value, what: &'static str) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(quantity(what, &other.to_string(), "not a number or text")),
    }
}

fn quantity(what: &'static str, text: &str, reason: &'static str) -> Error {
    Error::Quantity {
        what,
        text: Printable::excerpt(text),
        reason,
    }
}

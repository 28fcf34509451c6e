//! Amounts of processors and memory.

use lazaret_values::Printable;
use serde_json::Value;

use crate::Error;

/// Whole processors from a number or text: `2`, `1.5`, `"2"`, `"500m"`. Parts round up.
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

/// Memory in MiB, from a number of MiB or text: `512`, `"512"`, `"256Mi"`, `"1Gi"`,
/// `"512M"`. `Ki Mi Gi Ti` are powers of 1024, `K M G T` powers of 1000 bytes. Parts of a
/// MiB round up.
///
/// # Errors
/// [`Error::Quantity`].
pub fn parse_memory(value: &Value) -> Result<u64, Error> {
    let text = as_text(value, "memory")?;
    let fail = |reason| quantity("memory", &text, reason);
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let unit: u128 = match unit {
        "" | "Mi" => MIB,
        "Ki" => 1 << 10,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "k" | "m" | "g" | "t" => return Err(fail("units are capitals: Mi, Gi, M, G")),
        _ => return Err(fail("unknown unit")),
    };
    let amount = Decimal::parse(digits).ok_or_else(|| fail("not a number"))?;
    let bytes = amount.times(unit).ok_or_else(|| fail("too much memory"))?;
    match bytes.div_ceil(MIB) {
        0 => Err(fail("it must be more than zero")),
        mib @ 1..=MAX_MIB => u64::try_from(mib).map_err(|_| fail("too much memory")),
        _ => Err(fail("too much memory")),
    }
}

const MIB: u128 = 1 << 20;

/// 1 PiB.
const MAX_MIB: u128 = 1 << 30;

/// `digits / 10^scale`, exact.
struct Decimal {
    digits: u128,
    scale: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let numeric = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !numeric(whole) || !numeric(part) || whole.len() + part.len() > 24 {
            return None;
        }
        Some(Self {
            digits: format!("{whole}{part}").parse().ok()?,
            scale: u32::try_from(part.len()).ok()?,
        })
    }

    /// The product, rounded up.
    fn times(&self, factor: u128) -> Option<u128> {
        let product = self.digits.checked_mul(factor)?;
        Some(product.div_ceil(10_u128.checked_pow(self.scale)?))
    }
}

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

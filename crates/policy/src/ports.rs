//! The ports that rules name.

use lazaret_values::Printable;
use serde_json::Value;

/// First and last port.
pub(crate) type Range = (u16, u16);

/// Reads an element of `ports`: a number, or a text such as `443` or `8000-8100`.
///
/// # Errors
/// The reason that it is neither.
pub(crate) fn parse(value: &Value) -> Result<Range, String> {
    let range = match value {
        Value::String(text) => {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            port(first).zip(port(last))
        }
        // In JSON Schema, 443.0 is an integer too.
        Value::Number(number) => port(number.to_string().trim_end_matches(".0")).map(|p| (p, p)),
        _ => None,
    };
    range.filter(|(first, last)| first <= last).ok_or_else(|| {
        let text = match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        format!(
            "'{}': expected a port from 1 to 65535, or a range such as '8000-8100'",
            Printable::excerpt(&text)
        )
    })
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_number)
}

/// Whether `ranges`, of which none is every port, has `port`.
pub(crate) fn has(ranges: &[Range], port: u16) -> bool {
    ranges.is_empty()
        || ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&port))
}

/// Whether both have a port in common.
pub(crate) fn meet(left: &[Range], right: &[Range]) -> bool {
    left.is_empty()
        || right.is_empty()
        || left
            .iter()
            .any(|a| right.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
}

/// Whether each of `inner` lies in one of `outer`.
pub(crate) fn cover(outer: &[Range], inner: &[Range]) -> bool {
    let within = |b: &Range| outer.iter().any(|a| a.0 <= b.0 && b.1 <= a.1);
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(within))
}

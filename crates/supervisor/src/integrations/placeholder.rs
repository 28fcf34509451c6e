//! What a guest has instead of a secret: text of the same shape, which no other run has.

use lazaret_files::random_hex;

/// The shape of secrets of which nothing is known.
const ANY: &str = "lazaret_{48}";
/// Most characters beside the random ones.
const LONGEST: usize = 64;
/// Fewest and most random characters. Each is one of 16, so these are at least 80 bits.
const RANDOM: std::ops::RangeInclusive<usize> = 20..=128;
/// The number of them when a shape does not say it.
const USUAL: usize = 48;

/// A new placeholder of a shape: text with `{NUMBER}` or `{}` for random characters, which follow a
/// shape without either.
pub(crate) fn placeholder(shape: Option<&str>) -> String {
    let fill = |shape: &str| {
        let (before, after, count) = parts(shape)?;
        let is_plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        let fits = before.len() + after.len() <= LONGEST && RANDOM.contains(&count);
        let random = random_hex(count.div_ceil(2));
        (fits && is_plain(before) && is_plain(after))
            .then(|| format!("{before}{}{after}", &random[..count]))
    };
    // What would not fit into a header is not used.
    shape
        .and_then(fill)
        .or_else(|| fill(ANY))
        .unwrap_or_else(|| random_hex(USUAL / 2))
}

fn parts(shape: &str) -> Option<(&str, &str, usize)> {
    let Some((before, rest)) = shape.split_once('{') else {
        return Some((shape, "", USUAL));
    };
    let (count, after) = rest.split_once('}')?;
    match count {
        "" => Some((before, after, USUAL)),
        count => Some((before, after, count.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests;

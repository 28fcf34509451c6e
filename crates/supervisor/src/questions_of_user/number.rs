//! Numbers of questions as people type them: digits and letters, base 36.

#[cfg(test)]
mod tests;

const BASE: u32 = 36;

pub(super) fn text(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % u64::from(BASE)).unwrap_or_default();
        digits.extend(char::from_digit(digit, BASE));
        number /= u64::from(BASE);
        if number == 0 {
            break;
        }
    }
    digits.into_iter().rev().collect()
}

pub(super) fn parse(text: &str) -> Option<u64> {
    // A sign is no digit.
    let is_number = text.bytes().all(|c| c.is_ascii_alphanumeric());
    u64::from_str_radix(text, BASE).ok().filter(|_| is_number)
}

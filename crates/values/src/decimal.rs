//! Exact numbers with decimal places, as quantities have them.

/// A number with or without decimal places, exactly: `512`, `1.5`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    digits: u128,
    /// Digits behind the point.
    scale: u32,
}

impl Decimal {
    /// Most digits in all.
    const DIGITS: usize = 24;

    /// Reads digits, and behind a point more digits. `None` for another form: signs, exponents,
    /// nothing before or behind the point, more than 24 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let numeric = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !numeric(whole) || !numeric(part) || whole.len() + part.len() > Self::DIGITS {
            return None;
        }
        Some(Self {
            digits: format!("{whole}{part}").parse().ok()?,
            scale: u32::try_from(part.len()).ok()?,
        })
    }

    /// The product, rounded up to a whole number. `None` when it is too large.
    #[must_use]
    pub fn times(self, factor: u128) -> Option<u128> {
        let product = self.digits.checked_mul(factor)?;
        Some(product.div_ceil(10_u128.checked_pow(self.scale)?))
    }
}

#[cfg(test)]
mod tests;

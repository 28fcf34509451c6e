//! Exact decimal numbers, for quantities.

/// An exact decimal number, with or without decimal places: `512`, `1.5`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    digits: u128,
    /// Number of digits after the point.
    scale: u32,
}

impl Decimal {
    /// Largest number of digits.
    const DIGITS: usize = 24;

    /// Parses digits, optionally followed by a point and more digits. `None` for any other form:
    /// signs, exponents, no digit before or after the point, more than 24 digits.
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

    /// The product with `factor`, rounded up to a whole number. `None` when it is too large.
    #[must_use]
    pub fn times(self, factor: u128) -> Option<u128> {
        let product = self.digits.checked_mul(factor)?;
        Some(product.div_ceil(10_u128.checked_pow(self.scale)?))
    }
}

#[cfg(test)]
mod tests;

//! Reads the end of a JSON Web Token (RFC 7519, section 4.1.4), which is not verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// The time at which a token says that it ends, in seconds since 1970; `None` for other tokens. It
/// is only a hint for when to renew: the token is not verified.
pub(crate) fn ends_at(token: &str) -> Option<u64> {
    let claims = token.split('.').nth(1)?.trim_end_matches('=');
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    // A NumericDate may have a fraction.
    std::time::Duration::try_from_secs_f64(exp)
        .ok()
        .map(|since| since.as_secs())
}

#[cfg(test)]
mod tests;

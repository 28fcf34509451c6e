//! Makes values of the header `Authorization`, marked as sensitive so that they are never logged.

use base64::Engine as _;
use http::HeaderValue;

use lazaret_values::Secret;

/// The `Authorization` of a user name and password.
pub(super) fn basic(username: &str, password: &Secret) -> HeaderValue {
    let mut value = HeaderValue::try_from(format!("Basic {}", encoded(username, password)))
        .expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

/// `user:password` in base64, separately, because servers may echo it.
pub(super) fn encoded(username: &str, password: &Secret) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.reveal()))
}

/// The `Authorization` of a token, unless the token has characters that no header may have.
pub(super) fn bearer(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

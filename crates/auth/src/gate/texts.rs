//! Checks settings that become parts of headers.

use std::sync::Arc;

use lazaret_oci::Registry;

use crate::error::Error;

/// The origin, `scheme://host[:port]`, of the external URL.
pub(super) fn base(url: &str) -> Result<Arc<str>, Error> {
    let wrong = |reason: &str| Error::Setting {
        setting: "auth.external_url".to_owned(),
        reason: format!("'{url}' {reason}"),
    };
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .ok_or_else(|| wrong("is neither http:// nor https://"))?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let host: Registry = host
        .parse()
        .map_err(|_| wrong("is not a scheme, a host and perhaps a port"))?;
    Ok(format!("{scheme}://{}", host.as_str()).into())
}

/// Checks the realm, which is put between quotes in a header.
pub(super) fn check_realm(realm: &str) -> Result<(), Error> {
    let fits = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    if realm.len() <= 128 && realm.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "auth.realm".to_owned(),
        reason: "it is longer than 128 characters, or has quotes or characters beyond ASCII"
            .to_owned(),
    })
}

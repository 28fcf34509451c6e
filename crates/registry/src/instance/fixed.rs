//! Keeps the settings that a reload cannot change.

#[cfg(test)]
mod tests;

use crate::config::Config;

/// The new settings, except those that cannot change while the registry runs.
pub(super) fn keep_fixed(before: &Config, mut after: Config) -> Config {
    let mut fixed = Vec::new();
    macro_rules! keep {
        ($($field:ident).+) => {
            if before.$($field).+ != after.$($field).+ {
                fixed.push(stringify!($($field).+).replace(' ', ""));
                after.$($field).+ = before.$($field).+.clone();
            }
        };
    }
    keep!(listen);
    keep!(root);
    keep!(reserve);
    keep!(metadata);
    keep!(metrics.listen);
    keep!(log.format);
    keep!(limits.connections);
    keep!(mirror);
    keep!(upstreams);
    keep!(control_planes);
    if before.tls.is_some() != after.tls.is_some() {
        fixed.push("tls".to_owned());
        after.tls.clone_from(&before.tls);
    }
    let links = after
        .storage
        .bucket()
        .map(|(_, bucket)| (bucket.redirect, bucket.redirect_expiry));
    let mut storage = before.storage.clone();
    for bucket in [&mut storage.s3, &mut storage.gcs, &mut storage.azure]
        .into_iter()
        .flatten()
    {
        // The redirection of clients may change.
        if let Some(links) = links {
            (bucket.redirect, bucket.redirect_expiry) = links;
        }
    }
    if storage != after.storage {
        fixed.push("storage".to_owned());
        after.storage = storage;
    }
    if before.tracing.endpoint.is_none() != after.tracing.endpoint.is_none() {
        fixed.push("tracing.endpoint".to_owned());
        after.tracing.endpoint.clone_from(&before.tracing.endpoint);
    }
    if !fixed.is_empty() {
        let settings = fixed.join(", ");
        tracing::warn!(settings, "these settings change with a restart only");
    }
    after
}

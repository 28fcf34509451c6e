//! Reloads that would let somebody in because something is missing.
//!
//! A file that is being written, was emptied or lost a section has fewer settings, and fewer
//! settings mean more access. So a reload never takes away a kind of protection as a whole:
//! what says so on purpose is a restart.

use crate::config::{Config, Fault, Faults, RepositoryRule};

/// Refuses settings in which a kind of protection is gone.
pub(super) fn refuse_widening(before: &Config, after: &Config) -> Result<(), Faults> {
    let protections = |config: &Config| {
        let auth = &config.auth;
        let needs_signatures = |rule: &RepositoryRule| rule.required_signature.is_some();
        [
            ("auth.htpasswd", auth.htpasswd.is_some()),
            ("auth.tokens", auth.tokens.is_some()),
            ("auth.oidc", !auth.oidc.is_empty()),
            ("auth.certificates", auth.certificates.is_some()),
            ("auth.api_keys", auth.api_keys),
            ("access", config.access.is_some()),
            ("rules", !config.rules.is_empty()),
            (
                "rules.required_signature",
                config.rules.iter().any(needs_signatures),
            ),
        ]
    };
    let lost = protections(before).into_iter().zip(protections(after));
    let faults: Vec<Fault> = lost
        .filter(|((_, had), (_, has))| *had && !*has)
        .map(|((path, _), _)| Fault {
            path: path.to_owned(),
            origin: None,
            message: "it was there and is gone, which a reload does not take for meant".to_owned(),
            hint: Some("put it back, or restart the registry to do without it".to_owned()),
            is_warning: false,
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Faults(faults))
    }
}

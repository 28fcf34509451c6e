//! Reloads that would let somebody in because something is missing.
//!
//! A file that is being written, was emptied or lost a section has fewer settings, and fewer
//! settings mean more access. So a reload never takes away a kind of protection as a whole:
//! what says so on purpose is a restart.

use crate::config::{Config, Fault, Faults, RepositoryRule};

/// Refuses settings in which a kind of protection is gone.
pub(super) fn refuse_widening(before: &Config, after: &Config) -> Result<(), Faults> {
    let client_ca = |config: &Config| {
        let tls = config.tls.as_ref();
        tls.is_some_and(|tls| tls.client_ca.is_some())
    };
    let protections = |config: &Config| {
        let auth = &config.auth;
        let needs_signatures = |rule: &RepositoryRule| rule.required_signature.is_some();
        [
            ("auth.htpasswd", auth.htpasswd.is_some()),
            ("auth.tokens", auth.tokens.is_some()),
            ("auth.oidc", !auth.oidc.is_empty()),
            ("auth.certificates", auth.certificates.is_some()),
            ("auth.api_keys", auth.api_keys),
            ("tls.client_ca", client_ca(config)),
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

/// Refuses a file that is the beginning of what it was, if anything that protects is different in
/// it: it was cut, or is being written. What is missing may be the rule that denies.
pub(super) fn refuse_cut(
    old: &str,
    new: &str,
    before: &Config,
    after: &Config,
) -> Result<(), Faults> {
    let is_cut = new.len() < old.len() && old.starts_with(new);
    let is_as_safe = before.auth == after.auth
        && before.access == after.access
        && before.rules == after.rules
        && before.limits == after.limits
        && before.delete == after.delete
        && before.retention == after.retention
        && before.collection == after.collection
        && before.metrics == after.metrics
        && before.tls == after.tls;
    if !is_cut || is_as_safe {
        return Ok(());
    }
    let hint =
        "bring the rest back; if it is meant, add a comment at its end or restart the registry";
    Err(Faults(vec![Fault {
        path: String::new(),
        origin: None,
        message: "the file is the beginning of what it was, as if it had been cut".to_owned(),
        hint: Some(hint.to_owned()),
        is_warning: false,
    }]))
}

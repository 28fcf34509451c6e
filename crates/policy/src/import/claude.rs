//! Policies of Claude Code and of sandbox-runtime.

use serde_json::Value;

use super::sheet::Sheet;
use crate::verdict::Verdict;

/// Reads a policy; `None` if it is none.
pub(super) fn read(policy: &Value, sheet: &mut Sheet) -> Option<Verdict> {
    let top = policy.as_object()?;
    let (place, network) = match policy.pointer("/sandbox/network") {
        Some(network) => ("sandbox.network", network),
        None => ("network", policy.get("network")?),
    };
    let network = network.as_object()?;
    sheet.leave_others("", top, &["network", "sandbox"]);
    if let Some(sandbox) = policy.get("sandbox").and_then(Value::as_object) {
        sheet.leave_others("sandbox", sandbox, &["network", "enabled"]);
    }
    let read = ["allowedDomains", "deniedDomains", "strictAllowlist"];
    sheet.leave_others(place, network, &read);
    for (name, verdict) in [
        ("allowedDomains", Verdict::Allow),
        ("deniedDomains", Verdict::Deny),
    ] {
        let place = format!("{place}.{name}");
        for host in sheet.texts(&place, network.get(name)) {
            sheet.add(&place, verdict, host);
        }
    }
    // Without it, a person is asked.
    match network.get("strictAllowlist") {
        Some(Value::Bool(true)) => Some(Verdict::Deny),
        _ => Some(Verdict::Ask),
    }
}

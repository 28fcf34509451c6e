//! Kits of Docker Sandboxes: `*.x` is one label there, and `**.x` any number.

use serde_json::Value;

use super::sheet::Sheet;
use crate::verdict::Verdict;

/// Reads a kit; `None` if it is none.
pub(super) fn read(kit: &Value, sheet: &mut Sheet) -> Option<Verdict> {
    let top = kit.as_object()?;
    let places = [
        ("permissions.network", "/permissions/network"),
        ("network", "/network"),
    ];
    let found = places.into_iter().filter_map(|(place, pointer)| {
        let network = kit.pointer(pointer)?.as_object()?;
        Some((place, network))
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return None;
    }
    let known = [
        "permissions",
        "network",
        "schemaVersion",
        "kind",
        "name",
        "description",
    ];
    sheet.leave_others("", top, &known);
    if let Some(permissions) = kit.get("permissions").and_then(Value::as_object) {
        sheet.leave_others("permissions", permissions, &["network"]);
    }
    let lists = [
        ("allow", Verdict::Allow),
        ("allowedDomains", Verdict::Allow),
        ("deny", Verdict::Deny),
        ("deniedDomains", Verdict::Deny),
    ];
    for (place, network) in found {
        sheet.leave_others(place, network, &lists.map(|(name, _)| name));
        for (name, verdict) in lists {
            let place = format!("{place}.{name}");
            for host in sheet.texts(&place, network.get(name)) {
                add(sheet, &place, verdict, host);
            }
        }
    }
    Some(Verdict::Deny)
}

fn add(sheet: &mut Sheet, place: &str, verdict: Verdict, host: &str) {
    if let Some(domain) = host.strip_prefix("**.") {
        return sheet.add(place, verdict, &format!("*.{domain}"));
    }
    // Here, it would be names at any depth: more may be denied, not allowed.
    if host.starts_with("*.") && verdict != Verdict::Deny {
        let reason = format!("'{host}' is one label there and would be any number here");
        return sheet.leave(place, &reason);
    }
    sheet.add(place, verdict, host);
}

//! Policies of OpenShell.

use serde_json::{Map, Value};

use super::sheet::{Sheet, rule};
use crate::document::Rule;
use crate::verdict::Verdict;

/// What of an endpoint is read.
const ENDPOINT: [&str; 9] = [
    "host",
    "port",
    "ports",
    "protocol",
    "access",
    "rules",
    "deny_rules",
    "tls",
    "enforcement",
];

/// Reads a policy; `None` if it is none.
pub(super) fn read(policy: &Value, sheet: &mut Sheet) -> Option<Verdict> {
    let policies = policy.get("network_policies")?.as_object()?;
    sheet.leave_others("", policy.as_object()?, &["network_policies", "version"]);
    for (name, policy) in policies {
        let place = format!("network_policies.{name}");
        let Some(policy) = policy.as_object() else {
            sheet.leave(&place, "is no object");
            continue;
        };
        sheet.leave_others(&place, policy, &["name", "endpoints", "binaries"]);
        if policy.contains_key("binaries") {
            let reason = "which program connects cannot be seen: its rules are for all of them";
            sheet.leave(&format!("{place}.binaries"), reason);
        }
        let endpoints = policy.get("endpoints").and_then(Value::as_array);
        for (index, value) in endpoints.into_iter().flatten().enumerate() {
            let place = format!("{place}.endpoints[{index}]");
            match value.as_object() {
                Some(object) => endpoint(sheet, &place, object),
                None => sheet.leave(&place, "is no object"),
            }
        }
    }
    Some(Verdict::Deny)
}

fn endpoint(sheet: &mut Sheet, place: &str, endpoint: &Map<String, Value>) {
    sheet.leave_others(place, endpoint, &ENDPOINT);
    let Some(host) = endpoint.get("host").and_then(Value::as_str) else {
        return sheet.leave(place, "names no host");
    };
    let mut ports: Vec<Value> = endpoint.get("port").cloned().into_iter().collect();
    ports.extend(
        endpoint
            .get("ports")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
    );
    if ports.is_empty() {
        return sheet.leave(place, "names no port");
    }
    let base = |verdict: Verdict| Rule {
        ports: ports.clone(),
        ..rule(verdict, host)
    };
    let denied = format!("{place}.deny_rules");
    for request in list(endpoint, "deny_rules") {
        add_request(sheet, &denied, base(Verdict::Deny), request);
    }
    let rules = list(endpoint, "rules");
    if !rules.is_empty() {
        let place = format!("{place}.rules");
        for request in rules {
            match request.get("allow") {
                Some(request) => add_request(sheet, &place, base(Verdict::Allow), request),
                None => sheet.leave(&place, "has something that allows nothing"),
            }
        }
        return;
    }
    let methods: &[&str] = match endpoint.get("access").map(|access| access.as_str()) {
        None | Some(Some("full")) => &[],
        Some(Some("read-only")) => &["GET", "HEAD", "OPTIONS"],
        Some(Some("read-write")) => &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"],
        Some(_) => return sheet.leave(&format!("{place}.access"), "is none that is known"),
    };
    let rule = Rule {
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        ..base(Verdict::Allow)
    };
    sheet.add_rule(place, rule);
}

fn list<'a>(object: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    let list = object.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// Adds a rule about requests with a method and a path. One that also looks at other things is left
/// out if it allows, and is about more if it denies.
fn add_request(sheet: &mut Sheet, place: &str, base: Rule, request: &Value) {
    let Some(object) = request.as_object() else {
        return sheet.leave(place, "has something that is no object");
    };
    let others = object
        .keys()
        .filter(|name| !matches!(&name[..], "method" | "path"));
    for name in others {
        sheet.leave(&format!("{place}.{name}"), "is not looked at here");
        if base.verdict != Verdict::Deny {
            return;
        }
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let rule = Rule {
        methods: vec![text("method").unwrap_or("*").to_ascii_uppercase()],
        paths: text("path").map(str::to_owned).into_iter().collect(),
        ..base
    };
    sheet.add_rule(place, rule);
}

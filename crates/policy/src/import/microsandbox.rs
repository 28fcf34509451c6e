//! Rules of microsandbox, `ACTION@DESTINATION[:PROTOCOL[:PORT]]`, of which the first that matches
//! decides.

use serde_json::{Value, json};

use super::sheet::Sheet;

/// The networks that are private there.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// The rules of a policy; `None` if it is none.
pub(super) fn rules(policy: &Value) -> Option<&Vec<Value>> {
    let places = ["", "/rules", "/network/rules", "/network/policy/rules"];
    let mut lists = places
        .iter()
        .filter_map(|place| policy.pointer(place)?.as_array());
    lists.find(|list| {
        let is_rule = |rule: &Value| rule.as_str().is_some_and(|text| text.contains('@'));
        !list.is_empty() && list.iter().all(is_rule)
    })
}

/// The policy as routes, whose order is theirs.
pub(super) fn as_routes(policy: &Value, sheet: &mut Sheet) -> Option<Value> {
    let mut routes = Vec::new();
    for (index, rule) in rules(policy)?.iter().enumerate() {
        let text = rule.as_str().unwrap_or_default();
        match translated(text) {
            Ok(found) => routes.extend(found),
            Err(reason) => sheet.leave(&format!("rule {} '{text}'", index + 1), reason),
        }
    }
    let default = policy.pointer("/network/default").or(policy.get("default"));
    let default = match default.and_then(Value::as_str) {
        Some("allow") => "allow",
        _ => "deny",
    };
    Some(json!({"network": {"allowedRoutes": routes, "defaultVerdict": default}}))
}

fn translated(text: &str) -> Result<Vec<Value>, &'static str> {
    let (action, rest) = text.split_once('@').ok_or("is no rule")?;
    if !matches!(action, "allow" | "deny") {
        return Err("neither allows nor denies");
    }
    // An address of IPv6 is in brackets.
    let end = rest.rfind(']').unwrap_or(0);
    let parts = rest[end..].split_once(':');
    let (host, limits) = match parts {
        Some((start, limits)) => (&rest[..end + start.len()], limits),
        None => (rest, ""),
    };
    let (protocol, port) = limits.split_once(':').unwrap_or((limits, ""));
    if !matches!(protocol, "" | "tcp" | "any" | "*") {
        return Err("only TCP leaves a machine");
    }
    let hosts: Vec<&str> = match host {
        "any" | "*" => vec!["*"],
        // A private address is reached by a rule that names it, and by no other.
        "public" if action == "allow" => vec!["*"],
        "private" => PRIVATE.to_vec(),
        "public" | "loopback" | "link-local" | "metadata" | "host" | "multicast" => {
            return Err("names a group of addresses that has no name here");
        }
        host => vec![host],
    };
    let route = |host: &str| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let matched = match (port, host.contains(':')) {
            ("" | "*" | "any", _) => host.to_owned(),
            (port, true) => format!("[{host}]:{port}"),
            (port, false) => format!("{host}:{port}"),
        };
        json!({"match": matched, "verdict": action})
    };
    Ok(hosts.into_iter().map(route).collect())
}

//! Makes a [`Document`] of a policy as people write it.
//!
//! | what is written | how its rules are meant |
//! |---|---|
//! | `network: {default, rules}` | ours: in any order, what denies wins |
//! | `network: {allowedRoutes, defaultVerdict}`, `network: {egress: {http, tcp}, defaultVerdict}`, `egress: {http, tcp}` of a mixin | Lens's: the first that matches decides |
//!
//! Rules of the second kind are translated where the order makes no difference. Where it does, the
//! two rules are named.

mod member;
mod order;
mod route;
mod rule;

use serde_json::{Map, Value};

use crate::document::{Document, Layer};
use crate::fault::Fault;
use crate::verdict::Verdict;
use member::{Members, child};

/// Reads what a policy says of the network; `spec` is the flat form or the `spec` of an artifact.
/// Without a default of its own, ours denies and Lens's asks.
///
/// # Errors
/// Every fault, with pointers into `spec`.
pub fn read(origin: &str, spec: &Value) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let document = |default, rules| Document {
        origin: origin.to_owned(),
        layer: Layer::Policy,
        default: Some(default),
        rules,
    };
    let Some(spec) = spec.as_object() else {
        return Err(vec![Fault::new("", "expected an object")]);
    };
    if let Some(egress) = spec.get("egress") {
        if spec.contains_key("network") {
            faults.push(Fault::new("/network", "'egress' is beside it: one of them"));
        }
        if spec.contains_key("mixins") {
            faults.push(Fault::new(
                "/mixins",
                "what others say is not followed: write it here",
            ));
        }
        let routes = egress_routes(egress, "/egress", &mut faults);
        let (default, rules) = order::translate(&routes, Verdict::Ask, &mut faults);
        return or_faults(document(default, rules), faults);
    }
    let network = match spec.get("network") {
        None => return Ok(document(Verdict::Deny, Vec::new())),
        Some(Value::Object(network)) => network,
        Some(_) => return Err(vec![Fault::new("/network", "expected an object")]),
    };
    if !is_ordered(network) {
        let (default, rules) = ours(network, &mut faults);
        return or_faults(document(default, rules), faults);
    }
    let mut members = Members::new(network, "/network");
    let mut routes = Vec::new();
    if let Some(list) = members.list("allowedRoutes", &mut faults) {
        routes.extend(route::read_all(
            list,
            "/network/allowedRoutes",
            false,
            &mut faults,
        ));
    }
    if let Some(egress) = members.take("egress") {
        routes.extend(egress_routes(egress, "/network/egress", &mut faults));
    }
    let default = members.verdict("defaultVerdict", &mut faults);
    members.refuse_others(&mut faults);
    let default = default.unwrap_or(Verdict::Ask);
    let (default, rules) = order::translate(&routes, default, &mut faults);
    or_faults(document(default, rules), faults)
}

/// Whether the rules of a `network` are Lens's, of which the first that matches decides.
fn is_ordered(network: &Map<String, Value>) -> bool {
    let ordered = ["allowedRoutes", "egress", "defaultVerdict"];
    ordered.iter().any(|name| network.contains_key(*name))
}

fn ours(network: &Map<String, Value>, faults: &mut Vec<Fault>) -> (Verdict, Vec<crate::Rule>) {
    let mut members = Members::new(network, "/network");
    let default = members.verdict("default", faults);
    let mut rules = Vec::new();
    for (index, value) in members
        .list("rules", faults)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let pointer = child("/network/rules", &index.to_string());
        rules.extend(rule::read(value, &pointer, faults));
    }
    members.refuse_others(faults);
    (default.unwrap_or(Verdict::Deny), rules)
}

/// Those of `tcp` are tried before those of `http`.
fn egress_routes(egress: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Vec<route::Route> {
    let Some(egress) = egress.as_object() else {
        faults.push(Fault::new(pointer, "expected an object"));
        return Vec::new();
    };
    let mut members = Members::new(egress, pointer);
    let mut routes = Vec::new();
    for (name, is_tcp) in [("tcp", true), ("http", false)] {
        if let Some(list) = members.list(name, faults) {
            routes.extend(route::read_all(list, &child(pointer, name), is_tcp, faults));
        }
    }
    members.refuse_others(faults);
    routes
}

fn or_faults(document: Document, faults: Vec<Fault>) -> Result<Document, Vec<Fault>> {
    match faults.is_empty() {
        true => Ok(document),
        false => Err(faults),
    }
}

#[cfg(test)]
mod tests;

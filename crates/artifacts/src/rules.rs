//! Checks the rules that JSON Schema cannot express: references must parse, and not contradict
//! themselves; rules of a policy must be such that they can be enforced.

use lazaret_oci::{Reference, Registry};
use lazaret_values::Printable;
use serde_json::Value;

use crate::fault::{Fault, child};
use crate::{Family, Schema};

/// Adds the faults by the further rules. A value that the schema already refuses is skipped.
pub(crate) fn check(family: Family, config: &Value, faults: &mut Vec<Fault>) {
    slips(family, config, faults);
    match family {
        Family::Agent => image(config, "/spec/image", faults),
        Family::Sandbox => image(config, "/spec/baseImage", faults),
        Family::Policy => {
            component_list(config, "/spec/integrations", faults);
            network(config, faults);
        }
        Family::Bundle => {
            for slot in ["agents", "policies", "tools", "knowledge", "filesets"] {
                component_list(config, &format!("/spec/components/{slot}"), faults);
            }
            for slot in ["model", "sandbox", "workflow"] {
                component(config, &format!("/spec/components/{slot}"), faults);
            }
        }
        _ => {}
    }
}

/// Where a spec is open, an unknown member that is a slip of a known one would silently have no
/// effect.
fn slips(family: Family, config: &Value, faults: &mut Vec<Fault>) {
    let schema = Schema::of(family).document();
    let Some(spec) = schema.pointer("/properties/spec") else {
        return;
    };
    let known = spec.get("properties").and_then(Value::as_object);
    let is_closed = spec.get("additionalProperties") == Some(&Value::Bool(false));
    let (Some(known), false) = (known, is_closed) else {
        return;
    };
    let members = config.pointer("/spec").and_then(Value::as_object);
    let unknown = members.into_iter().flat_map(|members| members.keys());
    for name in unknown.filter(|name| !known.contains_key(*name)) {
        if let Some(meant) = lazaret_values::nearest(name, known.keys().map(String::as_str)) {
            let name_shown = Printable::excerpt(name);
            let message = format!("unknown member '{name_shown}': did you mean '{meant}'?");
            faults.push(Fault::new(child("/spec", name), "slip", message));
        }
    }
}

/// The rules of Lens's policies are not checked: their order may matter, which is for those to say
/// who enforce them.
fn network(config: &Value, faults: &mut Vec<Fault>) {
    let network = config.pointer("/spec/network");
    let is_ours = network.is_some_and(|network| {
        let theirs = ["allowedRoutes", "egress", "defaultVerdict"];
        !theirs.iter().any(|name| network.get(name).is_some())
    });
    let has_fault = |place: &str| faults.iter().any(|fault| fault.pointer.starts_with(place));
    if !is_ours || has_fault("/spec/network") {
        return;
    }
    if let Err(found) = lazaret_policy::read("policy", &config["spec"]) {
        faults.extend(found.iter().map(|fault| Fault::of_rule("/spec", fault)));
    }
}

fn component_list(config: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let length = config
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    for index in 0..length {
        component(config, &child(pointer, &index.to_string()), faults);
    }
}

fn component(config: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let written = child(pointer, "ref");
    image(config, &written, faults);
    let pin = child(pointer, "digest");
    if let Some(reference) = parse(config, &written)
        && let Some(digest) = reference.digest
        && let Some(text) = config.pointer(&pin).and_then(Value::as_str)
        && text != digest.to_string()
        && !has_fault(faults, &pin)
    {
        let message = format!("differs from the digest in ref, {digest}");
        faults.push(Fault::new(pin, "digest", message));
    }
}

fn image(config: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let Some(text) = config.pointer(pointer).and_then(Value::as_str) else {
        return;
    };
    if let Err(error) = Reference::parse_in(text, &anywhere())
        && !has_fault(faults, pointer)
    {
        faults.push(Fault::new(pointer, "reference", error.to_string()));
    }
}

fn parse(config: &Value, pointer: &str) -> Option<Reference> {
    let text = config.pointer(pointer)?.as_str()?;
    Reference::parse_in(text, &anywhere()).ok()
}

fn has_fault(faults: &[Fault], pointer: &str) -> bool {
    faults.iter().any(|fault| fault.pointer == pointer)
}

/// A placeholder registry, as references without a host are allowed and resolved later.
fn anywhere() -> Registry {
    "localhost".parse().expect("a constant that parses")
}

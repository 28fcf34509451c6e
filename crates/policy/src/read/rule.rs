//! One rule of ours.

use serde_json::Value;

use super::member::Members;
use crate::compiled::Compiled;
use crate::document::{Layer, Rule};
use crate::fault::Fault;
use crate::verdict::Verdict;

/// Reads a rule; `None` where it has no host or no verdict.
pub(super) fn read(value: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<Rule> {
    let Some(object) = value.as_object() else {
        faults.push(Fault::new(pointer, "expected an object"));
        return None;
    };
    let before = faults.len();
    let mut members = Members::new(object, pointer);
    let pattern = members.text("match", faults);
    let verdict = members.verdict("verdict", faults);
    members.require("match", faults);
    members.require("verdict", faults);
    let mut rule = Rule {
        pattern: pattern.unwrap_or_default().to_owned(),
        ports: members.list("ports", faults).unwrap_or_default().to_vec(),
        methods: members.texts("methods", faults),
        paths: members.texts("paths", faults),
        verdict: verdict.unwrap_or(Verdict::Deny),
        tls_terminate: members.flag("tlsTerminate", faults),
        description: members.text("description", faults).map(str::to_owned),
    };
    if let Some(transport) = members.text("transport", faults)
        && transport != "tcp"
    {
        let message = "only 'tcp' leaves a machine: there is nothing to allow or deny";
        faults.push(members.fault("transport", message));
    }
    if let Some(scheme) = members.text("scheme", faults)
        && let Err(message) = apply_scheme(&mut rule, scheme)
    {
        faults.push(members.fault("scheme", message));
    }
    members.refuse_others(faults);
    if faults.len() == before
        && let Err(found) = Compiled::new((0, 0), Layer::Policy, &rule)
    {
        faults.extend(found.into_iter().map(|fault| fault.below(pointer)));
    }
    (faults.len() == before).then_some(rule)
}

/// Restricts a rule to the port of a scheme: a connection is known by its port, before what is
/// spoken over it. A rule that denies would so deny less than it says.
///
/// # Errors
/// The reason that the scheme would have no effect.
pub(super) fn apply_scheme(rule: &mut Rule, scheme: &str) -> Result<(), &'static str> {
    if rule.verdict == Verdict::Deny {
        return Err("a scheme narrows what is denied to what nobody can tell: leave it out");
    }
    match (scheme, rule.ports.is_empty()) {
        ("http", true) => rule.ports.push(80.into()),
        ("https", true) => rule.ports.push(443.into()),
        ("tcp", false) => rule.tls_terminate = Some(false),
        ("tcp", true) => return Err("'tcp' takes 'ports'"),
        ("http" | "https", false) => return Err("it says the same as 'ports': leave it out"),
        _ => return Err("expected http, https or tcp"),
    }
    Ok(())
}

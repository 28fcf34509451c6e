//! What the user should know before a run that goes on all the same.

use lazaret_artifacts::RunSpec;

use lazaret_vm::Accelerator;
use lazaret_vm::probe::Verdict;

use super::RunEvents;

/// Warns about everything the run asks for and does not get.
pub(super) fn tell(spec: &RunSpec, events: &dyn RunEvents) {
    for warning in &spec.warnings {
        events.warning(&warning.to_string());
    }
    for credential in &spec.credentials {
        events.warning(&format!(
            "credential '{}' ({}) is not available on this machine; the agent runs without it",
            credential.name, credential.env
        ));
    }
    let policy_asks = spec.policy.as_ref().is_some_and(|policy| {
        policy.default_verdict() != "deny"
            || policy
                .rules()
                .any(|rule| rule["verdict"].as_str() != Some("deny"))
    });
    if policy_asks {
        events.warning("the policy grants network access, but the machine has no network at all");
    }
    for port in &spec.ports {
        events.warning(&format!(
            "port {port} is not published: the machine has no network at all"
        ));
    }
    for volume in &spec.volumes {
        events.warning(&format!(
            "volume {volume} is not attached: what is written to '{}' ends with the machine",
            volume.path
        ));
    }
}

/// Says which accelerator was found, when it was not known before.
pub(super) fn accelerator(verdict: &Verdict, events: &dyn RunEvents) {
    match verdict.accelerator {
        Accelerator::Kvm => events.note(&format!("machines run under KVM ({})", verdict.reason)),
        Accelerator::Tcg => events.note(&format!(
            "machines are emulated (TCG), which is slow and no wall against a hostile guest: {}{}",
            verdict.reason,
            verdict
                .reason
                .hint()
                .map(|hint| format!("; {hint}"))
                .unwrap_or_default()
        )),
    }
}

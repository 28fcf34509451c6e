//! Hints for artifacts, uses of artifacts and references that break a rule.

use lazaret_artifacts::Error;

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    let hint = match error {
        Error::FamilyNotInferred { .. } => "name it with --family".to_owned(),
        Error::Invalid { subject, .. } if subject == "policy" => {
            "`lazaret policy list --policy FILE` shows what is understood; docs/guide/policy.md has the form of rules"
                .to_owned()
        }
        Error::Invalid { .. } => "'lazaret validate FILE' lists every fault".to_owned(),
        Error::Quantity { what: "memory", .. } => {
            "a number of MiB, or text such as 256Mi or 1Gi".to_owned()
        }
        Error::Quantity { .. } => "a number such as 2 or 1.5, or text such as 500m".to_owned(),
        Error::MountPathMissing { name, .. } => {
            format!("give the path: --mount REF:/path/for/{name}")
        }
        Error::MountPath { .. } => "use an absolute path such as /opt/data".to_owned(),
        Error::NotRunnable {
            reference,
            mountable: true,
            ..
        } => format!("mount it into a run of an agent or image: --mount {reference}"),
        Error::NotRunnable { .. } => "run an agent, a bundle or an image".to_owned(),
        Error::AgentCount { agents, .. } if !agents.is_empty() => {
            format!("run one of them by itself: {}", agents.join(", "))
        }
        Error::AgentCount { .. } => "add one under spec.components.agents".to_owned(),
        Error::NoImage { .. } => {
            "set spec.image, or spec.baseImage of a sandbox in the bundle".to_owned()
        }
        Error::Isolation { .. } => "set spec.isolation to microvm".to_owned(),
        Error::PinMismatch { .. } => {
            "the content changed or the registry is at fault; update the pin if you trust it"
                .to_owned()
        }
        Error::NotEdited => "change it by hand: nothing was written".to_owned(),
        Error::NoCommand => "give one after '--', or with --entrypoint".to_owned(),
        Error::ComponentReference { source, .. } => return reference(source),
        _ => return None,
    };
    Some(hint)
}

/// The advice for an error in a reference or document, if there is any.
pub(super) fn reference(error: &lazaret_oci::Error) -> Option<String> {
    match error {
        lazaret_oci::Error::MissingRegistry { text } => Some(format!(
            "write the registry out, for example docker.io/library/{text} or localhost:5000/{text}"
        )),
        lazaret_oci::Error::Repository { text, .. }
            if text.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            Some(format!(
                "repository names are lower case: {}",
                text.to_lowercase()
            ))
        }
        _ => None,
    }
}

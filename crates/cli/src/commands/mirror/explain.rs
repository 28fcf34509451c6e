use lazaret_content::ManifestSelector;
use lazaret_mirror::{Address, Entry, Mirror};
use lazaret_oci::{Reference, Repository};
use lazaret_registry::Source;
use serde_json::{Value, json};

use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;

/// Explain what a request for an image would ask of whom, and why
///
/// Nobody is asked. A running mirror is not disturbed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image, such as `docker.io/library/alpine:3.20`
    #[arg(value_name = "REF")]
    reference: String,
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (source, _) = self.which.source(context, &[])?;
        let explanation = explained(&source, &self.reference).await?;
        context.printer.result(&explanation, shown)?;
        Ok(())
    }
}

/// The explanation of a reference, as JSON.
pub(super) async fn explained(source: &Source, reference: &str) -> Result<Value, Failure> {
    let mirror = source.open_mirror().await?;
    let (repository, selector) = located(&mirror, reference)?;
    let explanation = mirror.explain(&repository, &selector).await?;
    Ok(json!({
        "namespace": explanation.namespace,
        "repository": explanation.repository,
        "remote": explanation.remote,
        "steps": explanation.steps,
        "calls": explanation.calls,
    }))
}

/// Its text.
pub(super) fn shown(explanation: &Value) -> String {
    let steps = explanation["steps"].as_array().into_iter().flatten();
    let mut lines: Vec<String> = steps
        .enumerate()
        .map(|(number, step)| format!("{}. {}", number + 1, step.as_str().unwrap_or_default()))
        .collect();
    lines.push(format!(
        "requests to the upstream: {}",
        explanation["calls"]
    ));
    lines.join("\n")
}

/// The repository of a reference in the mirror, and its tag or digest.
pub(super) fn located(
    mirror: &Mirror,
    reference: &str,
) -> Result<(Repository, ManifestSelector), Failure> {
    let reference: Reference = reference
        .parse()
        .map_err(|error: lazaret_oci::Error| Failure::usage(error.to_string()))?;
    let reference = reference.normalized();
    let selector = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => ManifestSelector::Digest(digest.clone()),
        (None, Some(tag)) => ManifestSelector::Tag(tag.clone()),
        (None, None) => return Err(Failure::usage("the reference names no tag")),
    };
    let path = format!("/v2/{}/manifests/x", reference.repository);
    let entry = mirror.enter(&Address {
        path: &path,
        host: None,
        namespace: Some(reference.registry.as_str()),
    });
    let repository = match &entry {
        Entry::Mirrored { path, .. } => path
            .strip_prefix("/v2/")
            .and_then(|path| path.strip_suffix("/manifests/x"))
            .and_then(|name| name.parse().ok()),
        Entry::AsItIs | Entry::Foreign(_) => None,
    };
    let repository = repository.ok_or_else(|| {
        let known: Vec<&str> = mirror
            .upstreams()
            .iter()
            .map(|one| one.namespace())
            .collect();
        Failure::usage_with(
            format!("{} is no upstream of this mirror", reference.registry),
            format!("it has {}", known.join(", ")),
        )
    })?;
    Ok((repository, selector))
}

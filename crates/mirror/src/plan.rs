//! Says what the mirror would do: its stages, and their effect on one reference. Asks nobody.

use std::sync::Arc;

use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;

use crate::Error;
use crate::manifests::age;
use crate::mirror::Mirror;
use crate::pipeline::{Asked, Lane, Method, Resource, Stage};
use crate::settings::UpstreamSettings;

/// A stage with its number and its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStage {
    /// Number within the upstream, from 1 on.
    pub number: usize,
    /// What it is for.
    pub resource: Resource,
    /// The stage, in the words of the settings.
    pub stage: String,
    /// What it would do.
    pub effect: String,
}

/// The stages of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The upstream.
    pub namespace: String,
    /// Beginning of the names of its repositories here.
    pub prefix: String,
    /// The registries that are asked, in order.
    pub endpoints: Vec<String>,
    /// Its stages.
    pub stages: Vec<PlannedStage>,
}

impl Plan {
    /// The stages of an upstream, and what each does in general.
    #[must_use]
    pub fn of(settings: &UpstreamSettings) -> Self {
        let stages = settings.pipeline.numbered();
        Self {
            namespace: settings.namespace.clone(),
            prefix: settings.prefix.to_string(),
            endpoints: settings
                .endpoints
                .iter()
                .map(|endpoint| match &endpoint.path {
                    None => endpoint.registry.to_string(),
                    Some(path) => format!("{}/{path}", endpoint.registry),
                })
                .collect(),
            stages: stages
                .map(|(number, resource, stage)| PlannedStage {
                    number,
                    resource,
                    stage: stage.to_string(),
                    effect: effect(stage, resource),
                })
                .collect(),
        }
    }
}

/// What a stage does in general.
fn effect(stage: &Stage, resource: Resource) -> String {
    match (stage, resource) {
        (Stage::Login, _) => "take the credentials of the upstream".to_owned(),
        (Stage::Authn, _) => "exchange them for a token when the upstream asks".to_owned(),
        (Stage::Resolve, _) => "ask what a tag points to when the answer is old".to_owned(),
        (Stage::Discover(types), _) if types.is_empty() => {
            "look for referrers that are streamable forms".to_owned()
        }
        (Stage::Discover(types), _) => format!("look for referrers of {}", types.join(", ")),
        (Stage::Teleport(formats), _) => {
            let formats: Vec<String> = formats.iter().map(ToString::to_string).collect();
            format!("swap a tag for the first of: {}", formats.join(", "))
        }
        (Stage::Cache, Resource::Tags | Resource::Referrers) => {
            "answer from what is kept when the upstream does not".to_owned()
        }
        (Stage::Cache, _) => "serve what is kept, and keep what is fetched".to_owned(),
        (Stage::Pull, _) => "fetch what is not kept".to_owned(),
        (Stage::Exec(program), _) => format!("ask {}", program.command.display()),
    }
}

/// What would be asked of whom for one manifest, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The upstream.
    pub namespace: String,
    /// The repository here.
    pub repository: Repository,
    /// The repository there.
    pub remote: Repository,
    /// Each step, in words.
    pub steps: Vec<String>,
    /// Number of requests to the upstream that it would take at most, without those for tokens.
    pub calls: usize,
}

impl Mirror {
    /// Explains a request for a manifest. Nobody is asked.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a repository of no upstream; [`Error::Store`].
    pub async fn explain(
        self: &Arc<Self>,
        repository: &Repository,
        selector: &ManifestSelector,
    ) -> Result<Explanation, Error> {
        let request = Asked::new(Method::Get);
        let passage = self.pass(repository, Resource::Manifests, &request)?;
        let lane = &passage.lane;
        let mut steps = vec![format!(
            "{repository} is {} of {}, by its prefix {}",
            passage.remote,
            passage.upstream.namespace(),
            passage.upstream.settings.prefix
        )];
        for program in lane.programs(false) {
            steps.push(format!("ask the program {}", program.command.display()));
        }
        let kept = match lane.has(&Stage::Cache) {
            true => self.store.metadata.manifest(repository, selector).await?,
            false => None,
        };
        let mut calls = 0;
        match (&kept, selector) {
            (Some(_), ManifestSelector::Digest(_)) => {
                steps.push(
                    "the manifest is kept, and a digest never changes: no request".to_owned(),
                );
            }
            (kept, ManifestSelector::Tag(tag)) => {
                let metadata = &self.store.metadata;
                let answer = metadata.upstream_answer(repository, tag.as_str()).await?;
                calls += self.explain_tag(kept.is_some(), answer.as_ref(), lane, &mut steps);
            }
            (None, ManifestSelector::Digest(_)) => {
                steps.push("the manifest is not kept: GET it".to_owned());
                calls += 1;
            }
        }
        if let ManifestSelector::Tag(_) = selector
            && !lane.formats().is_empty()
        {
            steps.push("list its referrers, unless that was done within 5 minutes".to_owned());
            calls += 1;
        }
        let wanted: Vec<String> = passage
            .upstream
            .settings
            .endpoints
            .iter()
            .map(|endpoint| endpoint.registry.to_string())
            .collect();
        if calls > 0 {
            steps.push(format!(
                "requests go to {}, in this order",
                wanted.join(", ")
            ));
        }
        Ok(Explanation {
            namespace: passage.upstream.namespace().to_owned(),
            repository: repository.clone(),
            remote: passage.remote.clone(),
            steps,
            calls,
        })
    }

    fn explain_tag(
        &self,
        is_kept: bool,
        answer: Option<&lazaret_content::UpstreamAnswer>,
        lane: &Lane,
        steps: &mut Vec<String>,
    ) -> usize {
        let lifetime = self.lifetimes.tag;
        match answer {
            Some(answer) if is_kept && answer.found && age(answer) < lifetime => {
                steps.push(format!(
                    "the tag was asked for {:?} ago, within {lifetime:?}: no request",
                    rounded(age(answer))
                ));
                0
            }
            Some(answer) if !answer.found && age(answer) < self.lifetimes.absent => {
                steps.push(format!(
                    "the upstream did not have it {:?} ago, within {:?}: 404, no request",
                    rounded(age(answer)),
                    self.lifetimes.absent
                ));
                0
            }
            _ if is_kept && !lane.has(&Stage::Resolve) => {
                steps.push("the tag is kept, and there is no stage resolve: no request".to_owned());
                0
            }
            Some(answer) if is_kept => {
                steps.push(format!(
                    "the tag was asked for {:?} ago, more than {lifetime:?}: HEAD it, and GET it only if it has changed",
                    rounded(age(answer))
                ));
                1
            }
            _ => {
                steps.push("the tag is not kept: GET it".to_owned());
                1
            }
        }
    }
}

/// A time in whole seconds.
fn rounded(time: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(time.as_secs())
}

//! A registry in memory.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use lazaret_oci::{Descriptor, Digest, Reference};
use serde_json::Value;

use crate::tests::{example, set};
use crate::{
    ArtifactSource, Error, Family, Fetched, FetchedKind, MountFlag, ResolveError, Resolved, resolve,
};

pub(super) const HOST: &str = "localhost:5000";

/// A source with manifests by `repository:tag`, which yields once before each answer.
#[derive(Default)]
pub(super) struct Fake {
    entries: HashMap<String, FetchedKind>,
    pub(super) asked: Mutex<Vec<String>>,
    under_way: AtomicUsize,
    pub(super) most_under_way: AtomicUsize,
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("not found")]
pub(super) struct NotFound;

pub(super) fn digest_of(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

pub(super) fn reference(name: &str) -> Reference {
    format!("{HOST}/{name}").parse().unwrap()
}

impl Fake {
    pub(super) fn artifact(mut self, name: &str, family: Family, config: Value) -> Self {
        let layer = Descriptor::of(
            "application/vnd.oci.image.layer.v1.tar+gzip",
            name.as_bytes(),
        );
        let kind = FetchedKind::Artifact {
            family,
            config,
            layers: vec![layer],
        };
        self.entries.insert(format!("{HOST}/{name}"), kind);
        self
    }

    pub(super) fn kind(mut self, name: &str, kind: FetchedKind) -> Self {
        self.entries.insert(format!("{HOST}/{name}"), kind);
        self
    }

    pub(super) fn run(&self, name: &str) -> Result<Resolved, ResolveError<NotFound>> {
        block_on(resolve(self, &reference(name), &[]))
    }

    pub(super) fn run_with(
        &self,
        name: &str,
        mounts: &[&str],
    ) -> Result<Resolved, ResolveError<NotFound>> {
        let mounts: Vec<_> = mounts
            .iter()
            .map(|text| MountFlag::parse(text, Some(&HOST.parse().unwrap())).unwrap())
            .collect();
        block_on(resolve(self, &reference(name), &mounts))
    }

    pub(super) fn refusal(&self, name: &str) -> Error {
        artifact_error(self.run(name))
    }
}

pub(super) fn artifact_error(result: Result<Resolved, ResolveError<NotFound>>) -> Error {
    match result {
        Err(ResolveError::Artifact(error)) => error,
        other => panic!("{other:?}"),
    }
}

impl ArtifactSource for Fake {
    type Error = NotFound;

    async fn fetch(&self, reference: &Reference) -> Result<Fetched, NotFound> {
        let now = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(now, Ordering::Relaxed);
        yield_once().await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.asked.lock().unwrap().push(reference.to_string());
        let tagged = Reference {
            digest: None,
            ..reference.clone()
        };
        let key = tagged.normalized().to_string();
        let kind = self.entries.get(&key).cloned().ok_or(NotFound)?;
        let name = key.strip_prefix(&format!("{HOST}/")).unwrap_or(&key);
        Ok(Fetched {
            digest: digest_of(name),
            kind,
        })
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(super) fn block_on<F: Future + Send>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

pub(super) fn hello() -> Fake {
    let app = crate::parse_source(include_str!("../../../../../examples/hello/app.yaml")).unwrap();
    Fake::default()
        .artifact(
            "acme/bundles/hello:v1",
            Family::Bundle,
            example(Family::Bundle),
        )
        .artifact(
            "acme/agents/hello-agent:v1",
            Family::Agent,
            example(Family::Agent),
        )
        .artifact(
            "acme/sandboxes/hello-sandbox:v1",
            Family::Sandbox,
            example(Family::Sandbox),
        )
        .artifact(
            "acme/policies/hello-policy:v1",
            Family::Policy,
            example(Family::Policy),
        )
        .artifact(
            "acme/models/hello-model:v1",
            Family::Model,
            example(Family::Model),
        )
        .artifact(
            "acme/tools/hello-tool:v1",
            Family::Tool,
            example(Family::Tool),
        )
        .artifact(
            "acme/knowledge/hello-knowledge:v1",
            Family::Knowledge,
            example(Family::Knowledge),
        )
        .artifact(
            "acme/filesets/hello-files:v1",
            Family::Fileset,
            example(Family::Fileset),
        )
        .artifact("acme/filesets/hello-app:v1", Family::Fileset, app)
        .artifact(
            "acme/workflows/hello-workflow:v1",
            Family::Workflow,
            example(Family::Workflow),
        )
        .artifact(
            "acme/integrations/hello-service:v1",
            Family::Integration,
            example(Family::Integration),
        )
        .kind("acme/images/python:v1", FetchedKind::Image)
}

/// The bundle of the examples with one change.
pub(super) fn changed(pointer: &str, value: Value) -> Fake {
    let mut bundle = example(Family::Bundle);
    set(&mut bundle, pointer, value);
    hello().artifact("acme/bundles/hello:v1", Family::Bundle, bundle)
}

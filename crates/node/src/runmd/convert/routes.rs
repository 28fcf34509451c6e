//! Makes routes of resources and operations.

use std::collections::{BTreeMap, BTreeSet};

use crate::runmd::imported::{Method, Pipeline, Route, Stage};
use crate::runmd::left::Report;
use crate::runmd::model::{How, Kind, Model, Operation, Resource, Way};
use crate::runmd::origin::Origin;
use crate::runmd::steps::{Login, Steps};

/// Most tags of operations.
const MOST_TAGS: usize = 32;

/// All routes of a configuration.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The routes of requests without a tag.
    pub(super) pipeline: Pipeline,
    /// The routes of requests with a tag.
    pub(super) tagged: BTreeMap<String, Pipeline>,
    /// The files of credentials that routes use, in the order of the routes.
    pub(super) logins: Vec<Login>,
}

impl Routes {
    /// Converts the routes.
    pub(super) fn of(model: &Model, report: &mut Report) -> Self {
        let wanted = wanted(&model.resources, report);
        let mut routes = Self::default();
        routes.pipeline = routes.pipeline("", &wanted, &model.operations, report);
        for tag in tags(&wanted, &model.operations, report) {
            let pipeline = routes.pipeline(tag, &wanted, &model.operations, report);
            routes.tagged.insert(tag.to_owned(), pipeline);
        }
        for way in &wanted {
            way.report_missing(&model.operations, report);
        }
        for operation in &model.operations {
            if !wanted.iter().any(|way| way.names(&operation.name)) {
                report.leave(&operation.origin, "no resource uses the operation");
            }
        }
        routes
    }

    /// The routes of requests with a tag, or without one.
    fn pipeline(
        &mut self,
        tag: &str,
        wanted: &[Wanted<'_>],
        operations: &[Operation],
        report: &mut Report,
    ) -> Pipeline {
        let mut route = |kind| {
            let mut found = Vec::new();
            for way in wanted.iter().filter(|way| way.kind == kind) {
                found.extend(way.steps(tag, operations));
            }
            self.route(kind, &found, report)
        };
        Pipeline {
            manifests: route(Kind::Manifests),
            blobs: route(Kind::Blobs),
            tags: route(Kind::Tags),
            uploads: route(Kind::Uploads),
        }
    }

    /// Makes one route of all methods of a resource: that of its first method, which is GET where
    /// there is one.
    fn route(&mut self, kind: Kind, found: &[Found<'_>], report: &mut Report) -> Option<Route> {
        let first = found.iter().min_by_key(|found| found.method)?;
        let mut methods: BTreeSet<Method> = found.iter().map(|found| found.method).collect();
        // The original, too, answers HEAD where it answers GET.
        if methods.contains(&Method::Get) && matches!(kind, Kind::Manifests | Kind::Blobs) {
            methods.insert(Method::Head);
        }
        for other in found {
            if !other.steps.does_as(first.steps) {
                report.leave(
                    other.origin,
                    "its stages differ from those of the first method, which are taken",
                );
            }
        }
        self.logins.extend_from_slice(&first.steps.logins);
        let mut stages = first.steps.stages.clone();
        if matches!(kind, Kind::Manifests | Kind::Blobs) {
            stages.push(Stage::Cache);
        }
        stages.push(Stage::Pull);
        let mut origins: Vec<Origin> = found.iter().map(|found| found.resource.clone()).collect();
        origins.extend(found.iter().map(|found| found.origin.clone()));
        origins.extend(found.iter().filter_map(|found| found.operation.cloned()));
        origins.sort();
        origins.dedup();
        Some(Route {
            methods: methods.into_iter().collect(),
            stages,
            origins,
        })
    }
}

/// A method of a resource that is to be served.
struct Wanted<'a> {
    kind: Kind,
    way: &'a Way,
    resource: &'a Resource,
}

/// What serves it.
struct Found<'a> {
    method: Method,
    steps: &'a Steps,
    /// The statements of the method, the resource and the operation.
    origin: &'a Origin,
    resource: &'a Origin,
    operation: Option<&'a Origin>,
}

impl<'a> Wanted<'a> {
    /// What serves requests with a tag, or without one.
    fn steps(&self, tag: &str, operations: &'a [Operation]) -> Option<Found<'a>> {
        let found = |steps, operation| Found {
            method: self.way.method,
            steps,
            origin: &self.way.origin,
            resource: &self.resource.origin,
            operation,
        };
        match &self.way.how {
            How::Here => tag.is_empty().then(|| found(&self.resource.steps, None)),
            How::Operation(name) => operations
                .iter()
                .find(|operation| operation.tag == tag && operation.name == *name)
                .map(|operation| found(&operation.steps, Some(&operation.origin))),
        }
    }

    fn names(&self, operation: &str) -> bool {
        matches!(&self.way.how, How::Operation(name) if name == operation)
    }

    fn report_missing(&self, operations: &[Operation], report: &mut Report) {
        let How::Operation(name) = &self.way.how else {
            return;
        };
        let mut named = operations.iter().filter(|known| known.name == *name);
        let Some(first) = named.next() else {
            return report.leave(&self.way.origin, "the operation is not defined");
        };
        if !first.tag.is_empty() && named.all(|other| !other.tag.is_empty()) {
            let reason = "the operation is only defined for a tag: other requests are not served";
            report.leave(&self.way.origin, reason);
        }
    }
}

/// What is to be served: each method of each resource once, the first that stands in the file.
fn wanted<'a>(resources: &'a [Resource], report: &mut Report) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for resource in resources {
        for way in &resource.ways {
            let Some(kind) = served(resource.kind, way.method) else {
                report.leave(&way.origin, "a method of it is not served by a mirror");
                continue;
            };
            let is_same =
                |other: &&Wanted<'_>| other.kind == kind && other.way.method == way.method;
            match wanted.iter().find(is_same) {
                None => wanted.push(Wanted {
                    kind,
                    way,
                    resource,
                }),
                Some(other) => {
                    let is_equal = other.way.how == way.how
                        && (way.how != How::Here || other.resource.steps.does_as(&resource.steps));
                    if !is_equal {
                        report.leave(&way.origin, "a statement above serves the same requests");
                    }
                }
            }
        }
    }
    wanted
}

/// What serves a method of a resource: uploads stand below `.blobs`, too.
fn served(kind: Kind, method: Method) -> Option<Kind> {
    match (kind, method) {
        (Kind::Manifests | Kind::Blobs, Method::Get | Method::Head) | (Kind::Tags, Method::Get) => {
            Some(kind)
        }
        (Kind::Blobs | Kind::Uploads, Method::Post | Method::Put | Method::Patch) => {
            Some(Kind::Uploads)
        }
        _ => None,
    }
}

/// The tags of operations that are used, each once.
fn tags<'a>(
    wanted: &[Wanted<'_>],
    operations: &'a [Operation],
    report: &mut Report,
) -> BTreeSet<&'a str> {
    let mut tags = BTreeSet::new();
    for operation in operations {
        let tag = operation.tag.as_str();
        if tag.is_empty() || !wanted.iter().any(|way| way.names(&operation.name)) {
            continue;
        }
        if tags.len() == MOST_TAGS && !tags.contains(tag) {
            report.leave(&operation.origin, "only the first 32 tags are taken");
        } else {
            tags.insert(tag);
        }
    }
    tags
}

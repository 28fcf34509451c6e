//! Reads what a proxy serves.

use crate::runmd::attributes::Statement;
use crate::runmd::imported::Method;
use crate::runmd::left::Report;
use crate::runmd::origin::Origin;
use crate::runmd::steps::{self, Steps};
use crate::runmd::words::{list, reason};

/// A kind of what a registry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::runmd) enum Kind {
    /// Manifests.
    Manifests,
    /// Blobs.
    Blobs,
    /// The list of tags.
    Tags,
    /// Uploads of blobs.
    Uploads,
}

/// A resource of a proxy: `.manifests` and what stands below it.
#[derive(Debug)]
pub(in crate::runmd) struct Resource {
    /// The statement.
    pub(in crate::runmd) origin: Origin,
    /// What it serves.
    pub(in crate::runmd) kind: Kind,
    /// The methods that are served.
    pub(in crate::runmd) ways: Vec<Way>,
    /// The stages that stand below the resource.
    pub(in crate::runmd) steps: Steps,
}

/// How a method is served.
#[derive(Debug)]
pub(in crate::runmd) struct Way {
    /// The statement.
    pub(in crate::runmd) origin: Origin,
    /// The method.
    pub(in crate::runmd) method: Method,
    /// What is done.
    pub(in crate::runmd) how: How,
}

/// What is done for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runmd) enum How {
    /// The stages below the resource.
    Here,
    /// The operation of this name.
    Operation(String),
}

/// Reads the properties of a proxy.
pub(in crate::runmd) fn read(
    properties: &[&Statement],
    resources: &mut Vec<Resource>,
    report: &mut Report,
) {
    let is_heading = |property: &&Statement| kind(&property.word).is_some();
    let start = properties.iter().position(is_heading);
    let (loose, mut rest) = properties.split_at(start.unwrap_or(properties.len()));
    for property in loose {
        report.leave(&property.origin, reason(&property.word));
    }
    while let Some((heading, below)) = rest.split_first() {
        let end = below.iter().position(is_heading);
        let (mine, others) = below.split_at(end.unwrap_or(below.len()));
        rest = others;
        if let Some(kind) = kind(&heading.word) {
            resources.push(resource(kind, heading, mine, report));
        }
    }
}

fn resource(
    kind: Kind,
    heading: &Statement,
    below: &[&Statement],
    report: &mut Report,
) -> Resource {
    let mut ways = Vec::new();
    let (methods, is_cut) = list(&heading.value);
    for name in methods {
        // `.blobs_uploads .post` has a dot.
        match method(name.strip_prefix('.').unwrap_or(name)) {
            Some(method) => ways.push(Way {
                origin: heading.origin.clone(),
                method,
                how: How::Here,
            }),
            None => report.leave(&heading.origin, "a method of it is unknown"),
        }
    }
    if is_cut {
        report.leave(&heading.origin, "only its first 32 methods are taken");
    }
    let mut stages = Vec::new();
    for property in below {
        match method(&property.word) {
            Some(_) if property.value.is_empty() => {
                report.leave(&property.origin, "it names no operation");
            }
            Some(method) => ways.push(Way {
                origin: property.origin.clone(),
                method,
                how: How::Operation(property.value.clone()),
            }),
            None => stages.push(*property),
        }
    }
    if ways.is_empty() {
        report.leave(&heading.origin, "it has no method, so it is not served");
    }
    Resource {
        origin: heading.origin.clone(),
        kind,
        ways,
        steps: steps::read(&stages, report),
    }
}

fn kind(word: &str) -> Option<Kind> {
    match word {
        "manifests" => Some(Kind::Manifests),
        "blobs" => Some(Kind::Blobs),
        "tags" => Some(Kind::Tags),
        "blobs_uploads" => Some(Kind::Uploads),
        _ => None,
    }
}

fn method(name: &str) -> Option<Method> {
    Method::ALL
        .into_iter()
        .find(|method| method.name().eq_ignore_ascii_case(name))
}

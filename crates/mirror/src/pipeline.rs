//! The stages that a request passes, as values in one list.
//!
//! ```text
//! login  authn  exec*  resolve  exec*  discover  teleport  cache  pull
//! ```
//! A stage that is not in the list is not done: without `login` requests to the upstream are
//! anonymous, without `resolve` a tag is what the cache has, without `cache` nothing is kept, and
//! without `pull` only what the cache has is served. Their order decides what a program of the
//! operator is told: after `resolve` it sees the digest.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::formats::Format;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// Manifests, by tag or digest.
    Manifests,
    /// Blobs.
    Blobs,
    /// Lists of tags.
    Tags,
    /// Lists of referrers.
    Referrers,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Manifests, Self::Blobs, Self::Tags, Self::Referrers];

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Blobs => "blobs",
            Self::Tags => "tags",
            Self::Referrers => "referrers",
        }
    }
}

/// A method that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        })
    }
}

/// A request of a client, without what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Name of the pipeline that the client asks for.
    pub pipeline: Option<String>,
}

impl Asked {
    /// A request for the usual pipeline.
    #[must_use]
    pub fn new(method: Method) -> Self {
        Self {
            method,
            pipeline: None,
        }
    }
}

/// One step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Takes the credentials of the upstream.
    Login,
    /// Proves them to the upstream, or fetches an anonymous token.
    Authn,
    /// Asks the upstream what a tag points to, when the last answer is old.
    Resolve,
    /// Looks for referrers of these artifact types; for all that the formats need when there are none.
    Discover(Vec<String>),
    /// Swaps a tag for a manifest of the first of these formats that is there.
    Teleport(Vec<Format>),
    /// Keeps what is fetched, and serves what is kept.
    Cache,
    /// Fetches what is not kept.
    Pull,
    /// Asks a program of the operator.
    Exec(Program),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("login"),
            Self::Authn => f.write_str("authn"),
            Self::Resolve => f.write_str("resolve"),
            Self::Discover(types) if types.is_empty() => f.write_str("discover"),
            Self::Discover(types) => write!(f, "discover {}", types.join(" ")),
            Self::Teleport(formats) => {
                f.write_str("teleport")?;
                formats.iter().try_for_each(|format| write!(f, " {format}"))
            }
            Self::Cache => f.write_str("cache"),
            Self::Pull => f.write_str("pull"),
            Self::Exec(program) => write!(f, "exec {}", program.command.display()),
        }
    }
}

/// A program that decides on requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Path of the program.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The longest time that it may take.
    pub timeout: Duration,
}

/// The stages of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The methods that are served; others are refused.
    pub methods: Vec<Method>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

impl Lane {
    /// A lane that is served by `GET` and `HEAD`.
    #[must_use]
    pub fn new(stages: Vec<Stage>) -> Self {
        Self {
            methods: vec![Method::Get, Method::Head],
            stages,
        }
    }

    /// Whether a stage without arguments is in the list.
    #[must_use]
    pub fn has(&self, stage: &Stage) -> bool {
        self.stages.contains(stage)
    }

    /// Whether requests to the upstream are made in the operator's name.
    pub(crate) fn is_identified(&self) -> bool {
        self.has(&Stage::Login) && self.has(&Stage::Authn)
    }

    /// The formats that a tag is swapped for.
    pub(crate) fn formats(&self) -> &[Format] {
        let formats = |stage: &'_ Stage| matches!(stage, Stage::Teleport(_));
        match self.stages.iter().find(|stage| formats(stage)) {
            Some(Stage::Teleport(formats)) => formats,
            _ => &[],
        }
    }

    /// The artifact types that are looked for.
    pub(crate) fn discovered(&self) -> Option<&[String]> {
        self.stages.iter().find_map(|stage| match stage {
            Stage::Discover(types) => Some(&types[..]),
            _ => None,
        })
    }

    /// The programs before the stage `resolve`, or those behind it.
    pub(crate) fn programs(&self, are_behind: bool) -> impl Iterator<Item = &Program> {
        let resolve = self
            .stages
            .iter()
            .position(|stage| *stage == Stage::Resolve)
            .unwrap_or(self.stages.len());
        let numbered = self.stages.iter().enumerate();
        numbered.filter_map(move |(position, stage)| match stage {
            Stage::Exec(program) if (position > resolve) == are_behind => Some(program),
            _ => None,
        })
    }
}

/// The lanes of an upstream. A resource without one is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Manifests.
    pub manifests: Option<Lane>,
    /// Blobs.
    pub blobs: Option<Lane>,
    /// Lists of tags.
    pub tags: Option<Lane>,
    /// Lists of referrers.
    pub referrers: Option<Lane>,
}

impl Default for Pipeline {
    fn default() -> Self {
        let reading = || vec![Stage::Login, Stage::Authn, Stage::Cache, Stage::Pull];
        let mut manifests = reading();
        manifests.insert(2, Stage::Resolve);
        Self {
            manifests: Some(Lane::new(manifests)),
            blobs: Some(Lane::new(reading())),
            tags: Some(Lane::new(reading())),
            referrers: Some(Lane::new(reading())),
        }
    }
}

impl Pipeline {
    /// The lane of a resource.
    #[must_use]
    pub fn lane(&self, resource: Resource) -> Option<&Lane> {
        match resource {
            Resource::Manifests => self.manifests.as_ref(),
            Resource::Blobs => self.blobs.as_ref(),
            Resource::Tags => self.tags.as_ref(),
            Resource::Referrers => self.referrers.as_ref(),
        }
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        [
            &mut self.manifests,
            &mut self.blobs,
            &mut self.tags,
            &mut self.referrers,
        ]
        .into_iter()
        .flatten()
    }

    /// Every stage with its number, from 1 on, in the order of the resources.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, Resource, &Stage)> {
        let lanes = Resource::ALL
            .into_iter()
            .filter_map(|resource| Some((resource, self.lane(resource)?)));
        let stages = lanes
            .flat_map(|(resource, lane)| lane.stages.iter().map(move |stage| (resource, stage)));
        stages
            .enumerate()
            .map(|(position, (resource, stage))| (position + 1, resource, stage))
    }

    /// Leaves out the stages whose number is not kept.
    #[must_use]
    pub fn only(mut self, keeps: impl Fn(usize) -> bool) -> Self {
        let mut number = 0;
        for lane in self.lanes_mut() {
            lane.stages.retain(|_| {
                number += 1;
                keeps(number)
            });
        }
        self
    }
}

//! The decision, as a value.
//!
//! ```text
//! kept tag ----> manifest ----> manifests of the index ----> ...
//!                   ^---------- referrers (subject) <------- ...
//! ```
//!
//! Everything that can be reached from a kept tag or a young manifest stays. The rest goes, in an order
//! in which nothing is deleted before what names it: an index before its manifests, a subject
//! before its referrers. So each deletion can check that nothing has come to hold its manifest.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use lazaret_oci::{Digest, Tag};

use super::{KeepTags, Rule, Untagged};
use crate::collect::age::before;
use crate::{ManifestSummary, RepositoryContents, TagSummary};

/// Everything that goes from one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Tags, in ASCII order. They go first.
    pub tags: Vec<TagDeletion>,
    /// Manifests, in the order in which they must go.
    pub manifests: Vec<ManifestDeletion>,
    /// Bytes of these manifests themselves; their blobs follow when nothing else names them.
    pub bytes: u64,
}

/// A tag that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDeletion {
    /// The tag.
    pub tag: Tag,
    /// The manifest it points to; a tag that points elsewhere by now stays.
    pub digest: Digest,
}

/// A manifest that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestDeletion {
    /// The manifest.
    pub digest: Digest,
    /// Bytes of the manifest itself.
    pub size: u64,
    /// Time of its last push; one that is pushed again later stays.
    pub pushed: SystemTime,
    /// Its subject, which must not be there when it goes.
    pub subject: Option<Digest>,
    /// The reason.
    pub reason: Reason,
}

/// The reason for which a manifest goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No tag points to it and no index names it.
    Untagged,
    /// Only indexes that go name it.
    IndexGoes,
    /// Its subject goes.
    SubjectGoes,
    /// Its subject is not in the repository.
    SubjectAbsent,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untagged => "no tag or index names it",
            Self::IndexGoes => "only indexes that go name it",
            Self::SubjectGoes => "its subject goes",
            Self::SubjectAbsent => "its subject is not in the repository",
        })
    }
}

/// Decides what goes, in time and memory in proportion to `contents`. `grace` protects every
/// manifest from its last push on, whatever the rule says.
#[must_use]
pub fn plan(contents: &RepositoryContents, rule: &Rule, now: SystemTime, grace: Duration) -> Plan {
    let kept = kept_tags(&contents.tags, &rule.keep, now);
    let split = contents.tags.iter().zip(&kept);
    let tags = split
        .clone()
        .filter(|(_, kept)| !**kept)
        .map(|(tag, _)| TagDeletion {
            tag: tag.tag.clone(),
            digest: tag.digest.clone(),
        })
        .collect();
    let manifests = match rule.untagged {
        Untagged::Keep => Vec::new(),
        Untagged::DeleteAfter(age) => {
            let graph = Graph::of(&contents.manifests);
            let tagged = split.filter(|(_, kept)| **kept).map(|(tag, _)| &tag.digest);
            let young = Young {
                grace: before(now, grace),
                rule: before(now, grace.max(age.duration())),
            };
            let stays = graph.reached(tagged, &young);
            graph.deletions(&stays)
        }
    };
    Plan {
        tags,
        bytes: manifests
            .iter()
            .fold(0, |sum: u64, manifest| sum.saturating_add(manifest.size)),
        manifests,
    }
}

/// For each tag whether it stays.
fn kept_tags(tags: &[TagSummary], keep: &KeepTags, now: SystemTime) -> Vec<bool> {
    if keep.is_everything() {
        return vec![true; tags.len()];
    }
    let newer = keep.newer_than.map(|age| before(now, age.duration()));
    let mut kept: Vec<bool> = tags
        .iter()
        .map(|tag| {
            newer.is_some_and(|newer| tag.updated > newer)
                || keep.tags.iter().any(|p| p.matches(tag.tag.as_str()))
        })
        .collect();
    if let Some(last) = keep.last {
        let mut order: Vec<usize> = (0..tags.len()).collect();
        order.sort_by(|a, b| {
            let key = |at: &usize| (tags[*at].updated, &tags[*at].tag);
            key(b).cmp(&key(a))
        });
        let count = usize::try_from(last.get()).unwrap_or(usize::MAX);
        for at in order.into_iter().take(count) {
            kept[at] = true;
        }
    }
    kept
}

/// Times after which a manifest or tag is too young to go.
struct Young {
    /// For every manifest.
    grace: SystemTime,
    /// For a manifest that does not go with its subject.
    rule: SystemTime,
}

/// Manifests by position, and what holds what.
struct Graph<'a> {
    manifests: &'a [ManifestSummary],
    positions: HashMap<&'a Digest, usize>,
    /// Manifests whose subject is at the position.
    referrers: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn of(manifests: &'a [ManifestSummary]) -> Self {
        let numbered = manifests.iter().enumerate();
        let positions: HashMap<&Digest, usize> =
            numbered.clone().map(|(at, m)| (&m.digest, at)).collect();
        let mut referrers = vec![Vec::new(); manifests.len()];
        for (at, manifest) in numbered {
            let subject = manifest.subject.as_ref();
            if let Some(subject) = subject.and_then(|subject| positions.get(subject)) {
                referrers[*subject].push(at);
            }
        }
        Self {
            manifests,
            positions,
            referrers,
        }
    }

    /// Manifests that this one holds: those it names, and its referrers.
    fn held(&self, at: usize) -> impl Iterator<Item = usize> {
        self.children(at).chain(self.referrers[at].iter().copied())
    }

    fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let named = self.manifests[at].manifests.iter();
        named.filter_map(|digest| self.positions.get(digest).copied())
    }

    fn subject(&self, at: usize) -> Option<usize> {
        let subject = self.manifests[at].subject.as_ref()?;
        self.positions.get(subject).copied()
    }

    /// For each manifest whether it stays.
    fn reached(&self, tagged: impl Iterator<Item = &'a Digest>, young: &Young) -> Vec<bool> {
        let mut stays = vec![false; self.manifests.len()];
        let mut queue: Vec<usize> = tagged
            .filter_map(|digest| self.positions.get(digest).copied())
            .collect();
        for (at, manifest) in self.manifests.iter().enumerate() {
            let goes_with_subject = self.subject(at).is_some();
            let protected =
                manifest.pushed > young.grace || manifest.pushed > young.rule && !goes_with_subject;
            if protected {
                queue.push(at);
            }
        }
        while let Some(at) = queue.pop() {
            if !std::mem::replace(&mut stays[at], true) {
                queue.extend(self.held(at));
            }
        }
        stays
    }

    /// Manifests that do not stay, holders first. A circle, which digests do not allow, comes last:
    /// its deletions are refused.
    fn deletions(&self, stays: &[bool]) -> Vec<ManifestDeletion> {
        let going = || (0..stays.len()).filter(|at| !stays[*at]);
        let mut holders = vec![0_usize; stays.len()];
        let mut named = vec![false; stays.len()];
        for at in going() {
            for child in self.children(at) {
                named[child] = true;
            }
            for held in self.held(at).filter(|held| !stays[*held]) {
                holders[held] += 1;
            }
        }
        let mut ready: VecDeque<usize> = going().filter(|at| holders[*at] == 0).collect();
        let mut order = Vec::new();
        while let Some(at) = ready.pop_front() {
            order.push(at);
            for held in self.held(at).filter(|held| !stays[*held]) {
                holders[held] -= 1;
                if holders[held] == 0 {
                    ready.push_back(held);
                }
            }
        }
        order.extend(going().filter(|at| holders[*at] > 0));
        let deletion = |at: usize| {
            let manifest = &self.manifests[at];
            ManifestDeletion {
                digest: manifest.digest.clone(),
                size: manifest.size,
                pushed: manifest.pushed,
                subject: manifest.subject.clone(),
                reason: match (&manifest.subject, self.subject(at)) {
                    (_, Some(_)) => Reason::SubjectGoes,
                    (Some(_), None) => Reason::SubjectAbsent,
                    (None, None) if named[at] => Reason::IndexGoes,
                    (None, None) => Reason::Untagged,
                },
            }
        };
        order.into_iter().map(deletion).collect()
    }
}

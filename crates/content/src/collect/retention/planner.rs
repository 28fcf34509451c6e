//! Computes the plan of deletions for one repository.
//!
//! ```text
//! kept tag ----> manifest ----> manifests of the index ----> ...
//!                   ^---------- referrers (subject) <------- ...
//! ```
//!
//! Everything that is reachable from a kept tag or a young manifest stays. The rest is deleted in
//! an order in which each manifest comes after those that name it: an index before its manifests, a
//! subject before its referrers. So each deletion can check that nothing has come to hold its
//! manifest.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use lazaret_oci::{Digest, Tag};

use super::{KeepTags, Rule, Untagged};
use crate::collect::age::before;
use crate::{ManifestSummary, RepositoryContents, TagSummary};

/// The deletions in one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Tags, in ASCII order. They are deleted first.
    pub tags: Vec<TagDeletion>,
    /// Manifests, in the order in which they must be deleted.
    pub manifests: Vec<ManifestDeletion>,
    /// Size of these manifests in bytes; their blobs follow when nothing else names them.
    pub bytes: u64,
}

/// The deletion of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDeletion {
    /// The tag.
    pub tag: Tag,
    /// The manifest to which it points; if the tag has moved since, it stays.
    pub digest: Digest,
}

/// The deletion of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestDeletion {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Size of the manifest itself in bytes.
    pub size: u64,
    /// Time of its last push; if it is pushed again later, it stays.
    pub pushed: SystemTime,
    /// Its subject, which must be gone before the manifest is deleted.
    pub subject: Option<Digest>,
    /// The reason for the deletion.
    pub reason: Reason,
}

/// The reason for deleting a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No tag points to it and no index names it.
    Untagged,
    /// Only indexes that are deleted name it.
    IndexGoes,
    /// Its subject is deleted.
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

/// Computes the plan, in time and memory proportional to `contents`. `grace` protects every
/// manifest for that time from its last push, whatever the rule says.
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

/// Whether each tag stays.
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

/// Times since which a manifest was pushed too recently to be deleted.
struct Young {
    /// The time that applies to every manifest.
    grace: SystemTime,
    /// The time for manifests that are not deleted together with their subject.
    rule: SystemTime,
}

/// The manifests by position, and the relation of which holds which.
struct Graph<'a> {
    manifests: &'a [ManifestSummary],
    positions: HashMap<&'a Digest, usize>,
    /// Positions of the manifests whose subject is at the position.
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

    /// The manifests that this one holds: those that it names, and its referrers.
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

    /// Whether each manifest stays.
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

    /// The manifests that do not stay, holders first. A cycle, which digests make impossible, comes
    /// last: its deletions are refused.
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

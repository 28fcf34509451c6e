//! Tests of the plan by example, and against a plain implementation of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use lazaret_oci::Digest;
use lazaret_values::Period;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::{KeepTags, Plan, Reason, Retention, Rule, Untagged, plan};
use crate::{ManifestSummary, RepositoryContents, TagSummary};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const GRACE: Duration = Duration::from_secs(HOUR);

/// The present: 1000 days after 1970.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1000 * DAY)
}

fn ago(seconds: u64) -> SystemTime {
    now() - Duration::from_secs(seconds)
}

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn manifest(name: &str, age: u64) -> ManifestSummary {
    ManifestSummary {
        digest: digest(name),
        size: 10,
        pushed: ago(age),
        subject: None,
        manifests: Vec::new(),
    }
}

fn index(name: &str, age: u64, children: &[&str]) -> ManifestSummary {
    ManifestSummary {
        manifests: children.iter().map(|name| digest(name)).collect(),
        ..manifest(name, age)
    }
}

fn referrer(name: &str, age: u64, subject: &str) -> ManifestSummary {
    ManifestSummary {
        subject: Some(digest(subject)),
        ..manifest(name, age)
    }
}

fn tag(name: &str, target: &str, age: u64) -> TagSummary {
    TagSummary {
        tag: name.parse().unwrap(),
        digest: digest(target),
        updated: ago(age),
    }
}

fn rule(text: &str) -> Rule {
    serde_json::from_str(text).unwrap()
}

/// A rule that keeps all tags and deletes other manifests after a week.
fn weekly() -> Rule {
    rule(r#"{"repositories": ["**"], "untagged": {"delete_after": "7d"}}"#)
}

fn tags_that_go(plan: &Plan) -> Vec<&str> {
    plan.tags.iter().map(|tag| tag.tag.as_str()).collect()
}

/// The names of the deleted manifests, in order, with the reasons.
fn manifests_that_go(plan: &Plan, names: &[&'static str]) -> Vec<(&'static str, Reason)> {
    let name = |wanted: &Digest| *names.iter().find(|name| digest(name) == *wanted).unwrap();
    let manifests = plan.manifests.iter();
    manifests.map(|m| (name(&m.digest), m.reason)).collect()
}

#[test]
fn the_first_rule_that_fits_decides() {
    let retention: Retention = serde_json::from_str(
        r#"[{"repositories": ["acme/release/**", "base"]},
            {"repositories": ["acme/**"], "keep": {"last": 3}}]"#,
    )
    .unwrap();
    let rule = |name: &str| retention.rule(&name.parse().unwrap());
    assert!(rule("acme/release/app").unwrap().keep.is_everything());
    assert!(rule("base").is_some());
    assert_eq!(rule("acme/app").unwrap().keep.last.unwrap().get(), 3);
    assert_eq!(rule("other"), None);
}

#[test]
fn rules_are_read_strictly_and_keep_when_in_doubt() {
    let least = rule(r#"{"repositories": ["a"]}"#);
    assert_eq!(least.keep, KeepTags::default());
    assert_eq!(least.untagged, Untagged::Keep);
    let full = r#"{"repositories":["a"],"keep":{"last":2,"newer_than":"30d","tags":["v*"]},"untagged":{"delete_after":"7d"}}"#;
    assert_eq!(serde_json::to_string(&rule(full)).unwrap(), full);
    for wrong in [
        r#"{}"#,
        r#"{"repositories": ["a"], "kep": {}}"#,
        r#"{"repositories": ["a"], "keep": {"lst": 1}}"#,
        r#"{"repositories": ["a"], "keep": {"last": 0}}"#,
        r#"{"repositories": ["a"], "keep": {"newer_than": "1y"}}"#,
        r#"{"repositories": ["a**"]}"#,
        r#"{"repositories": ["a"], "untagged": "delete"}"#,
    ] {
        assert!(serde_json::from_str::<Rule>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_tag_stays_when_any_condition_holds() {
    let contents = RepositoryContents {
        manifests: vec![manifest("m", 90 * DAY)],
        tags: vec![
            tag("a", "m", 50 * DAY),
            tag("b", "m", 40 * DAY),
            tag("c", "m", 3 * DAY),
            tag("latest", "m", 60 * DAY),
            tag("v1", "m", 70 * DAY),
            tag("v2", "m", 31 * DAY),
        ],
    };
    for (keep, expected) in [
        ("{}", &[][..]),
        (r#"{"last": 2}"#, &["a", "b", "latest", "v1"]),
        (r#"{"last": 100}"#, &[]),
        (r#"{"newer_than": "45d"}"#, &["a", "latest", "v1"]),
        (r#"{"tags": ["v*", "latest"]}"#, &["a", "b", "c"]),
        (
            r#"{"last": 1, "newer_than": "35d", "tags": ["v1"]}"#,
            &["a", "b", "latest"],
        ),
    ] {
        let rule = rule(&format!(r#"{{"repositories": ["**"], "keep": {keep}}}"#));
        let plan = plan(&contents, &rule, now(), GRACE);
        assert_eq!(tags_that_go(&plan), expected, "{keep}");
        assert_eq!(
            plan.manifests,
            [],
            "untagged manifests stay unless a rule says otherwise"
        );
    }
}

#[test]
fn an_index_keeps_its_manifests_and_all_referrers() {
    let names = ["index", "arm", "amd", "sbom", "signature", "other"];
    let manifests = vec![
        index("index", 90 * DAY, &["arm", "amd", "absent"]),
        manifest("arm", 90 * DAY),
        manifest("amd", 90 * DAY),
        referrer("sbom", 90 * DAY, "arm"),
        referrer("signature", 90 * DAY, "sbom"),
        manifest("other", 90 * DAY),
    ];
    let mut contents = RepositoryContents {
        manifests,
        tags: vec![tag("v1", "index", 90 * DAY)],
    };
    let kept = plan(&contents, &weekly(), now(), GRACE);
    assert_eq!(
        manifests_that_go(&kept, &names),
        [("other", Reason::Untagged)]
    );
    assert_eq!(kept.bytes, 10);
    contents.tags.clear();
    let gone = plan(&contents, &weekly(), now(), GRACE);
    assert_eq!(
        manifests_that_go(&gone, &names),
        [
            ("index", Reason::Untagged),
            ("other", Reason::Untagged),
            ("arm", Reason::IndexGoes),
            ("amd", Reason::IndexGoes),
            ("sbom", Reason::SubjectGoes),
            ("signature", Reason::SubjectGoes),
        ]
    );
    assert_eq!(gone.bytes, 60);
}

#[test]
fn the_manifests_of_tags_that_go_go_with_them() {
    let contents = RepositoryContents {
        manifests: vec![manifest("one", 90 * DAY), manifest("two", 80 * DAY)],
        tags: vec![tag("v1", "one", 90 * DAY), tag("v2", "two", 80 * DAY)],
    };
    let rule = rule(
        r#"{"repositories": ["**"], "keep": {"last": 1}, "untagged": {"delete_after": "0s"}}"#,
    );
    let plan = plan(&contents, &rule, now(), GRACE);
    assert_eq!(tags_that_go(&plan), ["v1"]);
    assert_eq!(
        manifests_that_go(&plan, &["one", "two"]),
        [("one", Reason::Untagged)]
    );
}

#[test]
fn young_manifests_stay() {
    let names = [
        "young",
        "old",
        "young-referrer",
        "old-referrer",
        "lost",
        "lost-old",
    ];
    let contents = RepositoryContents {
        manifests: vec![
            manifest("young", 6 * DAY),
            manifest("old", 8 * DAY),
            referrer("young-referrer", HOUR / 2, "old"),
            referrer("old-referrer", 2 * HOUR, "old"),
            referrer("lost", 2 * HOUR, "absent"),
            referrer("lost-old", 8 * DAY, "absent"),
        ],
        tags: Vec::new(),
    };
    assert_eq!(
        manifests_that_go(&plan(&contents, &weekly(), now(), GRACE), &names),
        [
            ("old", Reason::Untagged),
            ("lost-old", Reason::SubjectAbsent),
            ("old-referrer", Reason::SubjectGoes),
        ]
    );
    let long = Duration::from_secs(9 * DAY);
    assert_eq!(plan(&contents, &weekly(), now(), long).manifests, []);
    assert_eq!(
        plan(&contents, &weekly(), now(), Duration::MAX).manifests,
        []
    );
}

#[test]
fn a_hundred_thousand_manifests_in_a_row_are_no_trouble() {
    let count = 100_000;
    let name = |at: usize| format!("m{at}");
    // Each holds the next: an index holds a manifest, which holds the index that refers to it.
    let mut manifests: Vec<_> = (0..count)
        .map(|at| match at % 2 {
            0 => ManifestSummary {
                subject: (at > 0).then(|| digest(&name(at - 1))),
                ..index(&name(at), 30 * DAY, &[&name(at + 1), &name(at + 1)])
            },
            _ => manifest(&name(at), 30 * DAY),
        })
        .collect();
    manifests.sort_by(|a, b| a.digest.cmp(&b.digest));
    let contents = RepositoryContents {
        manifests,
        tags: Vec::new(),
    };
    let plan = plan(&contents, &weekly(), now(), GRACE);
    assert_eq!(plan.manifests.len(), count);
    assert_order(&contents, &plan);
}

/// A small repository by numbers: which manifest names which. Numbers beyond the manifests are
/// absent.
#[derive(Debug, Clone)]
struct World {
    contents: RepositoryContents,
    rule: Rule,
    grace: Duration,
}

fn worlds(circles: bool) -> impl Strategy<Value = World> {
    let summaries = vec(
        (
            0..20 * DAY,
            option::weighted(0.4, 0..10_usize),
            vec(0..10_usize, 0..3),
        ),
        0..8,
    );
    let manifests = summaries.prop_map(move |entries| {
        let named = |at: usize, other: &usize| circles || *other > at;
        let entries = entries.into_iter().enumerate();
        let summary =
            |(at, (age, subject, children)): (usize, (u64, Option<usize>, Vec<usize>))| {
                ManifestSummary {
                    // Subjects point up and children down in the order of holding, so without
                    // circles a referrer's subject has a lower number.
                    subject: subject
                        .filter(|other| circles || *other < at || *other >= 8)
                        .map(|other| digest(&other.to_string())),
                    manifests: children
                        .iter()
                        .filter(|other| named(at, other))
                        .map(|other| digest(&other.to_string()))
                        .collect(),
                    ..manifest(&at.to_string(), age)
                }
            };
        let mut manifests: Vec<_> = entries.map(summary).collect();
        manifests.sort_by(|a, b| a.digest.cmp(&b.digest));
        manifests
    });
    let tags = btree_map(0..12_u32, (0..10_usize, 0..20 * DAY), 0..6).prop_map(|tags| {
        let tags = tags.into_iter();
        tags.map(|(name, (target, age))| tag(&format!("t{name:02}"), &target.to_string(), age))
            .collect::<Vec<_>>()
    });
    let keep = (
        option::of(1..4_u32),
        option::of(0..20 * DAY),
        btree_set(0..12_u32, 0..3),
    )
        .prop_map(|(last, newer_than, tags)| KeepTags {
            last: last.and_then(std::num::NonZeroU32::new),
            newer_than: newer_than.map(Period::seconds),
            tags: tags
                .iter()
                .map(|t| format!("t{t:02}").parse().unwrap())
                .collect(),
        });
    let untagged = proptest::prop_oneof![
        1 => Just(Untagged::Keep),
        4 => (0..20 * DAY).prop_map(|age| Untagged::DeleteAfter(Period::seconds(age))),
    ];
    (manifests, tags, keep, untagged, 0..10 * DAY).prop_map(
        |(manifests, tags, keep, untagged, grace)| World {
            contents: RepositoryContents { manifests, tags },
            rule: Rule {
                repositories: vec!["**".parse().unwrap()],
                keep,
                untagged,
            },
            grace: Duration::from_secs(grace),
        },
    )
}

/// The tags and manifests that stay, computed by adding to the set until it no longer grows.
fn simple(world: &World) -> (BTreeSet<String>, BTreeSet<Digest>) {
    let World {
        contents,
        rule,
        grace,
    } = world;
    let keep = &rule.keep;
    let mut by_time: Vec<_> = contents.tags.iter().collect();
    by_time.sort_by_key(|tag| (tag.updated, tag.tag.to_string()));
    by_time.reverse();
    let last = keep.last.map_or(0, |last| last.get() as usize);
    let stays = |tag: &&TagSummary| {
        keep.is_everything()
            || by_time.iter().take(last).any(|other| other == tag)
            || keep
                .newer_than
                .is_some_and(|age| tag.updated + age.duration() > now())
            || keep
                .tags
                .iter()
                .any(|pattern| pattern.matches(tag.tag.as_str()))
    };
    let tags: Vec<_> = contents.tags.iter().filter(stays).collect();
    let all: BTreeMap<_, _> = contents.manifests.iter().map(|m| (&m.digest, m)).collect();
    let mut kept = BTreeSet::new();
    loop {
        let before = kept.len();
        for manifest in &contents.manifests {
            let old = |age: Duration| manifest.pushed + age <= now();
            let Untagged::DeleteAfter(after) = rule.untagged else {
                kept.insert(manifest.digest.clone());
                continue;
            };
            let subject = manifest.subject.as_ref();
            let with_subject = subject.is_some_and(|subject| all.contains_key(subject));
            let named = |digest: &Digest| kept.contains(digest);
            if tags.iter().any(|tag| tag.digest == manifest.digest)
                || !old(*grace)
                || !with_subject && !old(after.duration())
                || subject.is_some_and(named)
                || kept
                    .iter()
                    .any(|holder| all[holder].manifests.contains(&manifest.digest))
            {
                kept.insert(manifest.digest.clone());
            }
        }
        if kept.len() == before {
            return (tags.iter().map(|tag| tag.tag.to_string()).collect(), kept);
        }
    }
}

/// Checks that no manifest is deleted before one that holds it.
fn assert_order(contents: &RepositoryContents, plan: &Plan) {
    let place: std::collections::HashMap<_, _> = plan
        .manifests
        .iter()
        .enumerate()
        .map(|(at, manifest)| (&manifest.digest, at))
        .collect();
    for manifest in &contents.manifests {
        let Some(mine) = place.get(&manifest.digest) else {
            continue;
        };
        for child in manifest
            .manifests
            .iter()
            .filter_map(|child| place.get(child))
        {
            assert!(mine < child);
        }
        if let Some(subject) = manifest.subject.as_ref().and_then(|s| place.get(s)) {
            assert!(subject < mine);
        }
    }
}

proptest! {
    #[test]
    fn what_stays_is_what_the_plain_reading_says(world in worlds(true)) {
        let plan = plan(&world.contents, &world.rule, now(), world.grace);
        let (tags, manifests) = simple(&world);
        let gone: BTreeSet<_> = plan.tags.iter().map(|tag| tag.tag.to_string()).collect();
        prop_assert_eq!(plan.tags.len(), gone.len());
        for tag in &world.contents.tags {
            prop_assert!(tags.contains(tag.tag.as_str()) != gone.contains(tag.tag.as_str()));
        }
        let gone: BTreeSet<_> = plan.manifests.iter().map(|m| m.digest.clone()).collect();
        prop_assert_eq!(plan.manifests.len(), gone.len());
        for manifest in &world.contents.manifests {
            let digest = &manifest.digest;
            prop_assert!(manifests.contains(digest) != gone.contains(digest), "{:?}", manifest);
        }
    }

    #[test]
    fn nothing_goes_before_what_holds_it(world in worlds(false)) {
        let plan = plan(&world.contents, &world.rule, now(), world.grace);
        assert_order(&world.contents, &plan);
    }

    #[test]
    fn whatever_the_times_it_decides(grace: u64, age: u64, pushed: u32, now: u32, last in any::<bool>()) {
        let time = |seconds: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
        let mut contents = RepositoryContents { manifests: vec![manifest("m", 0)], tags: Vec::new() };
        contents.manifests[0].pushed = time(pushed);
        let mut rule = weekly();
        rule.untagged = Untagged::DeleteAfter(Period::seconds(age));
        rule.keep.newer_than = last.then(|| Period::seconds(age));
        let gone = plan(&contents, &rule, time(now), Duration::from_secs(grace));
        let old = u64::from(now).checked_sub(u64::from(pushed));
        let goes = pushed == 0 || old.is_some_and(|old| old >= age.max(grace));
        prop_assert_eq!(gone.manifests.len(), usize::from(goes));
    }
}

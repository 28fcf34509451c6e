//! Checks that there are no circles: sibling modules do not use each other, directly or indirectly.
//!
//! The children of each module are checked separately; everything below a child counts as that
//! child.

use std::collections::{BTreeMap, BTreeSet};

use super::arrows::Arrow;
use super::fault::{Check, Fault};

/// The arrows between the children of one module, by the children's names.
type Siblings<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Arrow<'a>>>;

/// Finds the circles that remain without the arrows in `cut`, which are subjects of arrows.
pub(crate) fn check(arrows: &[Arrow<'_>], cut: &[&str]) -> Vec<Fault> {
    let mut folders: BTreeMap<&[String], Siblings<'_>> = BTreeMap::new();
    for arrow in arrows {
        let common = arrow
            .from
            .iter()
            .zip(&arrow.to)
            .take_while(|(from, to)| from == to)
            .count();
        if let (Some(from), Some(to)) = (arrow.from.get(common), arrow.to.get(common)) {
            let siblings = folders.entry(&arrow.from[..common]).or_default();
            siblings.entry((from, to)).or_default().push(arrow);
        }
    }
    folders
        .values()
        .flat_map(|siblings| circles(siblings, cut))
        .collect()
}

fn circles(siblings: &Siblings<'_>, cut: &[&str]) -> Vec<Fault> {
    let is_cut = |arrow: &Arrow<'_>| cut.contains(&arrow.subject().as_str());
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((from, to), arrows) in siblings {
        if !arrows.iter().all(|arrow| is_cut(arrow)) {
            graph.entry(from).or_default().insert(to);
        }
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|from| (*from, reachable(&graph, from)))
        .collect();
    let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|all| all.contains(to));

    let mut faults = Vec::new();
    let mut done = BTreeSet::new();
    for name in graph.keys().filter(|name| reaches(name, name)) {
        let circle: Vec<&str> = reach[name]
            .iter()
            .copied()
            .filter(|to| reaches(to, name))
            .collect();
        if done.insert(circle.clone()) {
            faults.push(fault(siblings, &circle));
        }
    }
    for ((from, to), arrows) in siblings {
        for arrow in arrows.iter().filter(|arrow| is_cut(arrow)) {
            if !reaches(to, from) {
                let text = format!(
                    "the exception {} excuses no circle: remove it",
                    arrow.subject()
                );
                faults.push(Fault::new(Check::Circle, arrow.from_file, arrow.line, text));
            }
        }
    }
    faults
}

fn reachable<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for to in graph.get(next).into_iter().flatten() {
            if found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}

/// The fault of a circle. It names the circle's arrows, those from the fewest files first.
fn fault(siblings: &Siblings<'_>, circle: &[&str]) -> Fault {
    let mut arrows: Vec<_> = siblings
        .iter()
        .filter(|((from, to), _)| circle.contains(from) && circle.contains(to))
        .collect();
    arrows.sort_by_key(|(_, arrows)| arrows.len());
    let shown: Vec<String> = arrows
        .iter()
        .map(|((from, to), arrows)| {
            let first = arrows[0];
            let more = match arrows.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let (file, line, spelling) = (first.from_file, first.line, &first.spelling);
            format!("\n    {from} -> {to}: {file}:{line} {spelling}{more}")
        })
        .collect();
    let text = format!(
        "circle of {}: cut it, best at an arrow that few files draw{}",
        circle.join(", "),
        shown.concat()
    );
    let first = arrows[0].1[0];
    Fault::new(Check::Circle, first.from_file, first.line, text)
}

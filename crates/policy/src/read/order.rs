//! Rules of which the first that matches decides, as rules whose order makes no difference.

use std::collections::BTreeSet;

use super::route::Route;
use crate::compiled::Compiled;
use crate::document::{Layer, Rule};
use crate::fault::Fault;
use crate::matching::exactness;
use crate::verdict::Verdict;

/// Most rules that are compared with each other.
const MOST_RULES: usize = 2000;

/// A route, ready to be compared.
struct Ready<'a> {
    route: &'a Route,
    rules: Vec<Compiled>,
    whole: Vec<Compiled>,
}

/// Translates routes; `default` is the verdict where none matches. A route for everything becomes
/// the default.
pub(super) fn translate(
    routes: &[Route],
    default: Verdict,
    faults: &mut Vec<Fault>,
) -> (Verdict, Vec<Rule>) {
    if routes
        .iter()
        .map(|route| route.rules().len())
        .sum::<usize>()
        > MOST_RULES
    {
        let message = format!("at most {MOST_RULES} rules whose order matters are read");
        faults.push(Fault::new("", message));
        return (Verdict::Deny, Vec::new());
    }
    let end = routes.iter().position(Route::is_catch_all);
    let (open, default) = match end {
        Some(end) => (&routes[..end], routes[end].verdict),
        None => (routes, default),
    };
    for route in routes.iter().skip(open.len() + 1) {
        let last = &routes[open.len()];
        faults.push(hides(last, route, "is reached by nothing behind"));
    }
    let ready: Vec<Ready<'_>> = open
        .iter()
        .filter_map(|route| ready(route, faults))
        .collect();
    let mut dropped = BTreeSet::new();
    for (later, route) in ready.iter().enumerate() {
        for earlier in &ready[..later] {
            if earlier.route.requests.is_some()
                && route.route.verdict != Verdict::Deny
                && meet(&earlier.whole, &route.rules)
            {
                let reason = "would let through what is left out by";
                faults.push(hides(earlier.route, route.route, reason));
            } else if earlier.is_overtaken_by(route) {
                if route.is_said_by(default, &ready[later + 1..]) {
                    dropped.insert(later);
                } else {
                    faults.push(hides(earlier.route, route.route, "would come before"));
                }
            }
        }
        if route.route.requests.is_some() && default != Verdict::Deny {
            let message = format!(
                "'{}' denies the requests that it does not name, and the default is to {default}: \
                 make the default deny",
                route.route.name
            );
            faults.push(Fault::new(&route.route.pointer, message));
        }
    }
    let kept = ready.iter().enumerate();
    let kept = kept.filter(|(index, _)| !dropped.contains(index));
    let rules = kept.flat_map(|(_, ready)| ready.route.rules().iter().cloned());
    (default, rules.collect())
}

fn ready<'a>(route: &'a Route, faults: &mut Vec<Fault>) -> Option<Ready<'a>> {
    let mut compile = |rules: &[Rule]| {
        let mut compiled = Vec::new();
        for rule in rules {
            match Compiled::new((0, 0), Layer::Policy, rule) {
                Ok(rule) => compiled.push(rule),
                // Ours has other members than theirs.
                Err(found) => faults.extend(found.into_iter().map(|fault| Fault {
                    pointer: route.pointer.clone(),
                    ..fault
                })),
            }
        }
        (compiled.len() == rules.len()).then_some(compiled)
    };
    Some(Ready {
        rules: compile(route.rules())?,
        whole: compile(&route.whole)?,
        route,
    })
}

impl Ready<'_> {
    /// Whether something that this route decides would be decided otherwise by a later one.
    fn is_overtaken_by(&self, later: &Self) -> bool {
        let (own, other) = (self.route.verdict, later.route.verdict);
        if own == other || own == Verdict::Deny {
            return false;
        }
        let overtakes = |a: &Compiled, b: &Compiled| {
            let (a_exact, b_exact) = (exactness(a), exactness(b));
            let wins = a_exact > b_exact || (a_exact == b_exact && own == Verdict::Ask);
            (other == Verdict::Deny || !wins) && a.may_meet(b)
        };
        self.rules
            .iter()
            .any(|a| later.rules.iter().any(|b| overtakes(a, b)))
    }

    /// Whether the default says the same of everything that comes to this route.
    fn is_said_by(&self, default: Verdict, later: &[Self]) -> bool {
        let differs =
            |other: &Self| other.route.verdict != default && meet(&self.whole, &other.rules);
        self.route.verdict == default && self.route.requests.is_none() && !later.iter().any(differs)
    }
}

fn meet(left: &[Compiled], right: &[Compiled]) -> bool {
    left.iter().any(|a| right.iter().any(|b| a.may_meet(b)))
}

/// The fault of a route that would not be decided after an earlier one.
fn hides(earlier: &Route, later: &Route, reason: &str) -> Fault {
    let message = format!(
        "'{}' {reason} '{}' ({}): here the order of rules makes no difference",
        later.name, earlier.name, earlier.pointer
    );
    Fault::new(&later.pointer, message)
}

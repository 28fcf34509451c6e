use proptest::prelude::*;

use super::naive;
use super::{answers, request, target};
use crate::{Access, Document, Layer, Policy, Request, Rule, RuleId, Target, Verdict};

const PATTERNS: [&str; 14] = [
    "a.test",
    "b.a.test",
    "c.b.a.test",
    "*.a.test",
    "*.test",
    "*.b.a.test",
    "*",
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/31",
    "0.0.0.0/0",
    "fd00::1",
    "fd00::/8",
    "::ffff:10.0.0.0/104",
];
const TARGETS: [&str; 10] = [
    "a.test",
    "b.a.test:80",
    "c.b.a.test",
    "test",
    "other.test",
    "10.0.0.1:80",
    "10.1.0.0",
    "[::ffff:10.0.0.1]",
    "[fd00::1]",
    "[fe80::1]:80",
];
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "*"];
const PATHS: [&str; 10] = [
    "/", "/a", "/a/b", "/a/*", "/a/**", "/**", "*", "/*", "/*/b", "/**/b",
];
const SENT_METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "get"];
const SENT_PATHS: [&str; 13] = [
    "/", "/a", "/a/", "/a/b", "/c/b", "/a/b/c", "/zz", "//zz", "/zz/..", "/a/b/..", "/a//b",
    "/x/y/z", "/zz//",
];

fn requests() -> impl Iterator<Item = Request<'static>> {
    let of = |path| {
        SENT_METHODS
            .iter()
            .map(move |method| Request { method, path })
    };
    SENT_PATHS.into_iter().flat_map(of)
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Deny),
        Just(Verdict::Ask),
        Just(Verdict::Allow)
    ]
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let list = prop::collection::vec(prop::sample::select(of), 1..3);
    let list = list.prop_map(|list| list.into_iter().map(str::to_owned).collect());
    prop_oneof![2 => Just(Vec::new()), 1 => list]
}

fn rules() -> impl Strategy<Value = Rule> {
    let ports = some(&["443", "80", "1-100", "8080"]);
    let limits = (ports, some(&METHODS), some(&PATHS));
    let tls = prop::sample::select(&[None, Some(false), Some(true)][..]);
    let parts = (prop::sample::select(&PATTERNS[..]), verdicts(), limits, tls);
    parts.prop_map(|(pattern, verdict, (ports, methods, paths), tls)| {
        let is_whole = methods.is_empty() && paths.is_empty();
        Rule {
            pattern: pattern.to_owned(),
            ports: ports.into_iter().map(Into::into).collect(),
            methods,
            paths,
            verdict,
            tls_terminate: tls.filter(|tls| *tls || is_whole),
            description: None,
        }
    })
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    let rules = prop::collection::vec(rules(), 0..5);
    let document = (rules, prop::option::of(verdicts()), any::<bool>());
    let document = document.prop_map(|(rules, default, is_answers)| Document {
        origin: "p".to_owned(),
        layer: match is_answers {
            true => Layer::Answers,
            false => Layer::Policy,
        },
        default: default.filter(|_| !is_answers),
        rules,
    });
    prop::collection::vec(document, 0..4)
}

fn everything() -> impl Iterator<Item = (Target<'static>, Request<'static>)> {
    let each = |target| requests().map(move |request| (target, request));
    TARGETS.iter().map(|text| target(text)).flat_map(each)
}

fn verdicts_of(policy: &Policy) -> Vec<Verdict> {
    everything()
        .map(|(target, request)| policy.request(&target, &request).verdict)
        .collect()
}

fn access_verdict(access: &Access) -> Option<Verdict> {
    match access {
        Access::Deny(_) => Some(Verdict::Deny),
        Access::Pass(_) => Some(Verdict::Allow),
        Access::AskConnection(_) => Some(Verdict::Ask),
        Access::Inspect => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_index_agrees_with_the_rules_one_by_one(documents in documents()) {
        let policy = Policy::compile(documents.clone());
        for (target, request) in everything() {
            let decision = policy.request(&target, &request);
            let expected = naive::decide(&documents, &target, Some(&request));
            prop_assert_eq!(decision.verdict, expected, "{:?} {:?}", target, request);
        }
    }

    #[test]
    fn access_says_what_all_requests_come_to(documents in documents()) {
        let policy = Policy::compile(documents.clone());
        for target in TARGETS.map(target) {
            let access = policy.access(&target);
            let of = |request| policy.request(&target, &request).verdict;
            let mut each: Vec<Verdict> = requests().map(of).collect();
            each.push(naive::decide(&documents, &target, None));
            each.sort();
            each.dedup();
            match access_verdict(&access) {
                Some(verdict) => prop_assert_eq!(&each, &[verdict], "{:?}", target),
                // What is looked into depends on the request, or a rule says that it is. Patterns of paths are
                // compared one by one, so where there are any it may be looked into without need.
                None => {
                    let one = each.len() == 1 && each[0] != Verdict::Ask;
                    let asks_to_look = documents.iter().flat_map(|own| &own.rules);
                    let mut asks_to_look = asks_to_look.filter(|rule| rule.tls_terminate == Some(true));
                    let mut rules = documents.iter().flat_map(|own| &own.rules);
                    let has_paths = rules.any(|rule| !rule.paths.is_empty());
                    let looks = has_paths || asks_to_look.next().is_some();
                    prop_assert!(!one || looks, "{:?}: {:?}", target, each);
                }
            }
        }
    }

    #[test]
    fn a_connection_is_asked_about_where_all_rules_that_ask_say_so(documents in documents()) {
        let policy = Policy::compile(documents.clone());
        let mut looked: Vec<Document> = documents;
        for rule in looked.iter_mut().flat_map(|document| &mut document.rules) {
            rule.tls_terminate = None;
        }
        let looked = Policy::compile(looked);
        for target in TARGETS.map(target) {
            if let Access::AskConnection(RuleId(rule)) = policy.access(&target) {
                prop_assert_ne!(rule, "p#default");
                prop_assert_eq!(looked.access(&target), Access::Inspect);
            }
        }
    }

    #[test]
    fn a_rule_that_denies_opens_nothing(documents in documents(), mut rule in rules(), own in any::<bool>()) {
        let before = verdicts_of(&Policy::compile(documents.clone()));
        rule.verdict = Verdict::Deny;
        let mut stricter = documents;
        match stricter.first_mut().filter(|_| own) {
            Some(document) => document.rules.push(rule),
            None => stricter.push(Document { rules: vec![rule], ..answers(&[]) }),
        }
        let after = verdicts_of(&Policy::compile(stricter));
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(after <= before);
        }
    }

    #[test]
    fn order_makes_no_difference(documents in documents(), turn in any::<prop::sample::Index>()) {
        let before = Policy::compile(documents.clone());
        let mut turned = documents;
        for document in &mut turned {
            document.rules.reverse();
        }
        if !turned.is_empty() {
            let middle = turn.index(turned.len());
            turned.rotate_left(middle);
        }
        let after = Policy::compile(turned);
        prop_assert_eq!(verdicts_of(&before), verdicts_of(&after));
        for target in TARGETS.map(target) {
            let (before, after) = (before.access(&target), after.access(&target));
            prop_assert_eq!(access_verdict(&before), access_verdict(&after));
        }
    }

    #[test]
    fn an_answer_overrides_no_rule_that_denies(documents in documents(), mut rule in rules()) {
        rule.verdict = Verdict::Allow;
        let plain = Policy::compile(documents.clone());
        let mut answered = documents.clone();
        answered.push(Document { rules: vec![rule], ..answers(&[]) });
        let answered = Policy::compile(answered);
        for (target, request) in everything() {
            let is_denied = documents.iter().flat_map(|own| &own.rules).any(|rule| {
                let alone = Document { rules: vec![rule.clone()], default: Some(Verdict::Allow), ..answers(&[]) };
                let alone = Document { layer: Layer::Policy, ..alone };
                rule.verdict == Verdict::Deny && naive::decide(&[alone], &target, Some(&request)) == Verdict::Deny
            });
            let (before, after) = (plain.request(&target, &request), answered.request(&target, &request));
            if is_denied {
                prop_assert_eq!(before.verdict, Verdict::Deny);
                prop_assert_eq!(after.verdict, Verdict::Deny);
            }
            prop_assert!(after.verdict >= before.verdict || documents.iter().any(|own| own.layer == Layer::Answers));
        }
    }

    #[test]
    fn what_a_guest_says_is_survived(host in ".*", method in ".*", path in ".*", documents in documents()) {
        let policy = Policy::compile(documents);
        let target = Target { host: crate::Host::Name(&host), port: 1 };
        let decision = policy.request(&target, &Request { method: &method, path: &path });
        if access_verdict(&policy.access(&target)) == Some(Verdict::Deny) {
            prop_assert_eq!(decision.verdict, Verdict::Deny);
        }
    }

    #[test]
    fn a_rule_is_compiled_or_has_a_fault(pattern in ".*", port in ".*", method in ".*", path in ".*") {
        let rule = Rule {
            pattern,
            ports: vec![port.into()],
            methods: vec![method],
            paths: vec![path],
            verdict: Verdict::Deny,
            tls_terminate: None,
            description: None,
        };
        let document = Document { rules: vec![rule], layer: Layer::Policy, default: Some(Verdict::Allow), origin: "p".to_owned() };
        let faults = document.faults();
        let policy = Policy::compile(vec![document]);
        if !faults.is_empty() {
            let decision = policy.request(&target("a.test"), &request("GET /"));
            prop_assert_eq!(decision.verdict, Verdict::Deny);
        }
    }
}

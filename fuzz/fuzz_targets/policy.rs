//! Policy files, and decisions by them: the first line is `HOST PORT METHOD PATH`, the others are the
//! file.
#![no_main]

use lazaret_artifacts::{PolicyFile, add_rule, parse_source, remove_rules};
use lazaret_policy::{Access, Host, Policy, Request, Target, Verdict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (request, text) = input.split_once('\n').unwrap_or(("", input));
    let mut words = request.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (host, port, method, path) = (word(), word(), word(), word());
    let port = port.parse().unwrap_or(443);
    let Ok(document) = parse_source(text) else {
        return;
    };
    let Ok(policy) = PolicyFile::read("policy", &document) else {
        return;
    };
    let documents = policy.documents().to_vec();
    assert!(
        documents
            .iter()
            .all(|document| document.faults().is_empty())
    );
    let rule = documents.iter().find_map(|document| document.rules.first());
    if let Some(rule) = rule {
        let _ = add_rule(text, rule);
        let _ = remove_rules(text, &rule.pattern);
    }
    let compiled = Policy::compile(documents);
    let address = host.parse();
    let target = Target {
        host: address.map_or(Host::Name(host), Host::Address),
        port,
    };
    let decision = compiled.request(&target, &Request { method, path });
    let expected = match compiled.access(&target) {
        Access::Deny(_) => Verdict::Deny,
        Access::Pass(_) => Verdict::Allow,
        Access::AskConnection(_) => Verdict::Ask,
        Access::Inspect => decision.verdict,
    };
    assert_eq!(decision.verdict, expected);
});

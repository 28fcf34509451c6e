//! Policies of other tools.
#![no_main]

use lazaret_artifacts::{PolicyFile, parse_source, policy_text};
use lazaret_policy::{Tool, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(policy) = parse_source(text) else {
        return;
    };
    for tool in Tool::ALL {
        let Ok(imported) = import(Some(tool), &policy) else {
            continue;
        };
        assert!(imported.document.faults().is_empty());
        let text = policy_text(&imported.document);
        let again = parse_source(&text).expect("what is printed is a document");
        PolicyFile::read("policy", &again).expect("what is printed is a policy");
    }
});

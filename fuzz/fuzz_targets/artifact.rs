//! Artifact files and configuration blobs.
#![no_main]

use lazaret_artifacts::{Family, canonical_blob, parse_blob, parse_source, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(document) = parse_source(text) {
        for family in Family::ALL {
            let _ = validate(family, &document);
        }
        let blob = canonical_blob(&document);
        let again = parse_blob(&blob).expect("a canonical blob is valid JSON");
        assert_eq!(canonical_blob(&again), blob);
    }
});

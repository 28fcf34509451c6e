//! What clients of the hosted API say about a transfer, and tags of variants.
#![no_main]

use lazaret_variants::{ArtifactReference, Transfer, variant_of_tag};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(transfer) = Transfer::parse(input, "demo") {
        let path = transfer.path();
        assert!(path.parts().all(|part| !matches!(part, "" | "." | "..")));
        assert!(!path.as_str().contains(['\0', '\\', '\n']));
        let json = transfer.to_json();
        assert!(json.is_ascii());
        assert_eq!(Transfer::parse(json.as_bytes(), "demo").as_ref(), Ok(&transfer));
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (version, tag) = text.split_once('\n').unwrap_or(("v1", text));
    if let Ok(reference) = ArtifactReference::new("r", "a", version)
        && let Some(selector) = variant_of_tag(&reference, tag)
    {
        assert_eq!(reference.variant_tag(selector), tag);
    }
});

//! Manifests, indexes and image configurations from registries.
#![no_main]

use lazaret_oci::{ImageConfig, ManifestContent, ManifestDocument, Platform};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let _ = ImageConfig::parse(raw);
    if let Ok(document) = ManifestDocument::parse(raw.to_vec(), None) {
        assert_eq!(document.raw(), raw);
        if let ManifestContent::Index(index) = document.content() {
            let _ = index.select(&Platform::native());
        }
    }
});

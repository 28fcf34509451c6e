//! Documents `port.toml`, and what is made of sound ones.
#![no_main]

use lazaret_variants::{Document, Selector, StorePath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let document = match Document::parse(text) {
        Ok(parsed) => parsed.document,
        Err(faults) => {
            assert!(!faults.faults.is_empty());
            let lines = text.matches('\n').count() + 1;
            for fault in &faults.faults {
                assert!((1..=lines).contains(&fault.line) && fault.column > 0);
                assert!(!fault.to_string().contains(['\u{1b}', '\n']));
            }
            return;
        }
    };
    for artifact in document.artifacts() {
        assert!(!artifact.variants.is_empty());
        let _ = artifact.variant(Selector::default());
        for variant in &artifact.variants {
            let _ = artifact.recipe.kernel_source(variant.selector);
            let path = StorePath::new(&artifact.reference, variant.selector, &variant.filename);
            if let Ok(path) = path {
                assert!(path.parts().all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }
    for machine in document.machines.values() {
        assert!(document.hosts.contains_key(&machine.host));
        let kernel = &document.kernels[&machine.kernel];
        let image = &document.guest_images[&machine.guest_image];
        assert!(kernel.variant(machine.selector()).is_ok());
        assert!(image.variant(machine.selector()).is_ok());
    }
});

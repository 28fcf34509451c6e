//! Properties of documents and values.

use proptest::prelude::*;

use super::SAMPLE;
use super::values::{reference, selector};
use crate::*;

/// Names as people and attackers write them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9./:-]{0,12}",
        Just("..".to_owned()),
        Just("/etc/passwd".to_owned()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn a_store_path_stays_beneath_its_root(
        registry in name(), repository in name(), version in name(), filename in name()
    ) {
        let Ok(reference) = ArtifactReference::new(&registry, &repository, &version) else {
            return Ok(());
        };
        let selector = selector("aarch64/cloud-hypervisor/standard");
        let Ok(path) = StorePath::new(&reference, selector, &filename) else {
            return Ok(());
        };
        let parts: Vec<&str> = path.parts().collect();
        prop_assert!(parts.len() >= 7);
        prop_assert!(parts.iter().all(|part| !matches!(*part, "" | "." | "..")));
        prop_assert!(!path.as_str().contains(['\0', '\n', '\\']));
        prop_assert_eq!(std::path::Path::new(path.as_str()).components().count(), parts.len());
    }

    #[test]
    fn a_transfer_is_read_as_it_was_written(
        registry in name(), repository in name(), version in name(), filename in name()
    ) {
        let Ok(reference) = ArtifactReference::new(&registry, &repository, &version) else {
            return Ok(());
        };
        let selector = selector("x86_64/qemu/standard");
        if let Ok(transfer) = Transfer::new("demo", "k", &reference, selector, &filename) {
            let json = transfer.to_json();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(Transfer::parse(json.as_bytes(), "demo").unwrap(), transfer);
        }
    }

    #[test]
    fn a_tag_names_at_most_one_variant(tag in "v1-[a-z0-9_-]{0,40}") {
        if let Some(selector) = variant_of_tag(&reference(), &tag) {
            prop_assert_eq!(reference().variant_tag(selector), tag);
        }
    }

    /// Any text gives a document or faults with places in the text.
    #[test]
    fn every_text_has_an_answer(text in any::<String>()) {
        check_places(&text);
    }

    /// The sample with a part replaced by anything.
    #[test]
    fn every_change_of_the_sample_has_an_answer(
        at in 0..SAMPLE.len(), length in 0..40_usize, with in "[a-z0-9=\\[\\]{}.\"' \n]{0,8}"
    ) {
        let end = (at + length).min(SAMPLE.len());
        if SAMPLE.is_char_boundary(at) && SAMPLE.is_char_boundary(end) {
            let text = format!("{}{with}{}", &SAMPLE[..at], &SAMPLE[end..]);
            check_places(&text);
        }
    }
}

fn check_places(text: &str) {
    let found = match Document::parse(text) {
        Ok(parsed) => parsed.warnings,
        Err(faults) => {
            assert!(!faults.faults.is_empty());
            faults.faults
        }
    };
    let lines = text.matches('\n').count() + 1;
    for fault in found {
        assert!((1..=lines).contains(&fault.line), "{fault}");
        assert!(fault.column >= 1);
        assert!(!fault.to_string().contains(['\u{1b}', '\n']), "{fault:?}");
    }
}

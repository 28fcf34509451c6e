use lazaret_oci::Reference;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{minimal, set};
use crate::{
    Family, GuestPath, MountFlag, PolicyFile, Port, Volume, canonical_blob, parse_blob, parse_cpus,
    parse_memory, parse_source, validate, validate_blob,
};

fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[a-z/.:@*0-9-]{0,20}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        ".{0,8}",
        "(spec|metadata|name|mount|path|network|rules|components|agents|ref|digest|env|ports)",
    ];
    scalar.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn family() -> impl Strategy<Value = Family> {
    prop::sample::select(Family::ALL.to_vec())
}

fn reference() -> impl Strategy<Value = String> {
    let host =
        "(|localhost/|localhost:5000/|[a-cA-C0-9.-]{1,6}(:[0-9]{0,6})?/|\\[[:0-9a-f]{2,6}\\]/)";
    let path = "[a-c0-9]{1,3}([._/-]{0,2}[a-cA0-9]{1,2}){0,3}";
    let end = "(|:[a-zA-Z0-9._-]{1,4}|@sha256:[0-9a-f]{64}|:v1@sha512:[0-9a-f]{128}|@md5:abc|:)";
    (host, path, end).prop_map(|(host, path, end)| format!("{host}{path}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..Default::default() })]

    #[test]
    fn anything_is_validated_without_panic(
        family in family(), document in json(), part in json(), other in json(),
    ) {
        let faults = validate(family, &document);
        prop_assert!(!faults.is_empty(), "nothing random is an artifact");
        let mut nearly = minimal(family);
        for (pointer, value) in [("/spec", part), ("/metadata/labels", other)] {
            set(&mut nearly, pointer, value);
        }
        for fault in validate(family, &nearly) {
            prop_assert!(!fault.message.contains('\n'), "{fault}");
            prop_assert!(fault.message.chars().count() < 600, "{fault}");
        }
        let _ = PolicyFile::read("p", &document);
    }

    #[test]
    fn faults_are_the_same_for_the_value_and_its_blob(family in family(), part in json()) {
        let mut document = minimal(family);
        set(&mut document, "/spec", part);
        let faults = validate(family, &document);
        let of_blob = validate_blob(family, &canonical_blob(&document)).err().unwrap_or_default();
        prop_assert_eq!(faults, of_blob);
    }

    #[test]
    fn the_blob_is_idempotent(document in json()) {
        let blob = canonical_blob(&document);
        let again = parse_blob(&blob).unwrap();
        prop_assert_eq!(&canonical_blob(&again), &blob);
        // Parsed as a source, the blob has the same value.
        let text = String::from_utf8(blob).unwrap();
        if text.starts_with(['{', '[']) {
            prop_assert_eq!(parse_source(&text).unwrap(), again);
        }
    }

    #[test]
    fn text_is_parsed_without_panic(text in ".{0,60}", yaml in "[-a-z:{}\\[\\]&*!|>'\"#%@` \n0-9.]{0,80}") {
        let _ = parse_source(&text);
        let _ = parse_source(&yaml);
        let _ = parse_blob(yaml.as_bytes());
        let _ = parse_cpus(&Value::from(text.as_str()));
        let _ = parse_memory(&Value::from(text.as_str()));
        let _ = text.parse::<Port>();
        let _ = text.parse::<Volume>();
        let _ = MountFlag::parse(&text, None);
        let _ = text.parse::<Family>();
    }

    /// The pattern in the schemas is for editors and other validators; the parser is authoritative.
    #[test]
    fn the_schema_and_the_parser_agree_on_references(text in reference()) {
        let mut agent = minimal(Family::Agent);
        set(&mut agent, "/spec/image", Value::from(text.as_str()));
        let parsed = Reference::parse_in(&text, &"localhost".parse().unwrap());
        let faults = validate(Family::Agent, &agent);
        prop_assert_eq!(parsed.is_ok(), faults.is_empty(), "{} {:?} {:?}", text, parsed, faults);
        // Only rules that no pattern can express are left to the parser.
        if let Some(fault) = faults.first().filter(|fault| fault.keyword == "reference") {
            let is_about_the_host = fault.message.contains("registry");
            let is_too_long = fault.message.contains("longer");
            prop_assert!(is_about_the_host || is_too_long, "{}", fault);
        }
    }

    #[test]
    fn a_guest_path_never_leaves_its_parent(text in "[/.a]{0,12}") {
        if let Ok(path) = text.parse::<GuestPath>() {
            prop_assert!(path.as_str().starts_with('/'));
            prop_assert!(path.as_str()[1..].split('/').all(|c| !matches!(c, "" | "." | "..")));
            prop_assert_eq!(path.as_str().parse::<GuestPath>().unwrap(), path);
        }
    }
}

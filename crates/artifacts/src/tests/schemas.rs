use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{example, minimal};
use crate::{Error, Family, Schema, validate};

fn walk<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    visit(value);
    match value {
        Value::Object(members) => members.values().for_each(|value| walk(value, visit)),
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[test]
fn every_schema_is_valid_and_says_who_it_is() {
    for family in Family::ALL {
        let schema = Schema::of(family).document();
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{family}");
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(
            schema["$id"],
            format!("https://lazaret.dev/schemas/v1alpha1/{family}.json")
        );
        assert_eq!(
            schema.pointer("/properties/kind/const"),
            Some(&json!(family.kind()))
        );
    }
}

#[test]
fn every_schema_stands_alone_and_uses_all_it_defines() {
    for family in Family::ALL {
        let schema = Schema::of(family).document();
        let mut used = Vec::new();
        walk(schema, &mut |value| {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(schema.pointer(pointer).is_some(), "{family}: {reference}");
                used.push(pointer.rsplit('/').next().unwrap());
            }
        });
        for name in schema["$defs"].as_object().unwrap().keys() {
            assert!(used.contains(&name.as_str()), "{family}: {name} is unused");
        }
    }
}

/// `credential` and a few others differ by family; definitions of the envelope in several schemas
/// must stay equal.
#[test]
fn shared_definitions_are_the_same_everywhere() {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    for family in Family::ALL {
        for (name, definition) in Schema::of(family).document()["$defs"].as_object().unwrap() {
            if name == "credential" {
                continue;
            }
            let first = seen.entry(name).or_insert(definition);
            assert_eq!(*first, definition, "{family}: {name}");
        }
    }
}

/// Messages are made from titles, because a bare pattern is not helpful.
#[test]
fn every_pattern_has_a_title() {
    for family in Family::ALL {
        walk(Schema::of(family).document(), &mut |value| {
            if value["pattern"].is_string() {
                assert!(value["title"].is_string(), "{family}: {value}");
            }
        });
    }
}

#[test]
fn examples_and_minimal_documents_are_valid() {
    for family in Family::ALL {
        assert_eq!(validate(family, &example(family)), [], "{family}");
        assert_eq!(validate(family, &minimal(family)), [], "{family}");
    }
}

#[test]
fn an_operators_schema_is_checked_before_use() {
    let refused = [
        json!(true),
        json!({"type": "strin"}),
        json!({"$ref": "https://example.com/schema.json"}),
        json!({"pattern": "("}),
        json!({"pattern": "(?=look)ahead"}),
    ];
    for document in refused {
        let error = Schema::compile("skill", document.clone()).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{document}: {error}");
    }
    let schema = Schema::compile("skill", json!({"required": ["a"]})).unwrap();
    assert_eq!(schema.faults(&json!({}))[0].pointer, "/a");
}

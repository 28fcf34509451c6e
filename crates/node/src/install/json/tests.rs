use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Object;

fn set(text: &str, key: &str, value: Value) -> String {
    let mut object = Object::parse(Path::new("/f.json"), text).unwrap();
    object.set(key, value);
    object.text()
}

#[test]
fn the_rest_of_the_text_stays() {
    for (before, after) in [
        ("{}", "{\n  \"k\": [\"v\"]\n}\n"),
        (" { } ", "{\n  \"k\": [\"v\"]\n}\n"),
        ("{\"a\":1}", "{\"a\":1, \"k\": [\"v\"]}"),
        (
            "{\"a\":1, \"b\" : {\"k\":0}\n}\n",
            "{\"a\":1, \"b\" : {\"k\":0}, \"k\": [\"v\"]\n}\n",
        ),
        (
            "{\n\t\"a\": \"x,}\\\"\"\n}",
            "{\n\t\"a\": \"x,}\\\"\",\n\t\"k\": [\"v\"]\n}",
        ),
        (
            "{\"k\" : [1 , 2] , \"z\":1e3}",
            "{\"k\" : [\"v\"] , \"z\":1e3}",
        ),
        ("{\"\\u006b\":null}", "{\"\\u006b\":[\"v\"]}"),
        ("{\"k\":1,\"k\":2}", "{\"k\":1,\"k\":[\"v\"]}"),
        ("\u{feff}{\"é\":\"ü\"}", "{\"é\":\"ü\", \"k\": [\"v\"]}"),
    ] {
        assert_eq!(set(before, "k", json!(["v"])), after);
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for text in [
        "",
        "[]",
        "1",
        "{",
        "{\"a\":1,}",
        "{} {}",
        "{'a':1}",
        "// c\n{}",
    ] {
        let error = Object::parse(Path::new("/f.json"), text).expect_err(text);
        assert!(
            error
                .to_string()
                .starts_with("'/f.json' is no JSON object: line "),
            "{error}"
        );
    }
}

proptest! {
    #[test]
    fn members_are_set_and_no_other_changes(
        members in proptest::collection::btree_map("[a-c\"\\\\{},: \n]{0,3}", value(), 0..5),
        key in "[a-c\"\\\\]{0,2}",
        new in value(),
        pretty: bool,
    ) {
        let mut expected: Map<String, Value> = members.into_iter().collect();
        let text = if pretty { serde_json::to_string_pretty(&expected) } else { serde_json::to_string(&expected) };
        let changed = set(&text.unwrap(), &key, new.clone());
        expected.insert(key, new);
        prop_assert_eq!(serde_json::from_str::<Map<String, Value>>(&changed).unwrap(), expected);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],: é]{0,6}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z\"]{0,2}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

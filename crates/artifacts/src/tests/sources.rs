use serde_json::{Value, json};

use super::example;
use crate::{Error, Family, MAX_CONFIG_BYTES, canonical_blob, parse_blob, parse_source};

#[test]
fn yaml_is_read_by_the_core_schema_of_1_2() {
    let cases = [
        ("v: no", json!({"v": "no"})),
        ("v: on", json!({"v": "on"})),
        ("v: Yes", json!({"v": "Yes"})),
        ("v: true", json!({"v": true})),
        ("v: null", json!({"v": null})),
        ("v: ~", json!({"v": null})),
        ("v:", json!({"v": null})),
        ("v: 010", json!({"v": 10.0})),
        ("v: 0o10", json!({"v": 8})),
        ("v: 0x10", json!({"v": 16})),
        ("v: 1.10", json!({"v": 1.1})),
        ("v: '1.10'", json!({"v": "1.10"})),
        ("v: 1.0.0", json!({"v": "1.0.0"})),
        ("v: 12:30:45", json!({"v": "12:30:45"})),
        ("v: 2024-01-01", json!({"v": "2024-01-01"})),
        ("v: 18446744073709551615", json!({"v": u64::MAX})),
        ("v: -9223372036854775808", json!({"v": i64::MIN})),
        ("v: 1e3", json!({"v": 1000.0})),
        ("v: !!str 12", json!({"v": "12"})),
        ("v: |\n  a\n  b\n", json!({"v": "a\nb\n"})),
        (
            "# only a comment before\nv: [a, {b: c}]\n",
            json!({"v": ["a", {"b": "c"}]}),
        ),
        ("---\nv: 1\n...\n", json!({"v": 1})),
        ("{v: 1, w: x}", json!({"v": 1, "w": "x"})),
        ("\u{feff}v: 1", json!({"v": 1})),
        ("a: &x {k: 1}\nb: *x", json!({"a": {"k": 1}, "b": {"k": 1}})),
        ("\"1\": x", json!({"1": "x"})),
        ("{\"v\": 1}", json!({"v": 1})),
        ("\n  [1]", json!([1])),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_source(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_two_readers_could_take_differently_is_refused() {
    let cases = [
        ("a: 1\nb: 2\na: 3\n", "repeated key 'a'", Some(3)),
        ("{\"a\": 1,\n \"a\": 2}", "a", Some(2)),
        ("a: 1\n---\nb: 2\n", "document", None),
        ("1: x", "text", Some(1)),
        ("true: x", "text", Some(1)),
        ("~: x", "text", None),
        ("[a]: x", "", None),
        ("v: .nan", "", Some(1)),
        ("v: .inf", "", Some(1)),
        ("v: 123456789012345678901234567890", "64 bits", None),
        ("{\"v\": 123456789012345678901234567890}", "64 bits", None),
        ("{\"v\": 1e400}", "", None),
        ("v: !custom 1", "", Some(1)),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", "merge", Some(3)),
        ("a: [1", "", None),
        ("a: b: c", "", Some(1)),
        ("{\"v\": 1} trailing", "", Some(1)),
        ("a:\n\tb: 1", "", Some(2)),
    ];
    for (text, word, at) in cases {
        match parse_source(text) {
            Err(Error::Source { line, reason, .. }) => {
                assert!(reason.contains(word), "{text}: {reason}");
                assert!(!reason.contains('\n'), "{text}: {reason}");
                assert!(!reason.contains("line "), "{text}: {reason}");
                assert!(!reason.contains("olicy"), "{text}: {reason}");
                if let Some(at) = at {
                    assert_eq!(line, at, "{text}: {reason}");
                }
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn expansion_and_nesting_are_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(matches!(parse_source(&bomb), Err(Error::Source { .. })));
    for deep in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        assert!(matches!(parse_source(&deep), Err(Error::Source { .. })));
    }
    let deep_json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(
        parse_source(&deep_json),
        Err(Error::Source { .. })
    ));
    assert!(matches!(
        parse_blob(deep_json.as_bytes()),
        Err(Error::Source { .. })
    ));
    let large = format!("v: {}", "x".repeat(MAX_CONFIG_BYTES));
    assert!(matches!(parse_source(&large), Err(Error::TooLarge { .. })));
    assert!(matches!(
        parse_blob(large.as_bytes()),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn the_number_of_values_is_bounded() {
    let list = |item: &str| format!("{{\"a\":[{}0]}}", format!("{item},").repeat(100_000));
    for item in ["0", "[]", "[0]", "{\"\":0}", "\"\""] {
        let text = list(item);
        for parsed in [parse_source(&text), parse_blob(text.as_bytes())] {
            let Err(Error::Source { reason, .. }) = parsed else {
                panic!("{item} over and over is read");
            };
            assert!(reason.contains("values"), "{reason}");
        }
    }
    let yaml = format!("a:\n{}", "- - -\n".repeat(100_000));
    assert!(matches!(parse_source(&yaml), Err(Error::Source { .. })));
    let large = format!("[{}0]", "0,".repeat(90_000));
    assert!(parse_source(&large).is_ok());
}

#[test]
fn a_blob_is_json_only() {
    assert_eq!(parse_blob(b"{\"a\":1}"), Ok(json!({"a": 1})));
    for blob in [
        &b"a: 1"[..],
        b"{a: 1}",
        b"",
        b"{\"a\":1,\"a\":1}",
        b"\xff",
        b"{} {}",
    ] {
        assert!(parse_blob(blob).is_err(), "{blob:?}");
    }
}

#[test]
fn the_blob_is_sorted_compact_and_keeps_nulls() {
    let document =
        json!({"b": [1, 1.5, -0.0, u64::MAX, i64::MIN], "a": {"z": null, "é\n": "\u{1f980}"}});
    assert_eq!(
        String::from_utf8(canonical_blob(&document)).unwrap(),
        "{\"a\":{\"z\":null,\"é\\n\":\"\u{1f980}\"},\
         \"b\":[1,1.5,-0.0,18446744073709551615,-9223372036854775808]}"
    );
}

#[test]
fn the_same_document_as_yaml_and_as_json_has_the_same_blob() {
    for family in Family::ALL {
        let yaml = example(family);
        let pretty = serde_json::to_string_pretty(&yaml).unwrap();
        let json: Value = parse_source(&pretty).unwrap();
        assert_eq!(canonical_blob(&yaml), canonical_blob(&json), "{family}");
    }
    let yaml = parse_source("x: [1.5, 1e2, 7, 0.1, -3, null, 'a\\b', \"\\u00e9\"]\na: yes\n");
    let json = parse_source("{\"a\":\"yes\",\"x\":[1.5,100.0,7,0.1,-3,null,\"a\\\\b\",\"é\"]}");
    assert_eq!(
        canonical_blob(&yaml.unwrap()),
        canonical_blob(&json.unwrap())
    );
}

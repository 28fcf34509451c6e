use proptest::prelude::*;

use super::{array, key, string};

#[test]
fn keys() {
    assert_eq!(key("overlaybd"), "overlaybd");
    assert_eq!(key("a-b_1"), "a-b_1");
    assert_eq!(key("a.b"), "\"a.b\"");
    assert_eq!(key(""), "\"\"");
}

#[test]
fn hidden_characters_are_escaped() {
    assert_eq!(
        string("é\u{202e}\u{1b}\\\"\n"),
        r#""é\U0000202e\U0000001b\\\"\U0000000a""#
    );
}

proptest! {
    /// A reader of TOML gets what was written.
    #[test]
    fn written_values_are_read(name in ".*", texts in prop::collection::vec(any::<String>(), 0..4)) {
        let values = array(texts.iter().map(|text| string(text)));
        let table: toml::Table = format!("{} = {values}", key(&name)).parse().unwrap();
        let read: Vec<&str> = table[&name]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(toml::Value::as_str)
            .collect();
        prop_assert_eq!(read, texts);
    }
}

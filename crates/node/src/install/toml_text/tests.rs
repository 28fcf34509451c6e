use std::path::Path;

use super::{find, list, parse, quoted, set, strings, table};

const PATH: &str = "/f.toml";

#[test]
fn comments_and_order_stay() {
    let text = "# first\na = 1 # one\n\n[b] # two\n  c = \"x\" # three\n[d]\ne = {f = 1}\n";
    let mut document = parse(Path::new(PATH), text).unwrap();
    set(
        table(&mut document, &["b"], Path::new(PATH)).unwrap(),
        "c",
        "y",
    );
    set(
        table(&mut document, &["d", "e"], Path::new(PATH)).unwrap(),
        "g",
        2,
    );
    set(
        table(&mut document, &["n", "m"], Path::new(PATH)).unwrap(),
        "g",
        true,
    );
    let expected = "# first\na = 1 # one\n\n[b] # two\n  c = \"y\" # three\n[d]\ne = {f = 1, g = 2 }\n\n[n.m]\ng = true\n";
    assert_eq!(document.to_string(), expected);
    assert!(find(&document, &["d", "e", "g"]).is_some());
    assert!(find(&document, &["d", "x", "g"]).is_none());
}

#[test]
fn a_value_is_no_table_and_no_list() {
    let path = Path::new(PATH);
    let mut document = parse(path, "a = 1\nb = [1]\n").unwrap();
    for keys in [["a"], ["b"]] {
        let error = table(&mut document, &keys, path).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("'/f.toml' has no table at '{}'", keys[0])
        );
        strings(find(&document, &keys), path, &keys).unwrap_err();
    }
    assert!(table(&mut document, &["a", "x"], path).is_err());
    assert_eq!(strings(None, path, &["c"]).unwrap(), [""; 0]);
}

#[test]
fn faults_have_a_line() {
    let error = parse(Path::new(PATH), "a = 1\nb = \n")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("'/f.toml' is no TOML: line 2: "),
        "{error}"
    );
}

#[test]
fn texts_are_quoted() {
    assert_eq!(quoted("/a b\"c"), "'/a b\"c'");
    assert_eq!(list(["a", "b"]), "[\"a\", \"b\"]");
}

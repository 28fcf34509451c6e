use super::*;

fn root(content: &str) -> Descriptor {
    Descriptor::of(media_type::MANIFEST, content.as_bytes())
}

fn names(index: &IndexFile) -> Vec<(String, Value)> {
    let roots = index.0["manifests"].as_array().unwrap().iter();
    roots
        .map(|root| {
            let digest = root["digest"].as_str().unwrap().to_owned();
            (digest, root["annotations"][REF_NAME].clone())
        })
        .collect()
}

#[test]
fn a_name_moves_and_a_nameless_root_stands_once() {
    let mut index = IndexFile::new();
    let (a, b) = (root("a"), root("b"));
    index.add(a.clone(), None);
    index.add(a.clone(), None);
    assert_eq!(names(&index), [(a.digest.to_string(), Value::Null)]);
    index.add(a.clone(), Some("v1"));
    index.add(a.clone(), Some("v2"));
    index.add(b.clone(), Some("v1"));
    index.add(b.clone(), None);
    let (a, b) = (a.digest.to_string(), b.digest.to_string());
    assert_eq!(names(&index), [(a, json!("v2")), (b, json!("v1"))]);
}

#[test]
fn members_of_others_stay() {
    let text = r#"{"schemaVersion":2,"manifests":null,"org.vendor":{"a":[1]}}"#;
    let mut index = IndexFile::parse(text.as_bytes(), Path::new("layout")).unwrap();
    index.add(root("a"), Some("v1"));
    let index: Value = serde_json::from_slice(&index.bytes()).unwrap();
    assert_eq!(index["org.vendor"]["a"][0], 1);
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    for text in ["", "[]", "{}", r#"{"manifests": 1}"#] {
        assert!(IndexFile::parse(text.as_bytes(), Path::new("layout")).is_err());
    }
}

use super::*;

#[test]
fn names_without_a_registry_are_local() {
    assert_eq!(
        local_name("a/b").unwrap().to_string(),
        "localhost/a/b:latest"
    );
    assert_eq!(
        local_name("reg.example/a:v1").unwrap().to_string(),
        "reg.example/a:v1"
    );
    assert!(local_name("Not A Name").is_err());
}

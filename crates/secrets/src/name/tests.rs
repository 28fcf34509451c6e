use super::SecretName;

#[test]
fn a_name_is_two_plain_parts() {
    let name = SecretName::new("openai", "api-key").unwrap();
    assert_eq!(name.to_string(), "openai/api-key");
    assert_eq!("openai/api-key".parse::<SecretName>().unwrap(), name);
    let long = "a".repeat(129);
    for bad in ["", ".", "-a", "a b", "a/b", "ä", "a\n", &long] {
        assert!(SecretName::new(bad, "key").is_err(), "{bad}");
        assert!(SecretName::new("openai", bad).is_err(), "{bad}");
    }
    assert!("openai".parse::<SecretName>().is_err());
}

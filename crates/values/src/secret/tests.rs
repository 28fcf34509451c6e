use super::*;

#[test]
fn only_reveal_shows_it() {
    let secret = Secret::new("hunter2");
    assert_eq!(secret.reveal(), "hunter2");
    assert_eq!(format!("{secret:?}"), "Secret(..)");
    assert_eq!(
        format!("{:#?}", Some(&secret)).matches("hunter2").count(),
        0
    );
}

#[cfg(feature = "serde")]
#[test]
fn documents_give_it_and_never_show_it() {
    let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
    assert_eq!(secret, Secret::new("hunter2"));
    assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(hidden)\"");
}

use super::placeholder;

#[test]
fn a_placeholder_has_the_shape_and_is_new() {
    let one = placeholder(Some("sk-{32}-x"));
    assert_eq!(one.len(), 37);
    assert!(one.starts_with("sk-") && one.ends_with("-x"));
    assert_ne!(one, placeholder(Some("sk-{32}-x")));
    assert_eq!(placeholder(Some("ghp_")).len(), 52);
    assert_eq!(placeholder(Some("a{}")).len(), 49);
    assert_eq!(placeholder(None).len(), 56);
}

#[test]
fn a_shape_that_gives_too_little_or_breaks_a_header_is_not_used() {
    for shape in [
        "sk-{4}",
        "sk-{4000}",
        "sk-{x}",
        "sk-{",
        "a\r\nb: {40}",
        "ä{40}",
        &"x".repeat(65),
    ] {
        assert!(placeholder(Some(shape)).starts_with("lazaret_"), "{shape}");
    }
}

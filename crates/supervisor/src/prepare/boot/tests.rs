use super::*;

#[test]
fn host_names_are_labels() {
    let check = |name, image, expected| assert_eq!(hostname(name, image), expected);
    check(Some("hello"), "localhost/x:v1", "hello");
    check(None, "localhost:5000/acme/images/Odd_Name:v1", "odd-name");
    check(None, "localhost/a@sha256:abc", "a");
    check(Some("---"), "x", "lazaret");
    assert_eq!(hostname(Some(&"x".repeat(100)), "").len(), 63);
}

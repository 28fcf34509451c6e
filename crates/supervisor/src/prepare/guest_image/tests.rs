use super::*;

#[test]
fn names_become_parts_of_references() {
    assert_eq!(plain("Demo Guest"), "demoguest");
    assert_eq!(plain("../.."), "guest");
    assert!(local_name(&format!("{}:{}", plain("Ünï_"), plain("V1.0"))).is_ok());
}

use super::*;

#[test]
fn a_crate_is_found_however_deep_and_by_its_whole_name() {
    let text = "lazaret-cli v0.1.0 (/a/b)\nsqlx-core v0.9.0\nobject_store v0.14.0 (*)\n";
    assert_eq!(found(&names(text), &OF_REGISTRIES), ["object_store"]);
}

#[test]
fn the_whole_binary_has_what_the_client_may_not_have() {
    let whole = tree(BINARY, &[]).unwrap();
    assert_eq!(found(&whole, &OF_REGISTRIES), OF_REGISTRIES);
}

#[test]
fn every_crate_keeps_to_itself() {
    run().unwrap();
}

//! Tests of `postgres`.

use super::*;

#[test]
fn databases_are_separate_and_empty() {
    let (one, two) = (database(), database());
    assert_ne!(one, two);
    for url in [one, two] {
        let output = Command::new(programs().unwrap().join("psql"))
            .args(["-At", "-c", "create table t (n int)", &url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

use super::*;

#[test]
fn nothing_is_made_before_it_is_asked_for_and_nothing_stays() {
    let place = tempfile::tempdir().unwrap();
    let parent = place.path().join("deep/parent");
    let own = OwnDir::open(&parent).unwrap();
    assert!(!parent.exists());
    let path = own.path().unwrap().to_owned();
    assert_eq!(own.path().unwrap(), path);
    assert!(path.is_dir());
    drop(own);
    assert!(!path.exists());
}

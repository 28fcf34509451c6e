use super::*;

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

#[test]
fn a_blob_is_mounted_from_another_repository_of_the_same_registry() {
    let folder = tempfile::tempdir().unwrap();
    let origins = Origins::new(folder.path().join("origins"));
    let digest = Digest::of(b"blob");
    let target = reference("localhost:5000/team/copy:v1");
    assert_eq!(origins.beside(&target, &digest), None);
    for place in [
        "localhost:5000/team/first",
        "localhost:5000/team/second:v2",
        "elsewhere.example/team/third",
        "localhost:5000/team/copy",
    ] {
        origins.remember(&reference(place), &digest);
    }
    let found = origins.beside(&target, &digest).unwrap();
    assert_eq!(found.as_str(), "team/second");
    assert_eq!(origins.beside(&target, &Digest::of(b"other")), None);
}

#[test]
fn few_repositories_are_remembered_and_damage_is_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let origins = Origins::new(folder.path().to_owned());
    let digest = Digest::of(b"blob");
    for number in 0..20 {
        origins.remember(&reference(&format!("localhost:5000/r{number}")), &digest);
    }
    assert_eq!(origins.read(&digest).len(), MOST);
    fs::write(
        origins.path(&digest),
        b"\xff\n no reference \nlocalhost:5000/good\n",
    )
    .unwrap();
    let places = origins.read(&digest);
    assert_eq!(places.last().unwrap().1.as_str(), "good");
    fs::write(origins.path(&digest), vec![b'a'; 100_000]).unwrap();
    assert!(origins.read(&digest).is_empty());
}
